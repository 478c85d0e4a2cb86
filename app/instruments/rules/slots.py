"""Free slots near a wanted one: what a refused person is offered instead."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app.instruments.rules.opening import Span, open_spans, subtracted
from app.instruments.rules.terms import MINUTE, Terms

SEARCH = timedelta(days=7)
"""How far before and after the wanted start we look."""


def nearest_free(
    terms: Terms, busy: Sequence[Span], start: datetime, end: datetime, *, now: datetime, count: int
) -> list[Span]:
    """Up to `count` free spans of the same length, nearest first; `busy` are occupied spans of one unit."""
    length = end - start
    since = max(terms.earliest(now), start - SEARCH)
    until = min(terms.latest(now) + length, end + SEARCH)
    if since >= until:
        return []
    # A busy span, seen from our own booking, starts `teardown` earlier and ends `setup` later.
    blocked = [
        (b_start - terms.teardown_min * MINUTE, b_end + terms.setup_min * MINUTE) for b_start, b_end in busy
    ]
    free = subtracted(open_spans(terms.hours, terms.zone, since, until), blocked)
    starts = {candidate for gap in free for candidate in _starts(terms, gap, length, start, count)}
    reachable = sorted((s for s in starts if now < s < terms.latest(now)), key=lambda s: (abs(s - start), s))
    return [(s, s + length) for s in reachable[:count]]


def _starts(terms: Terms, gap: Span, length: timedelta, wanted: datetime, count: int) -> Iterator[datetime]:
    """The starts on the grid nearest to `wanted` at which `length` fits into `gap`."""
    step = terms.step_min * MINUTE
    first = _grid_up(terms, gap[0])
    last = gap[1] - length
    if first > last:
        return
    steps_to_wanted = min(max((wanted - first) // step, 0), (last - first) // step)
    centre = first + steps_to_wanted * step
    for offset in range(-count, count + 1):
        candidate = centre + offset * step
        if first <= candidate <= last:
            yield candidate


def _grid_up(terms: Terms, instant: datetime) -> datetime:
    """The first instant on the grid at or after `instant`."""
    local = instant.astimezone(terms.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    step = terms.step_min * MINUTE
    steps = -((midnight - local) // step)
    return instant + (midnight + steps * step - local)
