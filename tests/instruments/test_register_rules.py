"""The pure rules of the register: weeks, words, money, dates, columns."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.i18n import Message
from app.instruments import models
from app.instruments.rules import cells, vocabulary
from app.instruments.rules.cells import FEN_PER_WAN, Unreadable, money, wan_text
from app.instruments.rules.columns import COLUMNS, guess, normal
from app.instruments.rules.nations import nation_name, nations
from app.instruments.rules.opening import OpeningHours
from app.instruments.rules.record import DEFAULTS, cautions, faults
from app.instruments.rules.synonyms import meanings
from app.instruments.rules.units import unit_name, usual_label
from app.instruments.rules.week import overlaps

CLOCK = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
HOURS = st.builds(OpeningHours, st.integers(1, 7), CLOCK, CLOCK)


def quarters(rule: OpeningHours) -> set[int]:
    """The quarter hours of the week the rule covers, counted the slow way."""
    start = (rule.weekday - 1) * 96 + rule.opens.hour * 4 + rule.opens.minute // 15
    end = (rule.weekday - 1) * 96 + rule.closes.hour * 4 + rule.closes.minute // 15
    return {quarter % (7 * 96) for quarter in range(start, end if end > start else end + 96)}


@given(st.lists(HOURS, max_size=5))
def test_hours_overlap_when_they_share_a_quarter(hours: list[OpeningHours]) -> None:
    expected = [
        (a, b)
        for a in range(len(hours))
        for b in range(a + 1, len(hours))
        if quarters(hours[a]) & quarters(hours[b])
    ]
    assert overlaps(hours) == expected


@given(st.integers(0, 10**15))
def test_money_comes_back_as_it_went(fen: int) -> None:
    assert money(wan_text(fen), FEN_PER_WAN) == fen


@pytest.mark.parametrize(
    ("cell", "fen"),
    [("67.81", 67_810_000), ("1,234.5 万元", 1_234_500_000), ("￥0", 0), ("67.812345", 67_812_345)],
)
def test_amounts(cell: str, fen: int) -> None:
    assert money(cell, FEN_PER_WAN) == fen


@pytest.mark.parametrize("cell", ["abc", "NaN", "Infinity", "1e999999", "", "-1", "6.7812345"])
def test_what_is_no_amount(cell: str) -> None:
    with pytest.raises(Unreadable):
        money(cell, FEN_PER_WAN)


@pytest.mark.parametrize(
    "cell",
    [
        "2021-03-05",
        "2021/3/5",
        "2021.3.5",
        "2021年3月5日",
        "20210305",
        "2021-03-05 00:00:00",
        "2021-03-05T00:00:00",
    ],
)
def test_dates_as_people_write_them(cell: str) -> None:
    assert cells.day(cell) == date(2021, 3, 5)


@pytest.mark.parametrize("cell", ["2021-03", "2021", "2021-02-30", "05/03/2021", "2021-03-05 10:00", "昨天"])
def test_what_is_no_date(cell: str) -> None:
    with pytest.raises(Unreadable):
        cells.day(cell)


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("nation", "美国", "US"),
        ("nation", "usa", "US"),
        ("nation", "JP", "JP"),
        ("nation", "台湾", "TW"),
        ("service_status", "Y", "open"),
        ("service_status", "0", "suspended"),
        ("service_status", "限内部", "restricted"),
        ("scope", "不共享", "organisation"),
        ("source", "自研", "developed"),
        ("running_state", "完好", "normal"),
        ("kind", "General", "general"),
    ],
)
def test_words_stand_for_codes(field: str, cell: str, code: str) -> None:
    assert cells.word(field, cell) == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [("010101", "010101"), ("10101", "010101"), ("0101", "010100"), ("01", "010000"), ("10101.0", "010101")],
)
def test_classes_without_their_zeros(cell: str, code: str) -> None:
    assert cells.class_code(cell) == code


@pytest.mark.parametrize("cell", ["1234567", "a", "", "٣"])
def test_what_is_no_class(cell: str) -> None:
    with pytest.raises(Unreadable):
        cells.class_code(cell)


def test_the_vocabulary_is_the_tables() -> None:
    pairs = (
        (vocabulary.SOURCES, models.SOURCES),
        (vocabulary.KINDS, models.KINDS),
        (vocabulary.FUNDS, models.FUNDS),
        (vocabulary.RUNNING_STATES, models.RUNNING_STATES),
        (vocabulary.SERVICE_STATUSES, models.SERVICE_STATUSES),
        (vocabulary.BOOKING_MODES, models.BOOKING_MODES),
    )
    for labels, values in pairs:
        assert tuple(labels) == values


def test_every_word_stands_for_a_code_of_its_field() -> None:
    for field in cells.WORDS - {"nation"}:
        assert set(meanings(field).values()) <= {
            code for code in meanings(field).values() if cells.word(field, code) == code
        }


def test_nations_are_those_of_the_standard() -> None:
    assert len(nations()) == 249
    assert (nation_name("JP"), nation_name("JP", "en"), nation_name("TW")) == ("日本", "Japan", "中国台湾")
    assert nation_name("") == ""


def test_columns_have_one_meaning() -> None:
    names = [name for column in COLUMNS for name in (*column.called, normal(column.title.id))]
    assert len({column.field for column in COLUMNS}) == len(COLUMNS)
    assert all(normal(name) == name for name in names)
    for column in COLUMNS:
        assert guess([column.title.id]) == {column.field: column.title.id}
        assert guess([f" {column.title.id}* "]) == {column.field: f" {column.title.id}* "}
        for name in column.called:
            assert guess([name]) in ({column.field: name}, {}), name


def test_the_columns_of_real_files() -> None:
    assert guess(
        ["Description", "Site Location", "Contact URL", "Location", "Department", "Service Level"]
    ) == {
        "name_zh": "Description",
        "address": "Site Location",
        "service_url": "Contact URL",
        "department": "Department",
    }
    assert guess(["eus_instrument_id", "eus_display_name", "eus_available_hours", "eus_active_sw"]) == {
        "inner_id": "eus_instrument_id",
        "name_zh": "eus_display_name",
        "service_status": "eus_active_sw",
    }
    assert guess(["cname", "innerId", "instrCategory", "worth", "instrSupervise"]) == {
        "name_zh": "cname",
        "inner_id": "innerId",
        "class_code": "instrCategory",
        "worth_wan": "worth",
        "customs_supervised": "instrSupervise",
    }


def test_lists_in_a_cell() -> None:
    assert cells.several("物理学，化学;物理学、 材料 \n") == ["物理学", "化学", "材料"]


@pytest.mark.parametrize("cell", ["0", "51", "两台", "-1", "1.5"])
def test_what_is_no_number_of_units(cell: str) -> None:
    with pytest.raises(Unreadable):
        cells.count(cell)
    assert cells.count("3.0") == 3


def test_an_unknown_word_is_answered_with_those_that_are_known() -> None:
    with pytest.raises(Unreadable) as unknown:
        cells.word("kind", "奇怪")
    assert unknown.value.reason.text("zh") == "不认识的说法，可以写：通用、专用"
    with pytest.raises(Unreadable) as nowhere:
        cells.word("nation", "亚特兰蒂斯")
    assert "JP" in nowhere.value.reason.text("zh")
    with pytest.raises(Unreadable):
        cells.yes("也许")
    assert (cells.yes("是"), cells.yes("N")) == (True, False)


ENTRY = {
    **DEFAULTS,
    "inner_id": "1",
    "name_zh": "甲",
    "class_code": "010100",
    "adcode": "330106",
    "service_status": "restricted",
}


def found(**values: object) -> list[tuple[str, str]]:
    faulty = faults({**ENTRY, **values}, tenant_id="330000", today=date(2026, 11, 21))
    return [(fault.field, fault.code) for fault in faulty]


def test_rules_of_a_whole_entry() -> None:
    assert found() == []
    assert found(begin_date=date(2026, 11, 21)) == []
    assert found(begin_date=date(2026, 11, 22)) == [("begin_date", "in_the_future")]
    assert found(adcode="340100") == [("adcode", "outside_province")]
    assert found(carrier_type="重大设施") == [("carrier_name", "missing")]
    assert found(service_status="open", technical="x", function="y") == [("requirement", "missing_when_open")]


def test_what_is_reported_tells_what_it_can_do() -> None:
    untold = ["technical", "function"]
    assert found(worth_fen=30_000_000) == [(name, "missing_when_reported") for name in untold]
    assert found(worth_fen=29_999_999) == []
    cautioned = {**ENTRY, "worth_fen": 29_999_999, "name_zh": "镜" * 51}
    assert [(caution.field, caution.code) for caution in cautions(cautioned)] == [
        *((name, "missing_for_the_form") for name in untold),
        ("name_zh", "too_long_for_the_form"),
    ]
    assert list(cautions({**ENTRY, "technical": "x", "function": "y", "name_zh": "镜" * 50})) == []


def test_a_unit_that_nobody_named_is_called_in_the_readers_language() -> None:
    usual = unit_name(usual_label(2))
    assert isinstance(usual, Message)
    assert (usual.text("zh"), usual.text("en")) == ("2 号机", "Unit 2")
    assert unit_name("北楼 1 号机") == "北楼 1 号机"
