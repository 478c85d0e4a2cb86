"""Quotas: minutes split at local midnight, pending counts, and everything said at once."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.instruments.rules.policies import Place, Quota
from app.instruments.rules.quotas import PERIODS, Held, Period, minutes_within, periods, quota_faults, window
from tests.instruments.test_terms import SHANGHAI, at, terms


def limited(place: Place = "instrument", **most: int) -> dict[str, Quota]:
    return {name: Quota(number, place) for name, number in most.items()}


def held(start: datetime, end: datetime, **changed: object) -> Held:
    values: dict[str, object] = {"by_user": True, "pending": False, "ahead": True, "nearest": "unit"}
    return Held(start, end, **(values | changed))  # type: ignore[arg-type] # a builder of one frozen object


def codes(
    quotas: dict[str, Quota], *others: Held, wanted: tuple[datetime, datetime] | None = None
) -> list[str]:
    found = quota_faults(terms(quotas=quotas), wanted or (at(9), at(11)), others)
    return [fault.code for fault in found]


def test_what_is_left_is_enough_or_it_is_not() -> None:
    quota = limited(user_day_min=180)
    assert codes(quota, held(at(14), at(15))) == []
    assert codes(quota, held(at(14), at(15, 1))) == ["quota_user_day"]
    assert codes(quota, held(at(14, day=24), at(17, day=24))) == []


def test_a_booking_over_night_counts_in_both_days() -> None:
    night = (at(22), at(4, day=24))
    assert codes(limited(user_day_min=120), wanted=night) == ["quota_user_day"]
    assert codes(limited(user_day_min=240), wanted=night) == []
    assert codes(limited(user_day_min=240), held(at(5, day=24), at(6, day=24)), wanted=night) == [
        "quota_user_day"
    ]


def test_what_waits_for_an_approval_counts() -> None:
    assert codes(limited(user_week_min=120), held(at(14), at(15), pending=True)) == ["quota_user_week"]
    assert codes(limited(max_pending=1), held(at(14), at(15), pending=True)) == ["max_pending"]
    assert codes(limited(max_pending=1), held(at(14), at(15))) == []
    assert codes(limited(max_active=1), held(at(14), at(15))) == ["max_active"]
    assert codes(limited(max_active=1), held(at(7), at(8), ahead=False)) == []


def test_a_colleague_counts_for_the_payer_only() -> None:
    colleague = held(at(14), at(16), by_user=False)
    assert codes(limited(user_day_min=180, payer_day_min=180, max_active=1), colleague) == ["quota_payer_day"]


def test_a_quota_looks_no_farther_than_its_place() -> None:
    elsewhere = held(at(14), at(16), nearest="organisation")
    assert codes(limited("instrument", user_day_min=180), elsewhere) == []
    assert codes(limited("organisation", user_day_min=180), elsewhere) == ["quota_user_day"]


def test_a_gap_is_kept_on_both_sides() -> None:
    gap = limited(gap_min=60)
    assert codes(gap, held(at(12), at(13))) == []
    assert codes(gap, held(at(11, 59), at(13))) == ["gap_too_short"]
    assert codes(gap, held(at(7), at(8, 1))) == ["gap_too_short"]
    assert codes(gap, held(at(7), at(8, 1), by_user=False)) == []


def test_every_quota_at_once() -> None:
    everything = limited(
        gap_min=30, max_active=1, user_day_min=60, user_week_min=60, user_month_min=60, payer_day_min=60
    )
    expected = [
        "max_active",
        "gap_too_short",
        "quota_user_day",
        "quota_user_week",
        "quota_user_month",
        "quota_payer_day",
    ]
    assert codes(everything, held(at(11), at(12))) == expected


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    sunday_night = (at(23, day=29), at(1, day=30))
    week = [
        start.astimezone(SHANGHAI).date().isoformat() for start, _ in periods("week", SHANGHAI, *sunday_night)
    ]
    assert week == ["2026-11-23", "2026-11-30"]
    over_months = (at(23, day=30), at(23, day=30) + timedelta(hours=2))
    month = [
        start.astimezone(SHANGHAI).date().isoformat() for start, _ in periods("month", SHANGHAI, *over_months)
    ]
    assert month == ["2026-11-01", "2026-12-01"]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Pacific/Apia"])
@given(
    start=st.integers(1_262_304_000, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    length=st.timedeltas(timedelta(minutes=1), timedelta(days=30)),
    period=st.sampled_from(list(PERIODS)),
)
def test_periods_cover_a_span_without_gap_or_overlap(
    zone: str, start: datetime, length: timedelta, period: Period
) -> None:
    end = start + length
    found = periods(period, ZoneInfo(zone), start, end)
    assert found[0][0] <= start
    assert end <= found[-1][1]
    assert all(one[1] == following[0] for one, following in pairwise(found))
    exact = sum(((min(b, end) - max(a, start)) for a, b in found), timedelta())
    assert exact == length
    whole = start.replace(second=0, microsecond=0)
    minutes = sum(
        minutes_within([(whole, whole + timedelta(minutes=90))], a, b)
        for a, b in periods(period, ZoneInfo(zone), whole, whole + timedelta(minutes=90))
    )
    assert minutes == 90


def test_the_window_has_every_period_and_the_gap() -> None:
    since, until = window(terms(quotas=limited(gap_min=1440)), (at(9), at(11)))
    assert (since, until) == (at(0, day=1), datetime(2026, 12, 1, tzinfo=SHANGHAI))
