"""The terms of booking: every broken rule has its code, and all are told at once."""

from datetime import datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from app.instruments.rules.opening import OpeningHours
from app.instruments.rules.states import TRANSITIONS, Status, after
from app.instruments.rules.terms import Terms, faults, span_faults

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=SHANGHAI)
WEEKDAYS = tuple(OpeningHours(day, time(8, 30), time(17, 30)) for day in range(1, 6))


def terms(**changed: object) -> Terms:
    values: dict[str, object] = {
        "zone": SHANGHAI,
        "hours": WEEKDAYS,
        "step_min": 15,
        "min_min": 30,
        "max_min": 480,
        "setup_min": 15,
        "teardown_min": 30,
        "lead_min": 0,
        "horizon_days": 14,
    }
    return Terms(**(values | changed))  # type: ignore[arg-type] # a builder of one frozen object


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def codes(start: datetime, end: datetime, **changed: object) -> set[str]:
    return {fault.code for fault in faults(terms(**changed), start, end, now=NOW)}


def test_a_good_span_has_no_fault() -> None:
    assert faults(terms(), at(9), at(11), now=NOW) == []


@pytest.mark.parametrize(
    ("start", "end", "changed", "expected"),
    [
        (at(11), at(9), {}, {"end_not_after_start"}),
        (at(9), at(9), {}, {"end_not_after_start"}),
        (at(9), at(9) + timedelta(days=31), {}, {"span_too_long"}),
        (at(7, day=23), at(9, day=23), {"hours": ()}, {"in_the_past"}),
        (at(8), at(9), {"hours": ()}, {"in_the_past"}),
        (at(9), at(10), {"lead_min": 120}, {"lead_time"}),
        (at(9) + timedelta(days=21), at(10) + timedelta(days=21), {}, {"beyond_horizon"}),
        (at(9, 5), at(9, 50), {}, {"off_grid"}),
        (at(9), at(9, 15), {}, {"too_short"}),
        (at(9), at(17, 15), {}, {"too_long"}),
        (at(17), at(18), {}, {"outside_opening_hours"}),
        (at(7, 1), at(7, 4), {}, {"in_the_past", "off_grid", "too_short", "outside_opening_hours"}),
    ],
)
def test_each_rule_has_its_code(
    start: datetime, end: datetime, changed: dict[str, object], expected: set[str]
) -> None:
    assert codes(start, end, **changed) == expected


def test_the_horizon_ends_with_a_local_day() -> None:
    last = at(17) + timedelta(days=14)
    assert codes(last, last + timedelta(minutes=30), hours=()) == set()
    beyond = at(0) + timedelta(days=15)
    assert codes(beyond, beyond + timedelta(minutes=30), hours=()) == {"beyond_horizon"}


NINE = tuple(OpeningHours(day, time(9), time(11)) for day in range(1, 8))
TWO_HOURS = {"step_min": 120, "min_min": 120, "max_min": 120}


def test_the_grid_begins_at_each_opening() -> None:
    halves = (*NINE, OpeningHours(1, time(13, 30), time(17, 30)))
    assert codes(at(9), at(11), hours=halves, **TWO_HOURS) == set()
    assert codes(at(15, 30), at(17, 30), hours=halves, **TWO_HOURS) == set()
    assert codes(at(14), at(16), hours=halves, **TWO_HOURS) == {"off_grid"}
    (fault,) = faults(terms(hours=halves, **TWO_HOURS), at(14), at(16), now=NOW)
    assert fault.message.text("zh") == "开始时间须从 13:30 起，每 120 分钟一格"


def test_the_grid_of_a_night_runs_on_after_midnight() -> None:
    nights = (OpeningHours(1, time(19), time(7)),)
    assert codes(at(1, day=24), at(3, day=24), hours=nights, **TWO_HOURS) == set()
    assert codes(at(2, day=24), at(4, day=24), hours=nights, **TWO_HOURS) == {"off_grid"}


def test_the_grid_begins_at_midnight_where_it_never_closes() -> None:
    assert codes(at(10), at(12), hours=(), **TWO_HOURS) == set()
    assert codes(at(9), at(11), hours=(), **TWO_HOURS) == {"off_grid"}


def test_seconds_are_off_the_grid() -> None:
    assert "off_grid" in codes(at(9) + timedelta(seconds=1), at(10))


def test_buffers_widen_what_is_occupied() -> None:
    assert terms().occupied(at(9), at(11)) == (at(8, 45), at(11, 30))


def test_span_faults_know_no_instrument() -> None:
    assert span_faults(at(9), at(10)) == []


def test_states_lead_only_where_the_table_says() -> None:
    assert after("confirmed", "cancel") == "cancelled"
    assert after("cancelled", "cancel") is None
    assert after("cancelled", "move") is None
    assert after("confirmed", "approve") is None
    assert after("expired", "approve") is None
    assert set(TRANSITIONS.values()) == set(get_args(Status))
