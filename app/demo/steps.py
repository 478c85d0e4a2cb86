"""The steps of loading: each makes one kind of rows for one province and says what it made."""

from collections.abc import Sequence
from itertools import chain
from uuid import UUID

from sqlalchemy import insert

from app.access.permissions import STRONG, Role
from app.core.db import Session
from app.demo.accounts import CLIENT_SECRET, PASSWORD, PEOPLE, system, totp_secret
from app.demo.data.provinces import Province
from app.demo.instruments import EACH, INSTRUMENTS, InstrumentPlan
from app.demo.made import Ids, Made, named, one_in
from app.demo.organisations import ORGANISATIONS
from app.demo.rows import (
    booking_events,
    booking_row,
    hours_rows,
    instrument_event,
    instrument_row,
    policy_row,
    unit_rows,
)
from app.identity import public as identity
from app.instruments.public import Booking, BookingPolicy, Instrument, InstrumentUnit, OpeningRule
from app.journal.public import record_all
from app.organisations import public as organisation_register

PROVINCE_ROLES = frozenset({Role.PROVINCE_ADMIN, Role.AUDITOR})
AT_ONCE = 5
PARTS = range(EACH // AT_ONCE)
STEWARDED = 3
"""Every third instrument of a province's first organisation is in the demonstration steward's care."""


async def accounts(session: Session, province: Province, made: Made) -> Ids:
    """People; those who sign in share one password, hashed once."""
    made.password_hash = made.password_hash or await identity.hash_password(PASSWORD)
    ids = {}
    for person in PEOPLE[province.code]:
        ids[person.key] = account_id = await identity.create_account(
            session,
            tenant_id=province.code,
            display_name=person.name,
            login_name=person.key if person.signs_in else None,
            password_hash=made.password_hash if person.signs_in else None,
        )
        if person.signs_in:
            await identity.add_address(session, province.code, account_id, f"{person.key}@delta.example")
        if person.role in PROVINCE_ROLES:
            await identity.grant_role(
                session, tenant_id=province.code, account_id=account_id, role=person.role
            )
    return ids


async def factors(session: Session, province: Province, made: Made) -> Ids:
    """The second factors of those who oversee the province."""
    for person in PEOPLE[province.code]:
        if person.role in STRONG:
            await identity.enrol_totp(
                session,
                made.settings,
                tenant_id=province.code,
                account_id=made.account(province.code, person),
                secret=totp_secret(person.key),
                name="演示用验证器",
            )
    return {}


async def organisations(session: Session, province: Province, made: Made) -> Ids:
    """Organisations, registered by the province's admin."""
    ids = {}
    for plan in ORGANISATIONS[province.code]:
        new = organisation_register.OrganisationCreate(
            uscc=plan.uscc,
            name=plan.place.name,
            kind=plan.place.kind,
            adcode=plan.place.adcode,
            website=plan.website,
        )
        registered = await organisation_register.register(session, caller=made.admin(province), new=new)
        ids[plan.place.slug] = registered.id
    return ids


async def memberships(session: Session, province: Province, made: Made) -> Ids:
    """Who belongs where, and the province's system client."""
    for person in PEOPLE[province.code]:
        if person.organisation is not None:
            await identity.add_membership(
                session,
                tenant_id=province.code,
                account_id=made.account(province.code, person),
                organisation_id=made.organisation(province.code, person.organisation),
                role=Role.MANAGER if person.role is Role.MANAGER else Role.MEMBER,
            )
    client = system(province)
    registered = await identity.make_system_client(
        session,
        tenant_id=province.code,
        name=client.name,
        scopes=client.scopes,
        organisation_id=made.organisation(province.code, client.organisation),
        client_id=client.client_id,
        secret=CLIENT_SECRET,
    )
    return {client.client_id: registered.id}


async def instruments(session: Session, province: Province, made: Made, *, part: int) -> Ids:
    """A few instruments with units, opening hours and stewards; the ids of instruments and of units."""
    code = province.code
    plans = INSTRUMENTS[code][part * AT_ONCE : (part + 1) * AT_ONCE]
    rows = [instrument_row(plan, code, made) for plan in plans]
    registered = insert(Instrument).returning(Instrument.inner_id, Instrument.id)
    ids: dict[str, UUID] = {row.inner_id: row.id for row in await session.execute(registered, rows)}
    await record_all(session, [instrument_event(row, ids[row["inner_id"]]) for row in rows])
    if hours := [row for plan in plans for row in hours_rows(plan, code, ids[plan.inner_id])]:
        await session.execute(insert(OpeningRule), hours)
    policies = [policy_row(plan, code, ids[plan.inner_id]) for plan in plans]
    await session.execute(insert(BookingPolicy), policies)
    steward = made.account(code, one_in(PEOPLE[code], Role.STEWARD))
    for inner_id in sorted(_stewarded(province) & ids.keys()):
        await identity.add_steward(session, tenant_id=code, account_id=steward, instrument_id=ids[inner_id])
    return ids | await _add_units(session, code, plans, ids)


def _stewarded(province: Province) -> set[str]:
    first, *_ = province.organisations
    own = [plan.inner_id for plan in INSTRUMENTS[province.code] if plan.owner is first]
    return set(own[::STEWARDED])


async def _add_units(
    session: Session, code: str, plans: Sequence[InstrumentPlan], ids: Ids
) -> dict[str, UUID]:
    names = {instrument_id: inner_id for inner_id, instrument_id in ids.items()}
    rows = [row for plan in plans for row in unit_rows(plan, code, ids[plan.inner_id])]
    unit = InstrumentUnit
    added = await session.execute(insert(unit).returning(unit.id, unit.instrument_id, unit.label), rows)
    return {named(names[row.instrument_id], row.label): row.id for row in added}


async def bookings(session: Session, province: Province, made: Made) -> Ids:
    """What the province's people booked, anywhere."""
    plans = [plan for plan in made.fortnight if plan.requester_tenant_id == province.code]
    rows = [booking_row(plan, made) for plan in plans]
    booked = await session.execute(
        insert(Booking).returning(Booking.id, Booking.unit_id, Booking.starts_at), rows
    )
    ids = {(row.unit_id, row.starts_at): row.id for row in booked}
    events = (
        booking_events(plan, row, ids[row["unit_id"], plan.starts_at])
        for plan, row in zip(plans, rows, strict=True)
    )
    await record_all(session, chain.from_iterable(events))
    return {}
