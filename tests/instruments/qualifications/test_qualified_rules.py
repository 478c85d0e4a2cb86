"""Who may run an instrument on which days, by the rules alone."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.i18n import named
from app.instruments.rules.qualified import (
    LEVELS,
    REMINDERS,
    Demand,
    Held,
    Level,
    Status,
    faults,
    last_day,
    reminder_due,
    renewal,
)

NAME = named("电镜上机资格", "SEM operation")
DAY = date(2026, 12, 10)


def held(level: Level = "independent", status: Status = "active", **values: Any) -> Held:
    return Held(
        **{"level": level, "valid_from": date(2026, 1, 1), "valid_to": None, "status": status, **values}
    )


def codes(*of: Held, level: Level = "independent", on: date = DAY, last: date | None = None) -> list[str]:
    return [fault.code for fault in faults([Demand(NAME, level, of)], on, last)]


def test_nothing_is_wanted_and_nothing_is_wrong() -> None:
    assert faults([], DAY) == []


@pytest.mark.parametrize(
    ("holding", "expected"),
    [
        ([], ["qualification_missing"]),
        ([held()], []),
        ([held("trainer")], []),
        ([held("assisted")], ["qualification_level_too_low"]),
        ([held(valid_to=DAY)], []),
        ([held(valid_to=DAY - timedelta(days=1))], ["qualification_expired_on_date"]),
        ([held(valid_from=DAY + timedelta(days=1))], ["qualification_missing"]),
        ([held(status="suspended")], ["qualification_suspended"]),
        ([held(status="revoked")], ["qualification_revoked"]),
        (
            [held("observer", "suspended", valid_to=DAY - timedelta(days=1))],
            ["qualification_suspended", "qualification_level_too_low", "qualification_expired_on_date"],
        ),
    ],
)
def test_each_rule(holding: list[Held], expected: list[str]) -> None:
    assert codes(*holding) == expected


def test_a_booking_over_midnight_is_held_to_its_last_day() -> None:
    assert codes(held(valid_to=DAY), last=DAY + timedelta(days=1)) == ["qualification_expired_on_date"]


def test_another_organisations_counts_up_to_what_is_recognised() -> None:
    assert codes(held("trainer", at_most="independent")) == []
    assert codes(held("trainer", at_most="assisted")) == ["qualification_level_too_low"]
    assert codes(held("assisted", at_most="independent")) == ["qualification_level_too_low"]


def test_the_best_of_several_counts() -> None:
    lapsed = held(valid_to=DAY - timedelta(days=1))
    assert codes(lapsed, held(at_most="independent")) == []


@pytest.mark.parametrize("status", ["suspended", "revoked"])
def test_who_is_barred_here_is_not_let_in_by_another(status: Status) -> None:
    assert codes(held(status=status), held(at_most="independent")) == [f"qualification_{status}"]


def test_who_is_barred_elsewhere_may_be_let_in_here() -> None:
    assert codes(held(), held(status="revoked", at_most="independent")) == []
    assert codes(held(status="revoked", at_most="independent")) == ["qualification_revoked"]


def test_all_demands_are_told_at_once_in_both_languages() -> None:
    found = faults(
        [Demand(NAME, "independent", ()), Demand(NAME, "observer", (held(status="revoked"),))], DAY
    )
    assert [fault.code for fault in found] == ["qualification_missing", "qualification_revoked"]
    assert "「电镜上机资格」" in found[0].message.text("zh")
    assert "SEM operation" in found[0].message.text("en")
    assert not any("一" <= letter <= "鿿" for fault in found for letter in fault.message.text("en"))


@pytest.mark.parametrize(
    ("since", "months", "last"),
    [
        (date(2026, 11, 21), 12, date(2027, 11, 21)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 1, 1), 120, date(2036, 1, 1)),
    ],
)
def test_a_term_ends_on_the_corresponding_day(since: date, months: int, last: date) -> None:
    assert last_day(since, months) == last
    assert last_day(since, None) is None


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_a_term_is_months_long(since: date, months: int) -> None:
    last = last_day(since, months)
    assert last is not None
    assert (last.year * 12 + last.month) - (since.year * 12 + since.month) == months
    assert last.day == since.day or (last + timedelta(days=1)).day == 1


@given(st.integers(-5, 60))
def test_reminders_come_when_their_day_is_reached(left: int) -> None:
    due = reminder_due(DAY + timedelta(days=left), DAY)
    assert due == (None if left < 0 or left > max(REMINDERS) else 7 if left <= 7 else 30)


NEW = held(valid_from=DAY, valid_to=DAY + timedelta(days=365))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (held(valid_to=DAY + timedelta(days=10)), "renewed"),
        (held(), "unchanged"),
        (held("assisted"), "renewed"),
        (held("trainer"), "higher_held"),
        (held("trainer", valid_to=DAY - timedelta(days=1)), "granted"),
        (held(status="suspended"), "suspended"),
        (held(status="revoked"), "revoked"),
    ],
)
def test_what_a_grant_does_to_what_is_held(before: Held, expected: str) -> None:
    assert renewal(before, NEW, today=DAY, over_revoked=False) == expected


def test_only_a_decision_about_the_person_goes_over_a_revocation() -> None:
    assert renewal(held(status="revoked"), NEW, today=DAY, over_revoked=True) == "granted"
    assert renewal(held(status="suspended"), NEW, today=DAY, over_revoked=True) == "suspended"


def test_levels_are_in_order() -> None:
    for have, place in zip(LEVELS, range(4), strict=True):
        for want, wanted in zip(LEVELS, range(4), strict=True):
            assert (codes(held(have), level=want) == []) == (place >= wanted)
