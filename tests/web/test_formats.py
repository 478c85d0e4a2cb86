from datetime import UTC, date, datetime, timedelta

import pytest

from app.core import clock
from app.web.formats import local_input, money_text, when_text, worth_text


@pytest.fixture(autouse=True)
def _in_2026(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 21, 4, 0, tzinfo=UTC))


MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "until", "zh", "en"),
    [
        (MONDAY, None, "11月23日 周一 09:00", "Mon 23 Nov, 09:00"),
        (MONDAY, MONDAY.replace(hour=3, minute=30), "11月23日 周一 09:00–11:30", "Mon 23 Nov, 09:00–11:30"),
        (
            MONDAY.replace(hour=14),
            MONDAY.replace(hour=16),
            "11月23日 周一 22:00–24:00",
            "Mon 23 Nov, 22:00–24:00",
        ),
        (
            MONDAY.replace(hour=14),
            MONDAY.replace(hour=17),
            "11月23日 周一 22:00 – 11月24日 周二 01:00",
            "Mon 23 Nov, 22:00 – Tue 24 Nov, 01:00",
        ),
        (
            MONDAY.replace(hour=14),
            MONDAY.replace(hour=16) + timedelta(days=2),
            "11月23日 周一 22:00 – 11月25日 周三 24:00",
            "Mon 23 Nov, 22:00 – Wed 25 Nov, 24:00",
        ),
        (
            datetime(2025, 12, 31, 15, 59, tzinfo=UTC),
            None,
            "2025年12月31日 周三 23:59",
            "Wed 31 Dec 2025, 23:59",
        ),
        (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), None, "1月1日 周四 00:00", "Thu 1 Jan, 00:00"),
    ],
)
def test_instants_and_spans(start: datetime, until: datetime | None, zh: str, en: str) -> None:
    assert when_text(start, "zh", until=until) == zh
    assert when_text(start, "en", until=until) == en


def test_a_date_has_no_time() -> None:
    assert when_text(date(2026, 11, 23), "zh") == "11月23日 周一"
    assert when_text(date(2027, 2, 3), "en") == "Wed 3 Feb 2027"


def test_another_timezone_is_that_wall_clock() -> None:
    assert when_text(MONDAY, "zh", tz="Asia/Urumqi") == "11月23日 周一 07:00"


def test_an_instant_without_offset_is_refused() -> None:
    naive = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 - the fault under test
    with pytest.raises(ValueError, match="offset"):
        when_text(naive, "zh")
    with pytest.raises(ValueError, match="offset"):
        when_text(MONDAY, "zh", until=naive)


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "¥0.00"), (1, "¥0.01"), (123450, "¥1,234.50"), (-5, "-¥0.05"), (10**15, "¥10,000,000,000,000.00")],
)
def test_money_is_exact(fen: int, text: str) -> None:
    assert money_text(fen) == text


def test_what_a_local_input_shows() -> None:
    assert local_input(MONDAY) == "2026-11-23T09:00"


def test_what_something_cost() -> None:
    assert worth_text(285_500_000, "zh") == "285.50 万元"
    assert worth_text(3_354_580_000, "zh") == "3,354.58 万元"
    assert worth_text(285_500_000, "en") == "¥2,855,000"
