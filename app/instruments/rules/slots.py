"""When a unit may be booked, and the free slots near a wanted one: what a refused person is offered instead."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

from app.instruments.rules.opening import OpeningHours, Span, covers, open_spans, subtracted
from app.instruments.rules.terms import INSTANT, MINUTE, Terms

SEARCH = timedelta(days=7)
"""How far before and after the wanted start we look."""
DAYTIME = tuple(OpeningHours(weekday, time(8), time(20)) for weekday in range(1, 8))
"""When people like to come to an instrument that never closes."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A free slot of a unit."""

    unit_id: UUID
    start: datetime
    end: datetime


def free_spans(terms: Terms, busy: Sequence[Span], since: datetime, until: datetime) -> list[Span]:
    """Where in [since, until) a booking may lie: open, and its buffers clear of `busy`, one unit's occupied spans."""
    # A busy span, seen from our own booking, starts `teardown` earlier and ends `setup` later.
    blocked = [(start - terms.teardown_min * MINUTE, end + terms.setup_min * MINUTE) for start, end in busy]
    return subtracted(terms.open_spans(since, until), blocked)


def nearest_free(
    terms: Terms,
    busy: Mapping[UUID, Sequence[Span]],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    count: int,
) -> list[Offer]:
    """Up to `count` free slots of the same length, none at the same time as another, nearest first.

    `busy` has the occupied spans of each unit; at the same distance the earlier unit comes first. Where an instrument
    never closes, who wanted daytime is offered daytime before any night.
    """
    length = end - start
    since = max(terms.earliest(now), now + INSTANT, start - SEARCH)
    until = min(terms.latest(now) + length - INSTANT, end + SEARCH)
    gaps = {unit: free_spans(terms, spans, since, until) for unit, spans in busy.items()}
    found: list[Offer] = []
    for some in _preferred(terms, gaps, start, end):
        left = {unit: subtracted(spans, [(o.start, o.end) for o in found]) for unit, spans in some.items()}
        found += _nearest(terms, left, start, length, count - len(found))
    return found


Gaps = dict[UUID, list[Span]]


def _preferred(terms: Terms, gaps: Gaps, start: datetime, end: datetime) -> Iterator[Gaps]:
    """The gaps by day, where that is a choice, then all of them."""
    if not terms.hours and covers(open_spans(DAYTIME, terms.zone, start, end), start, end):
        yield {
            unit: [day for gap in spans for day in open_spans(DAYTIME, terms.zone, *gap)]
            for unit, spans in gaps.items()
        }
    yield gaps


def _nearest(terms: Terms, gaps: Gaps, wanted: datetime, length: timedelta, count: int) -> list[Offer]:
    found: list[Offer] = []
    while len(found) < count:
        starts = [
            (abs(start - wanted), start, unit)
            for unit, spans in gaps.items()
            for gap in spans
            if (start := start_in(terms, gap, length, wanted)) is not None
        ]
        if not starts:
            break
        _, start, unit = min(starts, key=lambda candidate: candidate[:2])
        found.append(Offer(unit, start, start + length))
        gaps = {unit: subtracted(spans, [(start, start + length)]) for unit, spans in gaps.items()}
    return found


def start_in(terms: Terms, gap: Span, length: timedelta, wanted: datetime) -> datetime | None:
    """The start on the grid nearest to `wanted` at which `length` fits into `gap`, a part of one open span."""
    last = gap[1] - length
    if last < gap[0]:
        return None
    step = terms.step_min * MINUTE
    near = []
    for grid_start, next_one in pairwise([*terms.grid_starts(gap[0], last + INSTANT), last + INSTANT]):
        first = grid_start + max(0, -((grid_start - gap[0]) // step)) * step
        steps = (next_one - INSTANT - first) // step
        if steps >= 0:
            near.append(first + min(max((wanted - first + step / 2) // step, 0), steps) * step)
    return min(near, key=lambda start: abs(start - wanted), default=None)
