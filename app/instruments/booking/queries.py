"""Every select of booking."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.sql.dml import ReturningInsert

from app.access.principal import Principal
from app.core import keyset
from app.core.db import ReadSession, frozen
from app.instruments.models import Booking, BookingApproval, Instrument, InstrumentUnit, OpeningRule
from app.instruments.qualifications.standing import demands_column
from app.instruments.rules.quotas import Held
from app.instruments.rules.states import COUNTED, LIVE
from app.instruments.visibility import (
    WHOLE_PROVINCE,
    run_by,
    visibility,
    visible,
    visible_to,
)
from app.organisations.models import Organisation

LOCK_UNITS = text("SELECT booking_lock_units(:units)")
LOCK_HOLDERS = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")
BUSY = text(
    """
    SELECT busy.booking_id, busy.unit_id, busy.occupied_from, busy.occupied_to, b.starts_at, b.ends_at,
           b.tenant_id, b.instrument_id, b.owner_id,
           b.requester_tenant_id, b.requester_id, b.organisation_id, b.requester_name, b.organisation_name
    FROM booking_busy(:units, :since, :until) AS busy
    LEFT JOIN booking b ON b.id = busy.booking_id
    """
)


def _hours() -> ColumnElement[Any]:
    """The instrument's opening rules as one JSON value, so that terms come in one row."""
    rule = func.jsonb_build_array(OpeningRule.weekday, OpeningRule.opens, OpeningRule.closes)
    return (
        select(func.jsonb_agg(aggregate_order_by(rule, OpeningRule.weekday, OpeningRule.opens)))
        .where(OpeningRule.instrument_id == Instrument.id)
        .scalar_subquery()
        .label("hours")
    )


_TERMS = (
    Instrument.id.label("instrument_id"),
    Instrument.tenant_id,
    Instrument.organisation_id.label("owner_id"),
    Instrument.name_zh.label("instrument_name"),
    Instrument.service_status,
    Instrument.booking_mode,
    Instrument.customs_supervised,
    Instrument.customs_notice,
    Instrument.customs_until,
    Instrument.tz,
    func.booking_rules_of(
        Instrument.id, bindparam("day_from", type_=Date), bindparam("day_to", type_=Date)
    ).label("rules"),
)


def _payer() -> list[ColumnElement[Any]]:
    """The active organisation in whose name is booked."""
    active = (Organisation.id == bindparam("payer_id", type_=Uuid), Organisation.status == "active")
    columns = (Organisation.name, Organisation.kind, Organisation.tenant_id)
    return [
        select(column).where(*active).scalar_subquery().label(f"payer_{column.key}") for column in columns
    ]


def _unit_terms() -> Select[*tuple[Any, ...]]:
    return (
        select(
            InstrumentUnit.id.label("unit_id"),
            InstrumentUnit.label.label("unit_label"),
            InstrumentUnit.active,
            *_TERMS,
            _hours(),
            *_payer(),
            demands_column(bindparam("person_id", type_=Uuid), Instrument.id).label("demands"),
            func.clock_timestamp().label("now"),
        )
        .join(Instrument, Instrument.id == InstrumentUnit.instrument_id)
        .where(InstrumentUnit.id == bindparam("unit_id", type_=Uuid), visible())
    )


def _instrument_terms() -> Select[*tuple[Any, ...]]:
    unit = func.jsonb_build_array(InstrumentUnit.id, InstrumentUnit.label)
    units = (
        select(func.jsonb_agg(aggregate_order_by(unit, InstrumentUnit.label, InstrumentUnit.id)))
        .where(InstrumentUnit.instrument_id == Instrument.id, InstrumentUnit.active)
        .scalar_subquery()
    )
    columns = (*_TERMS, Instrument.name_en, _hours(), *_payer(), units.label("units"))
    return select(*columns, func.clock_timestamp().label("now")).where(
        Instrument.id == bindparam("instrument_id", type_=Uuid), visible()
    )


NO_OVERLAP = "ex_booking_unit_id_occupied"
_GIVEN = [
    "tenant_id",
    "instrument_id",
    "unit_id",
    "owner_id",
    "instrument_name",
    "unit_label",
    "tz",
    "requester_tenant_id",
    "requester_id",
    "requester_name",
    "organisation_id",
    "organisation_name",
    "purpose",
    "project",
    "note",
    "during",
    "occupied",
    "setup_min",
    "teardown_min",
    "policies",
    "overridden",
    "override_reason",
    "status",
    "blocking",
    "due_at",
    "hold_until",
]


