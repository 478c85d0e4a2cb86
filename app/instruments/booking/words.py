"""The week of an instrument in words: what readers without script, and screen readers, use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

from app.core.i18n import Message, msg, pmsg
from app.instruments.booking.availability import Availability, Busy, Unit
from app.instruments.rules.opening import DAY, Span, clipped
from app.instruments.rules.slots import free_spans, start_in
from app.instruments.rules.terms import MINUTE
from app.instruments.rules.units import unit_name

BUSY = msg("已占用")
MINE = pmsg("one", "我的预约")


@dataclass(frozen=True, slots=True)
class Line:
    """A free or taken time of a unit within one day; a booking the reader may read has its id."""

    start: datetime
    end: datetime
    label: Message | str | None
    """Whose it is; None when it is free."""
    booking_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class UnitDay:
    """A unit's day, in the order of time."""

    label: str | Message
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the instrument's wall clock."""

    day: date
    closed: list[Span]
    whole_day_closed: bool
    note: Message | None
    """Why nothing can be booked on it."""
    units: list[UnitDay]


def days_of(found: Availability, monday: date) -> list[Day]:
    """The seven days from `monday`: when it is closed, and each unit's free and taken times."""
    bounds = _bounds(found, monday)
    times = {unit.id: _times(found, unit, (bounds[0][0], bounds[-1][1])) for unit in found.units}
    return [_day(found, span, times) for span in bounds]


def _bounds(found: Availability, monday: date) -> list[Span]:
    midnights = [datetime.combine(monday + n * DAY, time.min, found.terms.zone) for n in range(8)]
    return list(pairwise(midnights))


def _day(found: Availability, span: Span, times: dict[UUID, list[Line]]) -> Day:
    start, end = span
    closed = clipped(found.closed, start, end)
    return Day(
        day=start.date(),
        closed=closed,
        whole_day_closed=sum((b - a for a, b in closed), timedelta()) == end - start,
        note=_note(found, start, end),
        units=[UnitDay(unit_name(unit.label), _within(times[unit.id], start, end)) for unit in found.units],
    )


def _note(found: Availability, start: datetime, end: datetime) -> Message | None:
    if found.refused:
        return found.refused
    if end <= found.bookable_from:
        return msg("已过可预约时间")
    return msg("尚未开放预约") if start >= found.bookable_until else None


def _times(found: Availability, unit: Unit, week: Span) -> list[Line]:
    """A unit's free and taken times of the week; a known booking is shown without its buffers."""
    busy = [entry for entry in found.busy if entry.unit_id == unit.id]
    since, until = max(week[0], found.bookable_from), min(week[1], found.bookable_until)
    free = free_spans(found.terms, [(entry.starts_at, entry.ends_at) for entry in busy], since, until)
    shortest = found.terms.min_min * MINUTE
    offered = [] if found.refused else free
    lines = [Line(*span, None) for span in offered if start_in(found.terms, span, shortest, span[0])]
    return sorted([*lines, *(_taken(entry) for entry in busy)], key=lambda line: line.start)


def _taken(entry: Busy) -> Line:
    during = entry.booked or entry
    return Line(
        during.starts_at, during.ends_at, MINE if entry.mine else entry.label or BUSY, entry.booking_id
    )


def _within(lines: Sequence[Line], start: datetime, end: datetime) -> list[Line]:
    return [
        Line(max(line.start, start), min(line.end, end), line.label, line.booking_id)
        for line in lines
        if line.start < end and line.end > start
    ]
