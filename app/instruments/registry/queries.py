"""Every select of the registry."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Double,
    Integer,
    Interval,
    Row,
    Select,
    Text,
    Time,
    Uuid,
    and_,
    any_,
    cast,
    column,
    exists,
    extract,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, aggregate_order_by
from sqlalchemy.orm import aliased

from app.access.principal import Principal
from app.codes.public import Code
from app.core.db import ReadSession
from app.instruments.models import Booking, Instrument, InstrumentUnit, OpeningRule
from app.instruments.registry.models import InstrumentFamily, InstrumentFile
from app.instruments.registry.references import CLASSES
from app.instruments.registry.schemas import InstrumentFilter, Sort
from app.instruments.visibility import run_by, visible_to
from app.organisations import public as organisations
from app.organisations.models import Organisation
from app.tenancy.context import context_of
from app.web.public import Shared

CLASS_DIGITS = 6
LISTED = (
    Instrument.id,
    Instrument.tenant_id,
    Instrument.organisation_id,
    Instrument.inner_id,
    Instrument.name_zh,
    Instrument.name_en,
    Instrument.class_code,
    Instrument.model,
    Instrument.manufacturer,
    Instrument.worth_fen,
    Instrument.adcode,
    Instrument.address,
    Instrument.scope,
    Instrument.service_status,
    Instrument.running_state,
    Instrument.booking_mode,
    Instrument.updated_at,
)


NAMED = (
    Organisation.name.label("organisation_name"),
    Code.name_zh.label("class_zh"),
    Code.name_en.label("class_en"),
)


def _its_organisation(caller: Principal) -> ColumnElement[bool]:
    """An instrument may be shared wider than its organisation: then it is nobody's in particular."""
    return and_(Organisation.id == Instrument.organisation_id, organisations.visible_to(caller))


def _its_class() -> ColumnElement[bool]:
    return and_(Code.scheme == CLASSES, Code.code == Instrument.class_code)


def matching(query: str) -> Any:
    """The instruments a text query finds, as rows to filter and sort by (migration 0005 has the function)."""
    found = func.instruments_matching(cast(literal(query), TSQUERY))
    texts = ("tenant_id", "scope", "class_code", "service_status", "tz", "name_key")
    return found.table_valued(
        column("id", Uuid),
        column("organisation_id", Uuid),
        column("worth_fen", BigInteger),
        column("rank", Double),
        *(column(name, Text) for name in texts),
        name="found",
    ).c


def open_at(row: Any, at: datetime, caller: Principal) -> ColumnElement[bool]:
    """Whether an instrument that serves the caller is inside its opening hours at `at`; without hours it always is.

    A restricted one serves the members of its own organisation, and so does one that customs supervise.
    """
    local = func.timezone(row.tz, literal(at))
    clock = cast(local, Time)
    today = extract("isodow", local)
    yesterday = extract("isodow", local - cast(literal("1 day"), Interval))
    overnight = OpeningRule.closes <= OpeningRule.opens
    rule = select(OpeningRule.id).where(OpeningRule.instrument_id == row.id).correlate(row.id.table)
    began_today = and_(
        OpeningRule.weekday == today, OpeningRule.opens <= clock, or_(overnight, clock < OpeningRule.closes)
    )
    goes_on = and_(OpeningRule.weekday == yesterday, overnight, clock < OpeningRule.closes)
    open_hours = or_(not_(exists(rule)), exists(rule.where(or_(began_today, goes_on))))
    insiders = row.organisation_id == any_(literal(list(caller.organisations), ARRAY(Uuid)))
    others = and_(row.service_status == "open", not_(_barred_by_customs(row, cast(local, Date))))
    serves = or_(others, and_(row.service_status.in_(("open", "restricted")), insiders))
    return and_(serves, open_hours)


def _barred_by_customs(row: Any, today: ColumnElement[date]) -> ColumnElement[bool]:
    """`rules.customs.bars_others`; rows that a text query finds have not all columns."""
    entry = Instrument if row is Instrument else aliased(Instrument)
    lasts = or_(entry.customs_until.is_(None), entry.customs_until >= today)
    barred = and_(entry.customs_supervised, entry.customs_notice == "", lasts)
    return barred if row is Instrument else exists().where(entry.id == row.id, barred)


