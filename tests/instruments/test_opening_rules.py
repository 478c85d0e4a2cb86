"""Opening hours: spans from weekly rules, and the arithmetic of spans."""

import itertools
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.instruments.rules.opening import (
    OpeningHours,
    Span,
    closed_spans,
    closing_text,
    covers,
    merged,
    open_spans,
    shifts,
    subtracted,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, tzinfo=SHANGHAI)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def spans() -> st.SearchStrategy[list[Span]]:
    minute = st.integers(0, 2000)
    pair = st.tuples(minute, minute).filter(lambda p: p[0] < p[1])
    return st.lists(
        pair.map(lambda p: (EPOCH + timedelta(minutes=p[0]), EPOCH + timedelta(minutes=p[1]))), max_size=8
    )


def inside(span_list: list[Span], instant: datetime) -> bool:
    return any(start <= instant < end for start, end in span_list)


def test_no_rules_means_always_open() -> None:
    assert open_spans([], SHANGHAI, local(23, 0), local(24, 0)) == [(local(23, 0), local(24, 0))]


def test_weekday_hours_in_the_instrument_s_zone() -> None:
    monday = OpeningHours(1, time(8, 30), time(17, 30))
    found = open_spans([monday], SHANGHAI, local(22, 0), local(30, 0))
    assert found == [(local(23, 8, 30), local(23, 17, 30))]
    assert found[0][0] == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


def test_hours_across_midnight_belong_to_the_day_they_open() -> None:
    night = OpeningHours(1, time(20), time(6))
    assert open_spans([night], SHANGHAI, local(24, 0), local(25, 0)) == [(local(24, 0), local(24, 6))]


def test_midnight_closing_and_next_day_opening_join() -> None:
    rules = [OpeningHours(1, time(18), time(0)), OpeningHours(2, time(0), time(6))]
    assert open_spans(rules, SHANGHAI, local(23, 0), local(25, 0)) == [(local(23, 18), local(24, 6))]


def test_whole_day_is_midnight_to_midnight() -> None:
    rule = OpeningHours(1, time(0), time(0))
    assert open_spans([rule], SHANGHAI, local(23, 0), local(25, 0)) == [(local(23, 0), local(24, 0))]


def test_shifts_are_whole_and_not_joined() -> None:
    rules = [OpeningHours(1, time(18), time(0)), OpeningHours(2, time(0), time(6))]
    assert shifts(rules, SHANGHAI, local(23, 20), local(24, 1)) == [
        (local(23, 18), local(24, 0)),
        (local(24, 0), local(24, 6)),
    ]
    assert shifts([], SHANGHAI, local(23, 20), local(23, 21)) == [(local(23, 0), local(24, 0))]


def test_midnight_closes_the_day_at_24() -> None:
    assert [closing_text(clock) for clock in (time(0), time(17, 30))] == ["24:00", "17:30"]


def test_closed_is_the_rest() -> None:
    monday = OpeningHours(1, time(9), time(17))
    assert closed_spans([monday], SHANGHAI, local(23, 0), local(24, 0)) == [
        (local(23, 0), local(23, 9)),
        (local(23, 17), local(24, 0)),
    ]


@given(spans())
def test_merged_spans_are_apart_and_cover_the_same(found: list[Span]) -> None:
    union = merged(found)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(union))
    for minute in range(0, 2001, 7):
        instant = EPOCH + timedelta(minutes=minute)
        assert inside(union, instant) == inside(found, instant)


@given(spans(), spans())
def test_subtraction_leaves_what_was_not_taken(whole: list[Span], taken: list[Span]) -> None:
    left = subtracted(whole, taken)
    assert merged(left) == left or all(a[1] <= b[0] for a, b in itertools.pairwise(left))
    for minute in range(0, 2001, 7):
        instant = EPOCH + timedelta(minutes=minute)
        assert inside(left, instant) == (inside(whole, instant) and not inside(taken, instant))


def test_covers_needs_one_span() -> None:
    two = [(local(23, 8), local(23, 12)), (local(23, 13), local(23, 17))]
    assert covers(two, local(23, 9), local(23, 12))
    assert not covers(two, local(23, 11), local(23, 14))
