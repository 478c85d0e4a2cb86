"""Rows sent back for correction come again: their mapping is known, and they keep their numbers."""

import pytest

from tests.instruments.conftest import Lab
from tests.instruments.importing import URL, Importing, csv_of, good_rows
from tests.support.forms import HTML, form_to

NAMED = {"inner_id": {"columns": ["仪器名称", "启用日期"]}, "nation": {"fixed": "日本"}, "model": None}
NUMBERED = {"inner_id": {"row_number": "R"}}


async def sent_back(importing: Importing, import_id: str, locale: str = "zh") -> str:
    answer = await importing.client.get(f"{URL}/{import_id}/errors.csv", params={"lang": locale})
    return answer.content.decode("utf-8-sig")


def faulty_rows() -> list[str]:
    rows = good_rows(4)
    return [rows[0], rows[1].replace("67.81", "很贵"), rows[2], rows[3].replace("67.81", "很贵")]


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize("applied", [False, True])
async def test_corrected_rows_are_understood_as_before(
    importing: Importing, locale: str, *, applied: bool
) -> None:
    sent = await importing.sent(csv_of(*faulty_rows()))
    await importing.check(sent, NAMED)
    if applied:
        await importing.apply(sent["id"], "good")
    corrected = (await sent_back(importing, sent["id"], locale)).replace("很贵", "1.5")
    again = await importing.sent(corrected.encode(), "corrected.csv")
    assert again["mapping"] == (await importing.get(sent["id"]))["mapping"]
    await importing.check(again)
    assert [row["inner_id"] for row in await importing.rows(again["id"])] == [
        "示例仪器2-2021-03-15",
        "示例仪器4-2021-03-15",
    ]


async def test_rows_numbered_by_their_place_keep_it(importing: Importing) -> None:
    """Also when they are sent back a second time, which does not add the two columns again."""
    sent = await importing.sent(csv_of(*faulty_rows()))
    await importing.check(sent, NUMBERED)
    half = (await sent_back(importing, sent["id"])).replace("很贵", "1.5", 1)
    again = await importing.sent(half.encode())
    checked = await importing.check(again)
    assert (checked["counts"]["new"], checked["counts"]["faulty"]) == (1, 1)
    assert [row["inner_id"] for row in await importing.rows(again["id"])] == ["R3", "R5"]
    last = await sent_back(importing, again["id"], "en")
    assert last.splitlines()[0].count("Row in the original file") == 1
    assert "原文件行号" not in last
    third = await importing.sent(last.replace("很贵", "1.5").encode())
    await importing.check(third)
    assert [row["inner_id"] for row in await importing.rows(third["id"])] == ["R5"]
    unnumbered = await importing.sent(last.replace(",5,", ",,").replace("很贵", "1.5").encode())
    await importing.check(unnumbered)
    assert ("inner_id", "missing") in {fault[1:4:2] for fault in await importing.faults(unnumbered["id"])}


async def test_what_the_platform_added_is_not_asked_about(lab: Lab, importing: Importing) -> None:
    sent = await importing.sent(csv_of(*faulty_rows()))
    await importing.check(sent, NAMED)
    again = await importing.sent((await sent_back(importing, sent["id"])).encode())
    url = f"/instruments/imports/{again['id']}"
    page = (await lab.manager.get(url, headers=HTML)).text
    assert "这是下载后改正的行" in page
    assert page.count("平台所加，不导入") == 2
    fields = form_to(page, f"{url}/mapping").fields
    assert [value for name, value in fields if name == "id_columns"] == ["仪器名称", "启用日期"]
    assert len([name for name, _ in fields if name == "target"]) == len(again["columns"])
    assert [value for name, value in fields if name == "target"][-2:] == ["", ""]
    first = (await lab.manager.get(f"/instruments/imports/{sent['id']}/mapping", headers=HTML)).text
    assert "平台所加" not in first
