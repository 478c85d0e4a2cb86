"""Days that are not what their weekday says: public holidays, and weekends worked instead."""

from datetime import date

from app.instruments.rules.opening import CLOSED, OpeningHours, open_spans
from app.instruments.rules.policies import resolve
from app.instruments.rules.terms import Terms, faults
from tests.instruments.test_policy_rules import policy
from tests.instruments.test_terms import NOW, SHANGHAI, WEEKDAYS, at

MONDAY_OFF = {date(2026, 11, 30): CLOSED, date(2026, 11, 29): 1}
"""A Monday off, and the Sunday before worked as a Monday."""


def under(*, keeps: bool | None = None, hours: tuple[OpeningHours, ...] = WEEKDAYS) -> Terms:
    policies = [] if keeps is None else [policy("instrument", keeps_holidays=keeps)]
    resolved = resolve(policies, unit_id=None, audience=frozenset({""}))
    return Terms.of(resolved, zone=SHANGHAI, hours=hours, days=MONDAY_OFF)


def codes(terms: Terms, day: int) -> list[str]:
    return [fault.code for fault in faults(terms, at(9, day=day), at(10, day=day), now=NOW)]


def test_a_holiday_is_closed_and_a_day_worked_instead_is_open() -> None:
    assert codes(under(), 30) == ["outside_opening_hours"]
    assert codes(under(), 29) == []
    assert codes(under(), 28) == ["outside_opening_hours"]
    assert codes(under(keeps=False), 30) == []
    assert codes(under(keeps=False), 29) == ["outside_opening_hours"]


def test_what_never_closes_keeps_no_holidays_unless_it_says_so() -> None:
    assert codes(under(hours=()), 30) == []
    assert codes(under(keeps=True, hours=()), 30) == ["outside_opening_hours"]


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night = (OpeningHours(1, at(22).time(), at(6).time()),)
    spans = open_spans(night, SHANGHAI, at(0, day=29), at(23, day=30), MONDAY_OFF)
    assert spans == [(at(22, day=29), at(6, day=30))]