def order_of(sort: Sort, row: Any) -> list[tuple[ColumnElement[Any], bool]]:
    """The keys of an order, each with whether it descends; the last is unique."""
    worth: ColumnElement[Any] = func.coalesce(row.worth_fen, literal(-1, BigInteger))
    orders: dict[Sort, list[tuple[ColumnElement[Any], bool]]] = {
        "newest": [(row.id, True)],
        "name": [(row.name_key, False), (row.id, False)],
        "worth": [(worth, True), (row.id, True)],
    }
    return [(row.rank, True), (row.id, True)] if sort == "relevance" else orders[sort]


def conditions(
    caller: Principal, wanted: InstrumentFilter, row: Any, at: datetime
) -> list[ColumnElement[bool]]:
    """The WHERE of a list."""
    found = [visible_to(caller, row)]
    if wanted.province:
        found.append(row.tenant_id == wanted.province)
    if wanted.class_code:
        # A range, because LIKE is not leakproof and would not use the index under row-level security.
        low = wanted.class_code.ljust(CLASS_DIGITS, "0")
        found += [row.class_code >= low, row.class_code <= wanted.class_code.ljust(CLASS_DIGITS, "9")]
    if wanted.organisation:
        found.append(row.organisation_id == wanted.organisation)
    if wanted.family:
        member = aliased(Instrument)
        found.append(row.id.in_(select(member.id).where(member.family_id == wanted.family)))
    if wanted.mine:
        columns = {"instrument_id": row.id, "owner_id": row.organisation_id, "tenant_id": row.tenant_id}
        found.append(run_by(caller, **columns))
    status = wanted.service_status
    found.append(row.service_status == status if status else row.service_status != "retired")
    if wanted.scope:
        found.append(row.scope == wanted.scope)
    if wanted.open_now is not None:
        is_open = open_at(row, at, caller)
        found.append(is_open if wanted.open_now else not_(is_open))
    return found


def _from(query: str | None) -> Any:
    return matching(query) if query is not None else Instrument


async def counted(
    db: ReadSession,
    caller: Principal,
    wanted: InstrumentFilter,
    *,
    query: str | None,
    at: datetime,
    most: int,
) -> int:
    """How many rows a list has, counted no further than one above `most`."""
    row = _from(query)
    rows = select(row.id).where(*conditions(caller, wanted, row, at)).limit(most + 1).subquery()
    count: int = await db.scalar(select(func.count()).select_from(rows))
    return count


def page(
    caller: Principal,
    wanted: InstrumentFilter,
    *,
    query: str | None,
    at: datetime,
    after: Sequence[Any] | None,
    limit: int,
    columns: Sequence[Any] = LISTED,
) -> Select[Any]:
    """Up to `limit` instruments after the keys `after`: first the ids of the page, then what is shown of each.

    The keys of a row are its columns key0, key1.
    """
    row = _from(query)
    order = order_of(wanted.order, row)
    keys = [key.label(f"key{place}") for place, (key, _) in enumerate(order)]
    chosen_rows = select(row.id.label("id"), *keys).where(*conditions(caller, wanted, row, at))
    if after is not None:
        descending = order[0][1]
        here = tuple_(*(key for key, _ in order))
        there = tuple_(*(literal(value, key.type) for value, (key, _) in zip(after, order, strict=True)))
        chosen_rows = chosen_rows.where(here < there if descending else here > there)
    chosen_rows = chosen_rows.order_by(*(key.desc() if down else key.asc() for key, down in order)).limit(
        limit
    )
    chosen = chosen_rows.subquery("chosen")
    names = [chosen.c[key.name] for key in keys]
    return (
        select(*columns, *_shown(caller, at), *names)
        .join(chosen, chosen.c.id == Instrument.id)
        .outerjoin(Organisation, _its_organisation(caller))
        .outerjoin(Code, _its_class())
        .order_by(
            *(name.desc() if down else name.asc() for name, (_, down) in zip(names, order, strict=True))
        )
    )


