"""The steps of loading: each makes one kind of rows for one province and says what it made."""

from uuid import UUID

from sqlalchemy import insert, select

from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import Session
from app.demo import bookings as planned
from app.demo.accounts import CLIENT_SECRET, PASSWORD, PEOPLE, system
from app.demo.data.provinces import Province
from app.demo.instruments import INSTRUMENTS, InstrumentPlan
from app.demo.made import Ids, Made, named, one_in
from app.demo.organisations import ORGANISATIONS
from app.demo.rows import booking_row, record_booking
from app.identity import public as identity
from app.instruments import public as register
from app.organisations import public as organisation_register

PROVINCE_ROLES = frozenset({Role.PROVINCE_ADMIN, Role.AUDITOR})
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
        if person.role in PROVINCE_ROLES:
            await identity.grant_role(
                session, tenant_id=province.code, account_id=account_id, role=person.role
            )
    return ids


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


async def instruments(session: Session, province: Province, made: Made) -> Ids:
    """Instruments with units, opening hours and stewards, registered by the province's admin; ids of units too."""
    ids = {}
    admin = made.admin(province)
    steward = made.account(province.code, one_in(PEOPLE[province.code], Role.STEWARD))
    first, *_ = province.organisations
    for number, plan in enumerate(INSTRUMENTS[province.code]):
        instrument_id = await _register(session, admin, made.organisation(province.code, plan.owner), plan)
        ids[plan.inner_id] = instrument_id
        if plan.owner == first and number % STEWARDED == 0:
            await register.add_steward(session, caller=admin, instrument_id=instrument_id, account_id=steward)
    names = {instrument_id: inner_id for inner_id, instrument_id in ids.items()}
    unit = register.InstrumentUnit
    rows = await session.execute(
        select(unit.id, unit.instrument_id, unit.label).where(unit.instrument_id.in_(names))
    )
    return ids | {named(names[row.instrument_id], row.label): row.id for row in rows}


async def _register(session: Session, admin: Principal, owner_id: UUID, plan: InstrumentPlan) -> UUID:
    new = register.InstrumentCreate(organisation_id=owner_id, units=plan.units, **plan.fields)
    instrument_id = await register.create_instrument(session, caller=admin, new=new)
    if plan.regime.hours:
        hours = [
            register.HoursIn(weekday=weekday, opens=opens, closes=closes)
            for weekday, opens, closes in plan.regime.hours
        ]
        await register.set_hours(session, caller=admin, instrument_id=instrument_id, version=1, hours=hours)
    return instrument_id


async def bookings(session: Session, province: Province, made: Made) -> Ids:
    """What the province's people booked, anywhere: written as it was decided, for nobody can book the past."""
    plans = [plan for plan in planned.bookings(made.monday) if plan.requester_tenant_id == province.code]
    booking = register.Booking
    statement = insert(booking).returning(booking.id, sort_by_parameter_order=True)
    rows = [booking_row(plan, made) for plan in plans]
    ids = (await session.scalars(statement, rows)).all()
    for plan, row, booking_id in zip(plans, rows, ids, strict=True):
        await record_booking(session, plan, row, booking_id)
    return {}
