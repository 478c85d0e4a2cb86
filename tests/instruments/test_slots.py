"""What a refused person is offered: bookable, nearest first, never two at the same time, daytime before night."""

from datetime import time, timedelta
from itertools import combinations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.instruments.rules.opening import OpeningHours, Span
from app.instruments.rules.slots import Offer, free_spans, nearest_free
from app.instruments.rules.terms import MINUTE, faults
from tests.instruments.test_terms import NOW, at, terms

FIRST, SECOND = UUID(int=1), UUID(int=2)


def test_alternatives_are_nearest_first_apart_and_keep_buffers() -> None:
    busy = {FIRST: [(at(8, 45), at(11, 30))]}  # somebody booked 9 to 11
    found = nearest_free(terms(), busy, at(9), at(11), now=NOW, count=3)
    assert found == [
        Offer(FIRST, at(11, 45), at(13, 45)),
        Offer(FIRST, at(13, 45), at(15, 45)),
        Offer(FIRST, at(8, 30, day=24), at(10, 30, day=24)),
    ]


def test_the_same_time_on_another_unit_comes_first_and_only_once() -> None:
    busy: dict[UUID, list[Span]] = {FIRST: [(at(8, 45), at(11, 30))], SECOND: []}
    found = nearest_free(terms(), busy, at(9), at(11), now=NOW, count=2)
    assert found == [Offer(SECOND, at(9), at(11)), Offer(SECOND, at(11), at(13))]


def test_an_instrument_that_never_closes_is_offered_by_day() -> None:
    busy = {FIRST: [(at(8), at(20))]}
    found = nearest_free(terms(hours=()), busy, at(16), at(18), now=NOW, count=3)
    assert [(offer.start, offer.end) for offer in found] == [
        (at(8, day=24), at(10, day=24)),
        (at(10, day=24), at(12, day=24)),
        (at(12, day=24), at(14, day=24)),
    ]


def test_who_wants_the_night_is_offered_the_night() -> None:
    busy = {FIRST: [(at(22), at(23))]}
    (found, *_) = nearest_free(terms(hours=()), busy, at(22), at(23), now=NOW, count=3)
    assert found == Offer(FIRST, at(23, 15), at(0, 15, day=24))


def test_the_night_is_offered_when_every_day_is_full() -> None:
    busy = {FIRST: [(at(6, day=day), at(22, day=day)) for day in range(16, 31)]}
    found = nearest_free(terms(hours=()), busy, at(9), at(11), now=NOW, count=1)
    assert found == [Offer(FIRST, at(22, 15), at(22, 15) + timedelta(hours=2))]


def test_alternatives_keep_to_the_grid_of_each_opening() -> None:
    halves = tuple(
        OpeningHours(day, opens, closes)
        for day in range(1, 6)
        for opens, closes in ((time(9), time(11)), (time(13, 30), time(17, 30)))
    )
    rules = terms(hours=halves, step_min=120, min_min=120, max_min=120, setup_min=0, teardown_min=0)
    found = nearest_free(rules, {FIRST: [(at(9), at(11))]}, at(9), at(11), now=NOW, count=3)
    assert [offer.start for offer in found] == [at(13, 30), at(15, 30), at(9, day=24)]


def test_no_alternative_when_the_horizon_is_full() -> None:
    busy = {FIRST: [(at(0), at(0) + timedelta(days=40))]}
    assert nearest_free(terms(), busy, at(9), at(11), now=NOW, count=3) == []


def test_no_alternative_when_the_search_window_is_past() -> None:
    start = at(9) - timedelta(days=30)
    assert nearest_free(terms(), {FIRST: []}, start, start + timedelta(hours=1), now=NOW, count=3) == []


def test_free_time_is_open_and_clear_of_buffers() -> None:
    free = free_spans(terms(), [(at(9, 45), at(11, 30))], at(0), at(0, day=24))
    assert free == [(at(8, 30), at(9, 15)), (at(11, 45), at(17, 30))]


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(15, 600)), max_size=12),
    st.integers(0, 100),
    st.integers(2, 24),
    st.booleans(),
)
def test_every_alternative_could_be_booked(
    taken: list[tuple[int, int]], offset: int, quarters: int, always: bool
) -> None:
    rules = terms(hours=()) if always else terms()
    start = at(9) + offset * 15 * MINUTE
    end = start + quarters * 15 * MINUTE
    busy: list[Span] = [(at(6) + m * MINUTE, at(6) + (m + n) * MINUTE) for m, n in taken]
    found = nearest_free(rules, {FIRST: busy}, start, end, now=NOW, count=3)
    assert always or found == sorted(found, key=lambda offer: (abs(offer.start - start), offer.start))
    assert all(a.end <= b.start or b.end <= a.start for a, b in combinations(found, 2))
    for offer in found:
        assert faults(rules, offer.start, offer.end, now=NOW) == []
        occupied = rules.occupied(offer.start, offer.end)
        assert all(occupied[1] <= b_start or occupied[0] >= b_end for b_start, b_end in busy)
