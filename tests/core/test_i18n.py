"""Languages: which one a reader gets, and sentences with values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import i18n
from app.core.i18n import Message, catalog, gettext, msg, negotiate, pmsg


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("EN-us", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-TW", "zh"),
        ("de,en;q=0.5,zh;q=0.4", "en"),
        ("de, en; q=0.5 , zh ;q=0.4", "en"),
        ("en;q=0.4, zh-Hans;q=0.8", "zh"),
        ("de,fr", "zh"),
        ("en;q=0", "zh"),
        ("en;q=0, de", "zh"),
        ("*", "zh"),
        ("en;q=zero, zh", "zh"),
        ("en;q=nan", "zh"),
        ("english", "zh"),
        (",,;q=1,", "zh"),
    ],
)
def test_accept_language(accept: str | None, expected: str) -> None:
    assert negotiate(chosen=None, accept_language=accept) == expected


def test_a_choice_comes_first() -> None:
    assert negotiate(chosen="en", accept_language="zh") == "en"
    assert negotiate(chosen="zh", accept_language="en") == "zh"
    assert negotiate(chosen="de", accept_language="en") == "en"


@given(st.none() | st.text(max_size=10), st.text(max_size=60))
def test_any_header_gives_a_language(chosen: str | None, accept: str) -> None:
    assert negotiate(chosen=chosen, accept_language=accept) in i18n.LOCALES


def test_messages_become_text_late() -> None:
    assert msg("已有 {count} 条", count=3).text() == "已有 3 条"
    assert msg("最多 {bound} 项", bound=msg("必填")).text("en") == "At most Required items"
    assert msg("必填").text("en") == "Required"
    assert msg("没有这句话的译文 {x}", x="{y}").text("en") == "没有这句话的译文 {y}"
    assert gettext("没有这句话的译文", "en") == "没有这句话的译文"
    assert Message("{原样}").text() == "{原样}"


def test_a_context_tells_what_is_done_from_what_has_happened() -> None:
    assert msg("取消预约").text("en") == "Cancel booking"
    assert pmsg("event", "取消预约").text("en") == "Booking cancelled"
    assert pmsg("event", "取消预约").text("zh") == "取消预约"
    assert pmsg("没有这种语境", "取消预约").text("en") == "取消预约"
    assert pmsg("event", "{name} 改期", name="甲").text("en") == "甲 改期"


def test_english_has_a_singular() -> None:
    assert msg("{count} 台仪器", count=1).text("en") == "1 instrument"
    assert msg("{count} 台仪器", count=0).text("en") == "0 instruments"
    assert msg("{count} 台仪器", count=1).text("zh") == "1 台仪器"


def test_catalogs_of_all_packages_are_merged_once() -> None:
    assert catalog()["", "没有找到"] == ("Not found",)
    assert catalog()["", "该幂等键已用于另一个请求"] == (
        "This idempotency key was used with another request",
    )
    assert catalog() is catalog()