def _insert() -> ReturningInsert[*tuple[Any, ...]]:
    """A booking, unless the exclusion constraint has given the time to somebody else.

    Its unit is locked already: contenders queue instead of deadlocking, and the later one finds the conflict.
    """
    table: Any = Booking.__table__
    given = [bindparam(name, type_=table.c[name].type) for name in _GIVEN]
    statement = insert(table).from_select(_GIVEN, select(*given))
    return statement.on_conflict_do_nothing(constraint=NO_OVERLAP).returning(*table.c)


INSERT = frozen(_insert())
UNIT_TERMS = frozen(_unit_terms())
INSTRUMENT_TERMS = frozen(_instrument_terms())


Days = tuple[date, date]
"""From the first day to the last whose hours matter."""


async def unit_terms(
    session: ReadSession,
    caller: Principal,
    unit_id: UUID,
    days: Days,
    *,
    person_id: UUID | None,
    payer_id: UUID | None = None,
) -> Row[Any] | None:
    """A visible unit with its instrument's rules, what a person is qualified for, an active payer and the clock, in one row."""
    given = {"unit_id": unit_id, "person_id": person_id, **_asked(caller, days, payer_id)}
    return (await session.execute(UNIT_TERMS, given)).one_or_none()


async def instrument_terms(
    session: ReadSession, caller: Principal, instrument_id: UUID, days: Days, *, payer_id: UUID | None = None
) -> Row[Any] | None:
    """A visible instrument's rules with its active units and the database's clock, in one row."""
    given = {"instrument_id": instrument_id, **_asked(caller, days, payer_id)}
    return (await session.execute(INSTRUMENT_TERMS, given)).one_or_none()


def _asked(caller: Principal, days: Days, payer_id: UUID | None) -> dict[str, Any]:
    return {"payer_id": payer_id, "day_from": days[0], "day_to": days[1], **visibility(caller)}


async def lock_holders(session: ReadSession, keys: Sequence[int]) -> None:
    """Hold these locks, in the order given, until the transaction ends."""
    await session.execute(LOCK_HOLDERS, {"keys": list(keys)})


async def held(
    session: ReadSession,
    row: Row[Any],
    *,
    requester: tuple[str, UUID | None],
    payer_id: UUID | None,
    since: datetime,
    until: datetime,
    besides: UUID | None,
) -> Sequence[Held]:
    """What a person, and the payer where one is given, hold in the instrument's province: ahead, or in [since, until)."""
    mine = and_(Booking.requester_tenant_id == requester[0], Booking.requester_id == requester[1])
    ahead = Booking.ends_at > func.clock_timestamp()
    nearest = case(
        (Booking.unit_id == row.unit_id, "unit"),
        (Booking.instrument_id == row.instrument_id, "instrument"),
        (Booking.owner_id == row.owner_id, "organisation"),
        else_="province",
    )
    statement = select(
        Booking.starts_at.label("start"),
        Booking.ends_at.label("end"),
        mine.label("by_user"),
        (Booking.status == "requested").label("pending"),
        ahead.label("ahead"),
        nearest.label("nearest"),
    ).where(
        or_(mine, Booking.organisation_id == payer_id) if payer_id else mine,
        Booking.tenant_id == row.tenant_id,
        Booking.status.in_(COUNTED),
        or_(ahead, and_(Booking.starts_at < until, Booking.ends_at > since)),
        Booking.id != besides if besides else true(),
    )
    return [Held(**one) for one in (await session.execute(statement)).mappings()]


async def sibling_units(session: ReadSession, instrument_id: UUID) -> Sequence[UUID]:
    """The active units of an instrument."""
    statement = select(InstrumentUnit.id).where(
        InstrumentUnit.instrument_id == instrument_id, InstrumentUnit.active
    )
    return (await session.scalars(statement.order_by(InstrumentUnit.label))).all()


async def lock_units(session: ReadSession, units: Sequence[UUID]) -> None:
    """Lock units' rows in the order of their ids, whichever province they belong to."""
    await session.execute(LOCK_UNITS, {"units": list(units)})


def requested_by(caller: Principal) -> ColumnElement[bool]:
    """Bookings the caller made, or that were made for an organisation the caller manages or acts for."""
    if caller.id is None:
        return false()
    mine = and_(Booking.requester_tenant_id == caller.tenant_id, Booking.requester_id == caller.id)
    found = [mine, Booking.organisation_id.in_(caller.managed)]
    if caller.acts_for_province:
        found.append(Booking.requester_tenant_id == caller.tenant_id)
    return or_(*found)


def received_by(caller: Principal) -> ColumnElement[bool]:
    """Bookings of the instruments the caller runs; auditors read those of their province."""
    run = run_by(
        caller, instrument_id=Booking.instrument_id, owner_id=Booking.owner_id, tenant_id=Booking.tenant_id
    )
    return or_(run, Booking.tenant_id == caller.tenant_id) if caller.roles & WHOLE_PROVINCE else run


