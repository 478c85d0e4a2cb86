"""A week of opening hours as minutes since Monday 00:00, to see which hours overlap."""

from collections.abc import Sequence
from datetime import time
from itertools import combinations

from app.instruments.rules.opening import OpeningHours

DAY_MIN = 24 * 60
WEEK_MIN = 7 * DAY_MIN


def overlaps(hours: Sequence[OpeningHours]) -> list[tuple[int, int]]:
    """The pairs of positions in `hours` that are open at the same minute; Sunday night runs on into Monday."""
    spans = [_span(rule) for rule in hours]
    return [
        (first, second)
        for (first, a), (second, b) in combinations(enumerate(spans), 2)
        if any(_touch(a, (b[0] + shift, b[1] + shift)) for shift in (-WEEK_MIN, 0, WEEK_MIN))
    ]


def _span(rule: OpeningHours) -> tuple[int, int]:
    day = (rule.weekday - 1) * DAY_MIN
    start, end = day + minutes_of(rule.opens), day + minutes_of(rule.closes)
    return (start, end if end > start else end + DAY_MIN)


def minutes_of(clock: time) -> int:
    """Minutes since midnight."""
    return clock.hour * 60 + clock.minute


def _touch(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]
