"""The demonstration as it is laid out, before any database: facts a visitor could check."""

import csv
import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from stdnum.cn import uscc

from app.access.permissions import Role
from app.demo import accounts
from app.demo.accounts import LISTING, NEWCOMERS, OPERATOR, PEOPLE, SECOND_ADMINS, Person
from app.demo.bookings import BookingPlan, bookings, monday_of
from app.demo.data.provinces import PROVINCES, Province
from app.demo.data.regimes import REGIMES, Regime
from app.demo.instruments import INSTRUMENTS, InstrumentPlan, instruments, kinds
from app.demo.organisations import ORGANISATIONS
from app.instruments.registry.schemas import InstrumentFields, UnitIn
from app.instruments.rules.opening import OpeningHours
from app.instruments.rules.record import DEFAULTS
from app.instruments.rules.record import faults as record_faults
from app.instruments.rules.terms import Terms, faults
from app.organisations.rules.uscc import Standing, examine
from app.organisations.schemas import OrganisationCreate

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 16, tzinfo=SHANGHAI)
CODES = Path(__file__).parents[2] / "app" / "codes" / "data"
FORTNIGHT = list(bookings(MONDAY))
EVERY_INSTRUMENT = [plan for plans in INSTRUMENTS.values() for plan in plans]


def codes(name: str) -> dict[str, str]:
    lines = (CODES / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {row["code"]: row["name_zh"] for row in rows}


def terms(plan: InstrumentPlan) -> Terms:
    regime = plan.regime
    return Terms(
        zone=SHANGHAI,
        hours=tuple(OpeningHours(*rule) for rule in regime.hours),
        step_min=regime.step_min,
        min_min=regime.min_min,
        max_min=regime.max_min,
        setup_min=regime.setup_min,
        teardown_min=regime.teardown_min,
        lead_min=regime.lead_min,
        horizon_days=regime.horizon_days,
    )


def everyone() -> list[Person]:
    colleagues = (person for people in PEOPLE.values() for person in people)
    return [*colleagues, *NEWCOMERS.values(), *SECOND_ADMINS.values(), OPERATOR]


def test_counts() -> None:
    assert [len(organisations) for organisations in ORGANISATIONS.values()] == [6, 6, 6, 6]
    assert [len(people) for people in PEOPLE.values()] == [30, 30, 30, 30]
    assert [len(plans) for plans in INSTRUMENTS.values()] == [50, 50, 50, 50]
    assert len(kinds()) == 64
    assert Counter(plan.tenant_id for plan in FORTNIGHT).keys() == INSTRUMENTS.keys()


@pytest.mark.parametrize("province", PROVINCES, ids=lambda province: province.abbreviation)
def test_every_role_is_held_in_every_province(province: Province) -> None:
    roles = Counter(person.role for person in PEOPLE[province.code] if person.signs_in)
    assert roles == {
        Role.MEMBER: 6,
        Role.MANAGER: 1,
        Role.STEWARD: 1,
        Role.PROVINCE_ADMIN: 1,
        Role.AUDITOR: 1,
    }
    assert {person.organisation for person in PEOPLE[province.code] if person.organisation} == set(
        province.organisations
    )


def test_names_and_login_names_are_nobody_elses() -> None:
    assert len({person.name for person in everyone()}) == 129
    assert len({person.key for person in everyone()}) == 129


def test_the_listing_names_one_account_of_each_role_and_province() -> None:
    for abbreviation in ("sh", "js", "zj", "ah"):
        for post in ("researcher", "manager", "steward", "admin", "admin2", "auditor", "newcomer"):
            assert LISTING.split().count(f"{abbreviation}.{post}") == 1
        assert LISTING.split().count(f"demo-{abbreviation}") == 1
    assert accounts.PASSWORD in LISTING


def test_credit_codes_are_valid_and_nobodys() -> None:
    divisions = codes("gb2260")
    seen = set()
    for province in PROVINCES:
        for plan in ORGANISATIONS[province.code]:
            assert examine(plan.uscc) is Standing.VALID, plan
            assert uscc.validate(plan.uscc) == plan.uscc
            assert plan.uscc[2:8] == plan.place.adcode
            assert plan.uscc[8:11] == "YRD"
            assert plan.place.adcode[:2] == province.code[:2]
            assert plan.place.adcode in divisions
            assert plan.place.name.endswith("（示例）")
            OrganisationCreate(
                uscc=plan.uscc,
                name=plan.place.name,
                kind=plan.place.kind,
                adcode=plan.place.adcode,
                website=plan.website,
            )
            seen.add(plan.uscc)
    assert len(seen) == 24


def test_the_code_inside_a_credit_code_has_its_own_check_digit() -> None:
    """GB 11714: the weighted sum of the nine characters is a multiple of 11, X counting ten."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2, 1)
    for plans in ORGANISATIONS.values():
        for plan in plans:
            values = [10 if c == "X" and at == 8 else int(c, 36) for at, c in enumerate(plan.uscc[8:17])]
            assert sum(w * v for w, v in zip(weights, values, strict=True)) % 11 == 0, plan.uscc


def test_instruments_keep_the_registers_rules() -> None:
    classes, disciplines, divisions = codes("instrument-class"), codes("gbt13745"), codes("gb2260")
    for tenant_id, plans in INSTRUMENTS.items():
        for plan in plans:
            InstrumentFields(**plan.fields)
            units = [UnitIn(**unit) for unit in plan.units]
            assert len({unit.label for unit in units}) == len(units) >= 1
            entry = {**DEFAULTS, **plan.fields}
            assert record_faults(entry, tenant_id=tenant_id, today=date(2026, 1, 1)) == []
            assert plan.fields["class_code"] in classes
            assert set(plan.fields["disciplines"]) <= disciplines.keys()
            assert plan.fields["adcode"] in divisions
            assert "（示例）" in plan.fields["manufacturer"]
            assert not re.search(r"[{}|]", " ".join(str(value) for value in plan.fields.values()))


def test_inner_ids_are_used_once() -> None:
    assert len({plan.inner_id for plan in EVERY_INSTRUMENT}) == 200


@pytest.mark.parametrize("tenant_id", INSTRUMENTS)
def test_each_province_shows_every_case(tenant_id: str) -> None:
    plans = INSTRUMENTS[tenant_id]
    assert Counter(plan.fields["scope"] for plan in plans) == {
        "public": 17,
        "region": 16,
        "province": 12,
        "organisation": 5,
    }
    assert Counter(plan.fields["service_status"] for plan in plans) == {
        "open": 45,
        "suspended": 3,
        "restricted": 2,
    }
    assert sum(plan.fields["customs_supervised"] for plan in plans) == 3
    assert {plan.fields["booking_mode"] for plan in plans} == {"self", "assisted", "sample", "mixed"}
    assert {len(plan.units) for plan in plans} >= {1, 2, 3}
    assert Counter(plan.owner for plan in plans) == {
        plan.place: plan.place.share for plan in ORGANISATIONS[tenant_id]
    }
    assert any(not plan.regime.hours for plan in plans)
    assert any(overnight(plan.regime) for plan in plans)
    assert len({plan.regime.step_min for plan in plans}) >= 4
    assert len({plan.regime.lead_min for plan in plans}) >= 4
    assert any(plan.regime.setup_min != plan.regime.teardown_min for plan in plans)


def overnight(regime: Regime) -> bool:
    return any(closes < opens for _, opens, closes in regime.hours)


def test_the_regimes_are_used_and_one_crosses_midnight() -> None:
    assert {kind.regime for kind in kinds()} == REGIMES.keys()
    assert REGIMES["overnight"].hours[0] == (1, time(18), time(8))


def test_bookings_obey_their_instruments_terms_when_made() -> None:
    for plan in FORTNIGHT:
        assert faults(terms(plan.instrument), plan.starts_at, plan.ends_at, now=plan.created_at) == [], plan
        assert plan.occupied == terms(plan.instrument).occupied(plan.starts_at, plan.ends_at)


def test_bookings_never_overlap() -> None:
    by_unit = defaultdict(list)
    for plan in FORTNIGHT:
        if plan.cancelled_at is None:
            by_unit[plan.tenant_id, plan.instrument.inner_id, plan.unit_label].append(plan.occupied)
    for spans in by_unit.values():
        for (_, end), (start, _) in pairwise(sorted(spans)):
            assert end <= start


def test_bookings_were_all_made_before_the_fortnight() -> None:
    for plan in FORTNIGHT:
        assert plan.created_at < MONDAY
        assert MONDAY <= plan.starts_at < MONDAY + timedelta(days=14)
        if plan.cancelled_at is not None:
            assert plan.created_at <= plan.cancelled_at < min(MONDAY, plan.starts_at)
            assert plan.cancel_reason


def test_only_those_who_may_have_booked() -> None:
    for plan in FORTNIGHT:
        fields = plan.instrument.fields
        assert fields["service_status"] != "suspended"
        assert fields["booking_mode"] != "sample"
        if fields["scope"] not in {"region", "public"}:
            assert plan.requester_tenant_id == plan.tenant_id
        internal = fields["service_status"] == "restricted" or fields["customs_supervised"]
        if internal or fields["scope"] == "organisation":
            assert plan.payer == plan.instrument.owner


def test_calendars_look_alive() -> None:
    across = sum(plan.requester_tenant_id != plan.tenant_id for plan in FORTNIGHT)
    cancelled = sum(plan.cancelled_at is not None for plan in FORTNIGHT)
    assert 1500 <= len(FORTNIGHT) <= 2500
    assert 0.15 <= across / len(FORTNIGHT) <= 0.3
    assert 0.04 <= cancelled / len(FORTNIGHT) <= 0.1
    for tenant_id in INSTRUMENTS:
        days = Counter((plan.starts_at - MONDAY).days for plan in FORTNIGHT if plan.tenant_id == tenant_id)
        assert len(days) == 14
        assert all(days[day] >= 20 for day in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11))


@pytest.mark.parametrize("province", PROVINCES, ids=lambda province: province.abbreviation)
def test_the_researcher_one_signs_in_as_has_bookings_to_see(province: Province) -> None:
    mine = [plan for plan in FORTNIGHT if plan.requester.key == f"{province.abbreviation}.researcher"]
    assert any(plan.tenant_id != province.code for plan in mine)
    assert any(plan.starts_at > MONDAY + timedelta(days=7) for plan in mine)
    assert 10 <= len(mine) <= 50


def shape(plan: BookingPlan, monday: datetime) -> tuple[object, ...]:
    return (
        plan.instrument.inner_id,
        plan.unit_label,
        plan.requester.key,
        plan.starts_at - monday,
        plan.ends_at - monday,
        plan.created_at - monday,
        plan.cancelled_at and plan.cancelled_at - monday,
        plan.purpose,
        plan.project,
        plan.note,
    )


def test_another_week_has_the_same_pattern() -> None:
    later = MONDAY + timedelta(days=35)
    assert [shape(plan, later) for plan in bookings(later)] == [shape(plan, MONDAY) for plan in FORTNIGHT]


def test_instruments_are_the_same_each_time() -> None:
    assert {province.code: instruments(province) for province in PROVINCES} == INSTRUMENTS


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 11, 15, 16, tzinfo=UTC),
        datetime(2026, 11, 18, 3, tzinfo=UTC),
        datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC),
    ],
)
def test_a_week_begins_on_monday_in_shanghai(instant: datetime) -> None:
    assert monday_of(instant) == MONDAY
