"""The files an import takes: encodings, workbooks, and what is no table or hides something."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.core.tabular import ENCODINGS, write_xlsx
from app.instruments.models import InstrumentImport
from app.tenancy.context import TenantContext
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.instruments.importing import BRIEF, FAULTY, HEADER, URL, Importing, csv_of, good_rows


async def count_imports(lab: Lab) -> int:
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        return int(await session.scalar(select(func.count()).select_from(InstrumentImport)) or 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
async def test_encodings(importing: Importing, encoding: str) -> None:
    content = csv_of(*good_rows(2)).decode().encode(encoding)
    sent = await importing.sent(content)
    checked = await importing.check(sent)
    assert checked["counts"]["new"] == 2
    assert [row["name"] for row in await importing.rows(sent["id"])] == ["示例仪器1", "示例仪器2"]


async def test_the_error_file_keeps_gb18030(importing: Importing) -> None:
    sent = await importing.sent(FAULTY.decode().encode("gb18030"))
    await importing.check(sent)
    answer = await importing.client.get(f"{URL}/{sent['id']}/errors.csv")
    assert answer.content.decode("gb18030").startswith(BRIEF)


async def test_big5_is_asked_for(importing: Importing) -> None:
    header = "編號,名稱,分類,地區"
    content = "\n".join([header, *(f"{n},掃描電子顯微鏡{n},010100,330106" for n in range(30))]).encode("big5")
    asked = await importing.send(content)
    assert asked.status_code == 422
    assert asked.json()["errors"][0]["code"] == "encoding_unclear"
    assert "big5" in [candidate["encoding"] for candidate in asked.json()["candidates"]]
    sent = await importing.sent(content, encoding="big5")
    assert [column["name"] for column in sent["columns"]] == header.split(",")
    fields = {
        "inner_id": {"column": "編號"},
        "name_zh": {"column": "名稱"},
        "class_code": {"column": "分類"},
        "adcode": {"column": "地區"},
        "service_status": {"fixed": "停用"},
    }
    assert (await importing.check(sent, fields))["counts"]["new"] == 30


async def test_a_byte_that_cannot_be_read_keeps_its_row_out(importing: Importing) -> None:
    content = csv_of(*good_rows(200)).replace("示例仪器7,".encode(), "示例".encode() + b"\xca,")
    sent = await importing.sent(content)
    checked = await importing.check(sent)
    assert checked["counts"] == {"new": 199, "changed": 0, "unchanged": 0, "faulty": 1}
    ((row, field, column, code, _),) = await importing.faults(sent["id"])
    assert (row, field, column, code) == (8, "name_zh", "仪器名称", "undecodable_byte")


async def test_ragged_rows_and_formulas(importing: Importing) -> None:
    rows = good_rows(4)
    rows[1] = rows[1].rsplit(",", 2)[0]
    rows[2] += ",多余"
    rows[3] = rows[3].replace("示例仪器4", "=HYPERLINK(1)")
    sent = await importing.sent(csv_of(*rows))
    checked = await importing.check(sent)
    assert checked["counts"] == {"new": 2, "changed": 0, "unchanged": 0, "faulty": 2}
    assert {(row, code) for row, _, _, code, _ in await importing.faults(sent["id"])} == {
        (3, "too_few_cells"),
        (3, "missing_when_reported"),
        (4, "too_many_cells"),
    }
    await importing.apply(sent["id"], "good")
    text = (await importing.client.get("/api/v1/instruments/export.csv")).text
    assert "'=HYPERLINK(1)" in text


async def test_a_workbook(importing: Importing, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with path.open("wb") as target:
        write_xlsx([HEADER.split(","), *(row.split(",") for row in good_rows(3))], target, sheet="仪器")
    sent = await importing.sent(path.read_bytes(), "登记表.xlsx")
    assert (sent["sheet"], sent["sheets"]) == ("仪器", ["仪器"])
    assert (await importing.check(sent))["counts"]["new"] == 3


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.csv", "empty"),
        (b"PK\x05\x06" + bytes(18), "a.xlsx", "not_xlsx"),
        (b"%PDF-1.7", "a.csv", "not_a_table"),
        (b"<html></html>", "a.csv", "markup"),
        (b"no workbook", "a.xlsx", "xlsx_damaged"),
    ],
)
async def test_what_is_no_table_is_refused(
    lab: Lab, importing: Importing, content: bytes, name: str, code: str
) -> None:
    answer = await importing.send(content, name)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["code"] == code
    assert await count_imports(lab) == 0


async def test_bad_uploads(importing: Importing) -> None:
    assert (await importing.client.post(URL, json={})).status_code == 422
    assert (await importing.send(csv_of(*good_rows(1)), encoding="klingon")).status_code == 422
    assert (await importing.send(csv_of(*good_rows(1)), header_row="0")).status_code == 422
    assert (await importing.send(csv_of(*good_rows(1)), header_row="99")).status_code == 422


@pytest.mark.parametrize("name", [*ENCODINGS, "latin-1", "utf-16-le"])
async def test_an_offered_encoding_is_read_and_checked_or_refused_in_words(
    importing: Importing, name: str
) -> None:
    """Latin-1 and its like take any bytes: then the check goes on, and never breaks."""
    content = csv_of(*good_rows(3))
    answer = await importing.send(content, encoding=name)
    assert answer.status_code in {201, 422}, answer.text
    if answer.status_code == 422:
        assert answer.json()["errors"][0]["code"] == "encoding_wrong"
        assert name in answer.json()["detail"]


@pytest.mark.parametrize("order", ["le", "be"])
async def test_utf_16_without_a_mark_is_read_when_chosen(importing: Importing, order: str) -> None:
    content = csv_of(*good_rows(2)).decode().encode(f"utf-16-{order}")
    sent = await importing.sent(content, encoding="utf-16")
    assert (await importing.check(sent))["counts"]["new"] == 2


@pytest.mark.parametrize("name", ["undefined", "idna", "punycode", "rot13", "base64", "unicode_escape", "长"])
async def test_encodings_that_are_not_offered(importing: Importing, name: str) -> None:
    answer = await importing.send(csv_of(*good_rows(1)), encoding=name)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "encoding_unknown")


@pytest.mark.parametrize("name", ["a\0b.csv", "a\u202eb.csv", "\t.csv", "x" * 400 + ".csv", "\ufffe.csv"])
async def test_any_file_name_can_be_kept(importing: Importing, name: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n--b--\r\n' % (
        name.encode(),
        csv_of(*good_rows(1)),
    )
    answer = await importing.client.post(
        URL, content=body, headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code in {201, 400}, answer.text  # the multipart parser takes no NUL
    if answer.status_code == 201:
        assert answer.json()["file_name"].isprintable()
        assert answer.json()["file_name"].endswith(".csv")


async def test_a_file_name_of_bytes_that_are_no_text(importing: Importing) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="\xff\xed\xa0\x80.csv"\r\n\r\n%s\r\n--b--\r\n'
        % csv_of(*good_rows(1))
    )
    answer = await importing.client.post(
        URL, content=body, headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code in {201, 400, 422}, answer.text


async def test_nul_and_surrogates_in_headers_and_cells_are_faults(importing: Importing) -> None:
    header = HEADER.replace("仪器名称", "仪器\0名称") + ",备注\0"
    rows = [f"{row}," for row in good_rows(4)]
    rows[0] = rows[0].replace("A-1", "A\x001")
    rows[1] = rows[1].replace("010100", "01\x000100")
    rows[2] += "\0"
    content = csv_of(*rows, header=header).replace("示例仪器4".encode(), b"\xed\xa0\x80")
    sent = await importing.sent(content, encoding="utf-8")
    names = [column["name"] for column in sent["columns"]]
    assert names[1] == "仪器\ufffd名称"
    fields = {
        "name_zh": {"column": names[1]},
        "inner_id": {"columns": [names[0], names[-1]]},
        "disciplines": {"column": names[2]},
    }
    checked = await importing.check(sent, fields)
    assert checked["counts"] == {"new": 0, "changed": 0, "unchanged": 0, "faulty": 4}
    found = {(row, field, code) for row, field, _, code, _ in await importing.faults(sent["id"])}
    assert {
        (2, "inner_id", "nul_character"),
        (3, "class_code", "nul_character"),
        (3, "disciplines", "nul_character"),
        (4, "inner_id", "nul_character"),
        (5, "name_zh", "undecodable_byte"),
    } <= found
    assert (await importing.client.get(f"{URL}/{sent['id']}/errors.csv")).status_code == 200


async def test_escaped_nul_and_surrogates_in_a_workbook(importing: Importing, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    header = [*HEADER.split(","), "备注_x0000_", "_xD800_"]
    row = [*good_rows(1)[0].replace("示例仪器1", "名_x0000_称_xDC00_").split(","), "_x0000_", "_xDFFF_"]
    with path.open("wb") as target:
        write_xlsx([header, row], target, sheet="仪_x0000_器")
    sent = await importing.sent(path.read_bytes(), "登记表.xlsx")
    checked = await importing.check(sent)
    assert checked["state"] == "checked", checked


@pytest.mark.parametrize(("who", "status"), [("visitor", 401), ("member", 403), ("auditor", 403)])
async def test_who_may_not_import_is_refused_before_the_file_is_read(lab: Lab, who: str, status: int) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(who)
        yield b"--b\r\n"

    client = getattr(lab, who)
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = await client.post(URL, content=body(), headers=headers)
    assert (answer.status_code, read) == (status, [])
