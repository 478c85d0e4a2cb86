"""Opening hours 开放机时: from weekly rules in the instrument's zone to spans of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
"""Half-open [start, end) of aware UTC instants."""
DAY = timedelta(days=1)
MIDNIGHT = time()
CLOSED = 0
SpecialDays = Mapping[date, int]
"""Local days that are not what their weekday says: 0 is closed (节假日), 1 to 7 keeps that weekday's hours (调休)."""
NO_SPECIAL_DAYS: SpecialDays = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """One weekday's hours (ISO: Monday is 1); closing at or before opening means the next morning."""

    weekday: int
    opens: time
    closes: time

    def on(self, day: date, zone: ZoneInfo) -> Span:
        """The span these hours have on the local calendar day `day`."""
        last = day + DAY if self.closes <= self.opens else day
        start = datetime.combine(day, self.opens, zone)
        end = datetime.combine(last, self.closes, zone)
        return start.astimezone(UTC), end.astimezone(UTC)


ALWAYS = tuple(OpeningHours(weekday, MIDNIGHT, MIDNIGHT) for weekday in range(1, 8))
"""What no hours at all mean: every day, midnight to midnight."""


def closing_text(closes: time) -> str:
    """A closing time as pages and the API write it: `17:30`; midnight is the end of the day, `24:00`."""
    return "24:00" if closes == MIDNIGHT else f"{closes:%H:%M}"


def shifts(
    hours: Sequence[OpeningHours],
    zone: ZoneInfo,
    since: datetime,
    until: datetime,
    days: SpecialDays = NO_SPECIAL_DAYS,
) -> list[Span]:
    """Each time the instrument opens and closes by its rules, as far as it meets [since, until); whole, in order.

    Hours that run past midnight belong to the day on which they begin, and keep or lose that day's.
    """
    found: list[Span] = []
    day = since.astimezone(zone).date() - DAY
    last = until.astimezone(zone).date()
    while day <= last:
        weekday = days.get(day, day.isoweekday())
        found += [rule.on(day, zone) for rule in hours or ALWAYS if rule.weekday == weekday]
        day += DAY
    return sorted((start, end) for start, end in found if start < until and since < end)


def open_spans(
    hours: Sequence[OpeningHours],
    zone: ZoneInfo,
    since: datetime,
    until: datetime,
    days: SpecialDays = NO_SPECIAL_DAYS,
) -> list[Span]:
    """When the instrument is open within [since, until), merged and in order; no hours at all means always."""
    return clipped(merged(shifts(hours, zone, since, until, days)), since, until)


def closed_spans(
    hours: Sequence[OpeningHours],
    zone: ZoneInfo,
    since: datetime,
    until: datetime,
    days: SpecialDays = NO_SPECIAL_DAYS,
) -> list[Span]:
    """The rest of [since, until): when it is shut."""
    return subtracted([(since, until)], open_spans(hours, zone, since, until, days))


def merged(spans: Sequence[Span]) -> list[Span]:
    """The union of spans, in order; touching spans become one."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        elif start < end:
            result.append((start, end))
    return result


def clipped(spans: Sequence[Span], since: datetime, until: datetime) -> list[Span]:
    """The parts of spans inside [since, until)."""
    inside = [(max(start, since), min(end, until)) for start, end in spans]
    return [(start, end) for start, end in inside if start < end]


def subtracted(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """What is left of `spans` when `taken` is taken away."""
    left: list[Span] = []
    for whole_start, end in merged(spans):
        start = whole_start
        for taken_start, taken_end in merged(taken):
            if taken_end <= start or taken_start >= end:
                continue
            if start < taken_start:
                left.append((start, taken_start))
            start = max(start, taken_end)
        if start < end:
            left.append((start, end))
    return left


def covers(spans: Sequence[Span], start: datetime, end: datetime) -> bool:
    """Whether [start, end) lies inside one of the merged spans."""
    return any(span_start <= start and end <= span_end for span_start, span_end in spans)