def readable_by(caller: Principal) -> ColumnElement[bool]:
    """What either party made or received; the officers of both provinces read it too: `policy.may_read` in SQL."""
    found = [requested_by(caller), received_by(caller)]
    if caller.roles & WHOLE_PROVINCE:
        found.append(Booking.requester_tenant_id == caller.tenant_id)
    return or_(*found)


async def busy(
    session: ReadSession, units: Sequence[UUID], since: datetime, until: datetime
) -> Sequence[Row[Any]]:
    """When units are occupied in [since, until); who is a party is there only for the provinces of the two parties."""
    return (await session.execute(BUSY, {"units": list(units), "since": since, "until": until})).all()


SEARCHED = (
    Booking.instrument_name,
    Booking.unit_label,
    Booking.requester_name,
    Booking.organisation_name,
    Booking.project,
)
"""The texts in which a list is searched."""
SIDES = {"requested": requested_by, "received": received_by}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of bookings is narrowed to."""

    side: str | None = None
    instrument_id: UUID | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    live: bool | None = None
    """Still to be, or come to nothing."""
    q: str | None = None

    def conditions(self, caller: Principal) -> list[ColumnElement[bool]]:
        """The WHERE of the list."""
        found = [SIDES[self.side](caller) if self.side else readable_by(caller)]
        if self.instrument_id:
            found.append(Booking.instrument_id == self.instrument_id)
        if self.status:
            found.append(Booking.status == self.status)
        if self.since:
            found.append(Booking.ends_at > self.since)
        if self.until:
            found.append(Booking.starts_at < self.until)
        if self.live is not None:
            among = Booking.status.in_(LIVE)
            found.append(among if self.live else ~among)
        if self.q:
            found.append(or_(*(column.icontains(self.q, autoescape=True) for column in SEARCHED)))
        return found


async def bookings(
    session: ReadSession,
    caller: Principal,
    wanted: Filter,
    part: keyset.Part,
    *,
    descending: bool = False,
    bound_to: object = None,
) -> keyset.Slice[Booking]:
    """Bookings the caller may read, by start; one statement.

    `bound_to` replaces the filter in the cursor where the filter moves with the clock.
    """
    order = keyset.Order((Booking.starts_at, Booking.id), descending)
    rows = select(Booking).where(*wanted.conditions(caller))
    bound = ["bookings", caller.id, bound_to or asdict(wanted), descending]
    return await keyset.fetch(session, rows, order, part, bound_to=bound)


async def booking(session: ReadSession, caller: Principal, booking_id: UUID) -> Booking | None:
    """One booking the caller may read."""
    readable = select(Booking).where(Booking.id == booking_id, readable_by(caller))
    found: Booking | None = await session.scalar(readable)
    return found


async def approval(session: ReadSession, booking_id: UUID) -> BookingApproval | None:
    """The decision about a booking the caller reads."""
    found: BookingApproval | None = await session.scalar(
        select(BookingApproval).where(BookingApproval.booking_id == booking_id)
    )
    return found


async def rivals(session: ReadSession, booking: Booking) -> int:
    """How many other requests the approval of this one would bring to nothing, in the eyes of the instrument's side."""
    count = select(func.count()).where(
        Booking.unit_id == booking.unit_id,
        Booking.status == "requested",
        Booking.id != booking.id,
        Booking.occupied_from < booking.occupied_to,
        Booking.occupied_to > booking.occupied_from,
    )
    return int(await session.scalar(count) or 0)


async def every(
    session: ReadSession, caller: Principal, wanted: Filter, *, descending: bool
) -> Sequence[Row[Any]]:
    """The whole list as plain rows, by start.

    Raises:
        ExportTooLarge: it has more rows than a file holds.
    """
    start = Booking.starts_at.desc() if descending else Booking.starts_at
    rows = select(*Booking.__table__.c).where(*wanted.conditions(caller)).order_by(start, Booking.id)
    found = (await session.execute(rows.limit(keyset.MOST_EXPORTED + 1))).all()
    keyset.must_fit_a_file(found)
    return found


async def registered(
    session: ReadSession, caller: Principal, instruments: Collection[UUID]
) -> dict[UUID, Row[Any]]:
    """What the register says today of those instruments that are still shared with the caller; one statement."""
    columns = (
        Instrument.id,
        Instrument.name_zh,
        Instrument.name_en,
        Instrument.service_status,
        Instrument.adcode,
        Instrument.address,
    )
    shared = select(*columns).where(Instrument.id.in_(set(instruments)), visible_to(caller))
    return {row.id: row for row in await session.execute(shared)} if instruments else {}