def _shown(caller: Principal, at: datetime) -> tuple[ColumnElement[Any], ...]:
    units = (
        select(func.count())
        .where(InstrumentUnit.instrument_id == Instrument.id, InstrumentUnit.active)
        .correlate(Instrument)
        .scalar_subquery()
    )
    return (
        *NAMED,
        cast(units, Integer).label("units"),
        open_at(Instrument, at, caller).label("open_now"),
    )


async def owners(db: ReadSession, tenant_id: str, ids: tuple[UUID, ...] | None) -> Sequence[Row[Any]]:
    """The active organisations of a province, all or these."""
    chosen = Organisation.id.in_(ids) if ids is not None else true()
    statement = select(Organisation.id, Organisation.name, Organisation.uscc, Organisation.adcode).where(
        Organisation.tenant_id == tenant_id, Organisation.status == "active", chosen
    )
    return (await db.execute(statement.order_by(Organisation.name_key, Organisation.id))).all()


async def organisations_shown(db: ReadSession, caller: Principal, tenant_id: str) -> Sequence[Row[Any]]:
    """The organisations of a province that have instruments the caller sees, by name."""
    theirs = exists().where(
        Instrument.organisation_id == Organisation.id,
        visible_to(caller),
        Instrument.service_status != "retired",
    )
    statement = select(Organisation.id, Organisation.name).where(
        Organisation.tenant_id == tenant_id, organisations.visible_to(caller), theirs
    )
    return (await db.execute(statement.order_by(Organisation.name_key, Organisation.id))).all()


async def shared_by_province(db: ReadSession) -> dict[str, Shared]:
    """How many instruments, of how many organisations, each province shows to the session's province or to visitors."""
    reader = Principal(tenant_id=context_of(db).tenant_id)
    counts = (
        func.count().label("instruments"),
        func.count(Instrument.organisation_id.distinct()).label("owners"),
    )
    counted = select(Instrument.tenant_id, *counts).group_by(Instrument.tenant_id)
    rows = await db.execute(counted.where(visible_to(reader), Instrument.service_status != "retired"))
    return {row.tenant_id: Shared(row.instruments, row.owners) for row in rows}


async def classes_shared(db: ReadSession, most: int) -> Sequence[str]:
    """The second-level classes of which the session's province, or visitors, see most; as six-digit codes."""
    reader = Principal(tenant_id=context_of(db).tenant_id)
    code = func.left(Instrument.class_code, 4).op("||")(literal("00")).label("code")
    found = select(code).where(visible_to(reader), Instrument.service_status != "retired")
    return (await db.scalars(found.group_by(code).order_by(func.count().desc(), code).limit(most))).all()


def _units() -> ColumnElement[Any]:
    fields = ("id", "label", "serial", "active")
    unit = func.jsonb_build_object(*(part for f in fields for part in (f, getattr(InstrumentUnit, f))))
    return (
        select(func.jsonb_agg(aggregate_order_by(unit, InstrumentUnit.label, InstrumentUnit.id)))
        .where(InstrumentUnit.instrument_id == Instrument.id)
        .scalar_subquery()
        .label("units")
    )


def _hours() -> ColumnElement[Any]:
    fields = ("weekday", "opens", "closes")
    rule = func.jsonb_build_object(*(part for f in fields for part in (f, getattr(OpeningRule, f))))
    return (
        select(func.jsonb_agg(aggregate_order_by(rule, OpeningRule.weekday, OpeningRule.opens)))
        .where(OpeningRule.instrument_id == Instrument.id)
        .scalar_subquery()
        .label("hours")
    )


def _files() -> ColumnElement[Any]:
    fields = ("id", "media_type", "size", "width", "height", "name", "title")
    file = func.jsonb_build_object(*(part for f in fields for part in (f, getattr(InstrumentFile, f))))
    return (
        select(func.jsonb_agg(aggregate_order_by(file, InstrumentFile.position, InstrumentFile.id)))
        .where(InstrumentFile.instrument_id == Instrument.id)
        .scalar_subquery()
        .label("files")
    )


