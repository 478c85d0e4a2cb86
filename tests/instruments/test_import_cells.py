"""What the cells of real registers say: units, places and classes as people write them, and columns that disagree."""

from typing import Any

import pytest

from app.instruments.rules import cells
from app.instruments.rules.cells import FEN_PER_WAN, FEN_PER_YUAN, Noted
from app.instruments.rules.columns import guess
from tests.instruments.conftest import Lab
from tests.instruments.importing import Importing, csv_of

HEADER = (
    "单位内编号,仪器名称,仪器分类编码,安放地行政区划,原值（万元）,原值（元）,服务状态,主要技术指标,主要功能"
)
FEN = 67_810_000


def row(number: int, *, classed: str = "010100", place: str = "330106", wan: str = "", yuan: str = "") -> str:
    return f'A-{number},示例仪器{number},{classed},{place},"{wan}","{yuan}",限内部,见说明书,检测'


async def judged(importing: Importing, *rows: str, **fields: Any) -> list[dict[str, Any]]:
    """The rows of a file whose both columns of worth are mapped, after the check."""
    sent = await importing.sent(csv_of(*rows, header=HEADER))
    await importing.check(sent, {"worth_yuan": {"column": "原值（元）"}, **fields})
    return await importing.rows(sent["id"])


def told(rows: list[dict[str, Any]], kind: str) -> list[tuple[int, str, str]]:
    return [(row["row"], fault["field"], fault["code"]) for row in rows for fault in row[kind]]


@pytest.mark.parametrize(
    ("cell", "fen_per_unit", "fen"),
    [
        ("￥678100元", FEN_PER_WAN, FEN),
        ("￥678,100", FEN_PER_WAN, FEN),
        ("678100 元", FEN_PER_WAN, FEN),
        ("67.81万元", FEN_PER_YUAN, FEN),
        ("￥67.81 万", FEN_PER_YUAN, FEN),
        ("0.006781亿", FEN_PER_YUAN, FEN),
    ],
)
def test_the_unit_in_the_cell_wins(cell: str, fen_per_unit: int, fen: int) -> None:
    assert cells.money(cell, fen_per_unit) == fen
    read = cells.worth(cell, fen_per_unit)
    assert isinstance(read, Noted)
    assert (read.value, read.code) == (fen, "unit_differs")
    assert "678,100" in read.reason.text("zh")


def test_an_amount_in_the_unit_of_its_column_needs_no_note() -> None:
    assert cells.worth("67.81", FEN_PER_WAN) == cells.worth("67.81万元", FEN_PER_WAN) == FEN
    assert cells.worth("678100", FEN_PER_YUAN) == cells.worth("￥678,100.00元", FEN_PER_YUAN) == FEN


def test_an_amount_that_looks_like_yuan_is_noted() -> None:
    read = cells.worth("678100", FEN_PER_WAN)
    assert isinstance(read, Noted)
    assert (read.value, read.code) == (678_100 * FEN_PER_WAN, "worth_implausible")
    assert cells.worth("9999", FEN_PER_WAN) == 9999 * FEN_PER_WAN


async def test_the_register_keeps_what_the_cell_says(lab: Lab, importing: Importing) -> None:
    sent = await importing.sent(csv_of(row(1, wan="￥678100元"), header=HEADER))
    await importing.check(sent)
    (checked,) = await importing.rows(sent["id"])
    assert told([checked], "warnings") == [(2, "worth_wan", "unit_differs")]
    await importing.apply(sent["id"])
    (item,) = (await lab.manager.get("/api/v1/instruments")).json()["items"]
    assert item["worth_fen"] == FEN


async def test_two_columns_of_one_field(lab: Lab, importing: Importing) -> None:
    rows = [row(1, wan="67.81"), row(2, yuan="678100"), row(3, wan="67.81", yuan="678100"), row(4)]
    sent = await importing.sent(csv_of(*rows, header=HEADER))
    checked = await importing.check(sent, {"worth_yuan": {"column": "原值（元）"}})
    assert checked["counts"]["faulty"] == 0
    await importing.apply(sent["id"])
    items = (await lab.manager.get("/api/v1/instruments")).json()["items"]
    worth = {item["inner_id"]: item["worth_fen"] for item in items}
    assert worth == {"A-1": FEN, "A-2": FEN, "A-3": FEN, "A-4": None}


async def test_columns_that_contradict_each_other_are_both_named(importing: Importing) -> None:
    (faulty,) = await judged(importing, row(1, wan="67.81", yuan="67.81"))
    (fault,) = faulty["faults"]
    assert (fault["code"], fault["value"]) == ("contradicting", "67.81")
    assert "原值（万元）" in fault["message"]
    assert "原值（元）" in fault["message"]


def test_the_county_of_the_national_form_goes_before_its_city() -> None:
    for headers in (["province", "city", "county"], ["county", "city"], ["所在城市", "区县", "行政区划"]):
        assert guess(headers)["adcode"] in {"county", "区县"}
    assert guess(["province", "city"]) == {"adcode": "city"}


@pytest.mark.parametrize(
    ("cell", "adcode"),
    [
        ("杭州市西湖区", "330106"),
        ("浙江省杭州市西湖区", "330106"),
        ("浙江省 杭州市 西湖区", "330106"),
        ("浙江-杭州-西湖", "330106"),
        ("浙江杭州西湖", "330106"),
        ("浙江省西湖区", "330106"),
        ("西湖区", "330106"),
        ("杭州", "330100"),
        ("浙江省杭州市", "330100"),
    ],
)
async def test_places_as_people_write_them(lab: Lab, importing: Importing, cell: str, adcode: str) -> None:
    sent = await importing.sent(csv_of(row(1, place=cell), header=HEADER))
    checked = await importing.check(sent)
    assert checked["counts"]["new"] == 1, await importing.faults(sent["id"])
    await importing.apply(sent["id"])
    (item,) = (await lab.manager.get("/api/v1/instruments")).json()["items"]
    assert item["adcode"] == adcode


async def test_a_whole_province_is_no_place(lab: Lab, importing: Importing) -> None:
    rows = await judged(
        importing, row(1, place="330000"), row(2, place="浙江省"), row(3, place="宁波市西湖区")
    )
    assert told(rows, "faults") == [
        (2, "adcode", "division_too_wide"),
        (3, "adcode", "division_too_wide"),
        (4, "adcode", "division_unknown"),
    ]
    answer = await lab.manager.post("/api/v1/instruments", json=lab.entry(adcode="330000"))
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["division_too_wide"]


async def test_a_class_finer_than_the_list_counts_as_the_one_above(lab: Lab, importing: Importing) -> None:
    given = [
        row(1, classed="010102"),
        row(2, classed="010000"),
        row(3, classed="990000"),
        row(4, classed="99"),
    ]
    rows = await judged(importing, *given, row(5, classed="019901"))
    assert told(rows, "warnings") == [(2, "class_code", "class_above"), (3, "class_code", "class_major")]
    assert "010100" in rows[0]["warnings"][0]["message"]
    assert told(rows, "faults") == [(6, "class_code", "class_unknown")]


def test_retired_is_not_offered_to_a_file() -> None:
    with pytest.raises(cells.Unreadable) as unknown:
        cells.word("service_status", "奇怪")
    assert unknown.value.reason.text("zh") == "不认识的说法，可以写：开放、限内部、停用"
