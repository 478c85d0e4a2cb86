"""Free time on an instrument, as its availability tells it."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
Span = tuple[datetime, datetime]


def next_week(now: datetime) -> Span:
    """The coming week in Shanghai, Monday to Monday."""
    local = now.astimezone(SHANGHAI)
    monday = datetime.combine(local.date() + timedelta(days=7 - local.weekday()), time(), SHANGHAI)
    return monday, monday + 7 * DAY


def first_free(availability: dict[str, Any], week: Span, length: timedelta) -> Span:
    """The first full hour of `week` at which the first unit is free for `length`.

    Raises:
        StopIteration: there is none.
    """
    unit = availability["units"][0]["id"]
    taken = [_span(slot) for slot in availability["busy"] if slot["unit_id"] == unit]
    taken += [_span(slot) for slot in availability["closed"]]
    setup, teardown = (timedelta(minutes=availability[name]) for name in ("setup_min", "teardown_min"))
    return next(
        (start, end)
        for start, end in _hours(week, length)
        if not any(begins < end + teardown and start - setup < ends for begins, ends in taken)
    )


def _hours(week: Span, length: timedelta) -> Iterator[Span]:
    start = week[0]
    while start + length <= week[1]:
        yield start, start + length
        start += timedelta(hours=1)


def _span(slot: dict[str, Any]) -> Span:
    return datetime.fromisoformat(slot["starts_at"]), datetime.fromisoformat(slot["ends_at"])
