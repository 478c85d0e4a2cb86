"""What the sender is told of a file: its faults by cause, the rows to correct, and the imports before."""

import csv
import io

import pytest

from tests.instruments.conftest import Lab
from tests.instruments.importing import BRIEF, FAULTY, URL, Importing, csv_of, good_rows


async def test_the_error_file_comes_back_with_reasons(importing: Importing) -> None:
    sent = await importing.sent(FAULTY)
    await importing.check(sent)
    answer = await importing.client.get(f"{URL}/{sent['id']}/errors.csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == f"{BRIEF},原文件行号,错误原因"
    assert len(lines) == 5
    assert lines[1] == ",乙,010100,330106,1,2021-03-15,限内部,3,单位内编号：必填"
    assert lines[4].endswith(
        "；主要功能：对外开放的仪器须填写主要功能；开放共享规定：对外开放的仪器须填写开放共享规定"
    )
    corrected = answer.content.decode("utf-8-sig").replace(",乙,", "A-2,乙,")
    again = await importing.sent(corrected.encode())
    checked = await importing.check(again)
    assert checked["counts"]["new"] == 2


async def test_the_error_file_speaks_the_readers_language(importing: Importing) -> None:
    sent = await importing.sent(FAULTY)
    await importing.check(sent)
    answer = await importing.client.get(f"{URL}/{sent['id']}/errors.csv", params={"lang": "en"})
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines[0][:-2] == BRIEF.split(",")
    assert all(text.isascii() for text in lines[0][-2:])
    assert lines[1][-1] == "单位内编号: Required"
    assert lines[4][-1].isascii()


@pytest.mark.parametrize("sign", list("=+-@＝＋－＠"))
async def test_no_cell_of_the_error_file_is_a_formula(importing: Importing, sign: str) -> None:
    """The name is given back as it was sent, behind an apostrophe that reading takes away again."""
    row = good_rows(1)[0].replace("示例仪器1", f"\u3000{sign}HYPERLINK(0)").replace("330106", "999999")
    sent = await importing.sent(csv_of(row))
    await importing.check(sent)
    answer = await importing.client.get(f"{URL}/{sent['id']}/errors.csv")
    assert f",'\u3000{sign}HYPERLINK(0)," in answer.content.decode("utf-8-sig")


async def test_faults_are_summed_up_by_cause(importing: Importing) -> None:
    rows = [row.replace("限内部", "随便") for row in good_rows(40)]
    rows[0] = rows[0].replace("67.81", "很贵").replace("A-1", "A-2")
    sent = await importing.sent(csv_of(*rows, *good_rows(2, start=2)))
    await importing.check(sent)
    causes = (await importing.client.get(f"{URL}/{sent['id']}/causes")).json()["items"]
    assert [(c["label"], c["code"], c["rows"], c["varies"]) for c in causes] == [
        ("服务状态", "word_unknown", 40, False),
        ("单位内编号", "duplicate_in_file", 3, False),
        ("原值（万元）", "amount_malformed", 1, False),
    ]
    assert causes[1]["message"] == "单位内编号与前面的行重复"
    assert causes[2]["message"] == "应为金额，例如 67.81"
    english = await importing.client.get(f"{URL}/{sent['id']}/causes", params={"lang": "en"})
    assert english.json()["items"][2]["message"].isascii()
    for cause in causes:
        params = {"field": cause["field"], "code": cause["code"], "limit": 100}
        found = (await importing.client.get(f"{URL}/{sent['id']}/rows", params=params)).json()["items"]
        assert len(found) == cause["rows"]
        for row in found:
            assert (cause["field"], cause["code"]) in {(f["field"], f["code"]) for f in row["faults"]}
    nothing = await importing.client.get(f"{URL}/{sent['id']}/rows", params={"code": "no_such_code"})
    assert nothing.json()["items"] == []
    for bad in ({"code": "\0"}, {"field": "x" * 61}, {"only": "everything"}, {"cursor": "forged"}):
        answer = await importing.client.get(f"{URL}/{sent['id']}/rows", params=bad)
        assert answer.status_code == 422, bad


async def test_a_number_made_of_two_columns_is_called_by_both(importing: Importing) -> None:
    sent = await importing.sent(csv_of(*good_rows(1), *good_rows(1)))
    await importing.check(sent, {"inner_id": {"columns": ["仪器名称", "启用日期"]}})
    (row,) = await importing.rows(sent["id"], "errors")
    assert [(fault["label"], fault["message"]) for fault in row["faults"]] == [
        ("仪器名称 + 启用日期", "单位内编号与第 2 行重复")
    ]
    (cause,) = (await importing.client.get(f"{URL}/{sent['id']}/causes")).json()["items"]
    assert (cause["label"], cause["message"]) == ("仪器名称 + 启用日期", "单位内编号与前面的行重复")


async def test_the_senders_imports_are_listed(lab: Lab, importing: Importing) -> None:
    names = [f"file-{number}.csv" for number in range(3)]
    for name in names:
        await importing.sent(csv_of(*good_rows(1)), name)
    first = (await importing.client.get(URL, params={"limit": 2})).json()
    assert [entry["file_name"] for entry in first["items"]] == names[:0:-1]
    assert {entry["state"] for entry in first["items"]} == {"uploaded"}
    rest = (await importing.client.get(URL, params={"limit": 2, "cursor": first["next"]})).json()
    assert ([entry["file_name"] for entry in rest["items"]], rest["next"]) == (names[:1], None)
    assert (await lab.admin.get(URL)).json()["items"] == []
    assert (await lab.stranger.get(URL)).json()["items"] == []
    assert (await lab.member.get(URL)).status_code == 403
    assert (await lab.visitor.get(URL)).status_code == 401


async def test_a_file_is_read_again_another_way(lab: Lab, importing: Importing) -> None:
    sent = await importing.sent(csv_of(*good_rows(3)))
    await importing.check(sent)
    again = await importing.client.post(f"{URL}/{sent['id']}/reading", json={"header_row": 2})
    assert again.status_code == 200, again.text
    assert (again.json()["state"], again.json()["header_row"], again.json()["counts"]) == ("uploaded", 2, {})
    assert again.json()["columns"][0]["name"] == "A-1"
    for body, code in (
        ({"encoding": "utf-16"}, "encoding_wrong"),
        ({"encoding": "punycode"}, "encoding_unknown"),
        ({"header_row": 99}, "header_missing"),
    ):
        answer = await importing.client.post(f"{URL}/{sent['id']}/reading", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    assert (await importing.get(sent["id"]))["header_row"] == 2
    assert (await lab.stranger.post(f"{URL}/{sent['id']}/reading", json={})).status_code == 404