async def detail(db: ReadSession, caller: Principal, instrument_id: UUID, at: datetime) -> Row[Any] | None:
    """One visible instrument with its organisation's name, units and hours; one query."""
    statement = (
        select(
            Instrument,
            *NAMED,
            InstrumentFamily.name.label("family_name"),
            _units(),
            _hours(),
            _files(),
            open_at(Instrument, at, caller).label("open_now"),
        )
        .outerjoin(Organisation, _its_organisation(caller))
        .outerjoin(Code, _its_class())
        .outerjoin(
            InstrumentFamily, and_(InstrumentFamily.id == Instrument.family_id, Organisation.id.is_not(None))
        )
        .where(Instrument.id == instrument_id, visible_to(caller))
    )
    return (await db.execute(statement)).one_or_none()


async def instrument(db: ReadSession, caller: Principal, instrument_id: UUID) -> Instrument | None:
    """One visible instrument."""
    found: Instrument | None = await db.scalar(
        select(Instrument).where(Instrument.id == instrument_id, visible_to(caller))
    )
    return found


async def instruments(db: ReadSession, caller: Principal, ids: Sequence[UUID]) -> Sequence[Instrument]:
    """Those of these instruments that are visible, as they are now, by name."""
    which = Instrument.id == any_(literal(list(ids), ARRAY(Uuid)))
    found = select(Instrument).where(which, visible_to(caller)).order_by(Instrument.name_key, Instrument.id)
    return (await db.scalars(found.execution_options(populate_existing=True))).all()


async def unit(db: ReadSession, instrument_id: UUID, unit_id: UUID) -> InstrumentUnit | None:
    """One unit of an instrument."""
    mine = (InstrumentUnit.instrument_id == instrument_id, InstrumentUnit.id == unit_id)
    found: InstrumentUnit | None = await db.scalar(select(InstrumentUnit).where(*mine))
    return found


async def units_in_use(db: ReadSession, instruments: Sequence[UUID]) -> Sequence[InstrumentUnit]:
    """The units in use of some instruments, by label."""
    which = InstrumentUnit.instrument_id == any_(literal(list(instruments), ARRAY(Uuid)))
    found = select(InstrumentUnit).where(which, InstrumentUnit.active)
    return (await db.scalars(found.order_by(InstrumentUnit.label, InstrumentUnit.id))).all()


async def visible_unit(db: ReadSession, caller: Principal, unit_id: UUID) -> InstrumentUnit | None:
    """A unit of a visible instrument."""
    its = select(InstrumentUnit).join(Instrument, Instrument.id == InstrumentUnit.instrument_id)
    found: InstrumentUnit | None = await db.scalar(
        its.where(InstrumentUnit.id == unit_id, visible_to(caller))
    )
    return found


async def units_of(db: ReadSession, instruments: Sequence[UUID]) -> Sequence[UUID]:
    """The units of some instruments."""
    which = literal(list(instruments), ARRAY(Uuid))
    return (
        await db.scalars(select(InstrumentUnit.id).where(InstrumentUnit.instrument_id == any_(which)))
    ).all()


async def active_units(db: ReadSession, instrument_id: UUID) -> list[UUID]:
    """The units of an instrument that are in use."""
    mine = (InstrumentUnit.instrument_id == instrument_id, InstrumentUnit.active)
    return list((await db.scalars(select(InstrumentUnit.id).where(*mine))).all())


async def future_by_unit(db: ReadSession, units: Sequence[UUID]) -> dict[UUID, int]:
    """How many bookings still hold each of these units; those without any are left out."""
    held = (Booking.unit_id.in_(units), Booking.blocking, Booking.ends_at > func.clock_timestamp())
    counted = select(Booking.unit_id, func.count().label("total")).where(*held).group_by(Booking.unit_id)
    return {row.unit_id: row.total for row in await db.execute(counted)}


async def future_bookings(db: ReadSession, units: Sequence[UUID]) -> int:
    """How many bookings still hold these units."""
    held = (Booking.unit_id.in_(units), Booking.blocking, Booking.ends_at > func.clock_timestamp())
    count: int = await db.scalar(select(func.count()).select_from(Booking).where(*held))
    return count
