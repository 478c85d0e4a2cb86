"""What can be done with entries of the register."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, insert, update

from app.access.guards import ensure
from app.access.principal import Principal
from app.core import clock
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid, NotFound, Stale
from app.core.i18n import msg
from app.instruments.booking.queries import lock_units
from app.instruments.models import Instrument, InstrumentUnit
from app.instruments.registry import queries, references
from app.instruments.registry.policy import may_manage, may_register
from app.instruments.registry.problems import AlreadyRetired, StillBooked
from app.instruments.registry.schemas import InstrumentChange, InstrumentCreate
from app.instruments.registry.views import CONTACT
from app.instruments.rules.record import DEFAULTS, faults
from app.journal.public import record
from app.organisations import public as organisations

SUBJECT = "instrument"
WITHHELD = "***"
"""What the journal keeps of personal data: that it changed."""
EDITABLE = tuple(InstrumentChange.model_fields)


async def get(db: ReadSession, *, caller: Principal, instrument_id: UUID) -> Row[Any]:
    """A row of `queries.detail`.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    row = await queries.detail(db, caller, instrument_id, clock.now())
    if row is None:
        raise NotFound
    return row


async def managed(db: ReadSession, *, caller: Principal, instrument_id: UUID) -> Instrument:
    """An instrument the caller may change.

    Raises:
        NotFound: the caller may not see it.
        Forbidden: they see it and may not change it.
    """
    instrument = await queries.instrument(db, caller, instrument_id)
    if instrument is None:
        raise NotFound
    ensure(may_manage(caller, instrument))
    return instrument


async def create(db: Session, *, caller: Principal, new: InstrumentCreate) -> UUID:
    """Register an instrument with its units; the id.

    Raises:
        Forbidden: the caller may not register for that organisation.
        Invalid: the entry breaks rules; all faults at once.
        InnerIdTaken: (by the constraint's name) the organisation has that inner id.
    """
    organisation = await owner(db, caller, new.organisation_id)
    values = new.given()
    units = values.pop("units", None) or [unit.model_dump() for unit in new.units]
    await check(db, {**DEFAULTS, **values}, tenant_id=organisation.tenant_id)
    added = insert(Instrument).values(**values, tenant_id=organisation.tenant_id).returning(Instrument.id)
    instrument_id: UUID = (await db.scalars(added)).one()
    mine = {"tenant_id": organisation.tenant_id, "instrument_id": instrument_id}
    await db.execute(insert(InstrumentUnit), [{**mine, **unit} for unit in units])
    subject = (SUBJECT, instrument_id)
    tenant_id = organisation.tenant_id
    await record(db, "instrument.created", subject=subject, tenant_id=tenant_id, after=kept(values))
    return instrument_id


async def owner(db: ReadSession, caller: Principal, organisation_id: UUID) -> organisations.Organisation:
    """The organisation that something is to be registered for.

    Raises:
        Invalid: there is none, or the caller does not see it.
        Forbidden: the caller may not register for it.
    """
    try:
        organisation = await organisations.get(db, caller=caller, organisation_id=organisation_id)
    except NotFound:
        reason = msg("没有这个单位")
        raise Invalid(errors=[FieldError("organisation_id", "organisation_unknown", reason)]) from None
    ensure(may_register(caller, organisation))
    return organisation


async def check(db: ReadSession, entry: Mapping[str, Any], *, tenant_id: str) -> None:
    """Hold a complete entry to the rules and to the code lists.

    Raises:
        Invalid: with every fault.
    """
    found = faults(entry, tenant_id=tenant_id, today=today(str(entry["tz"])))
    unknown = await references.unknown_in(db, [entry])
    if errors := [*found, *unknown.faults(entry)]:
        raise Invalid(errors=errors)


def today(zone: str) -> date:
    """The date where an instrument stands."""
    return clock.now().astimezone(ZoneInfo(zone)).date()


async def change(
    db: Session, *, caller: Principal, instrument_id: UUID, version: int, changes: InstrumentChange
) -> None:
    """Change what is given in `changes`.

    Raises:
        NotFound, Forbidden: as `managed`.
        Stale: `version` is no longer current.
        Invalid, InnerIdTaken: as `create`.
    """
    instrument = await managed(db, caller=caller, instrument_id=instrument_id)
    given = changes.given()
    after = {name: value for name, value in given.items() if value != getattr(instrument, name)}
    if not after:
        ensure_current(instrument, version)
        return
    if instrument.service_status == "retired" and "service_status" in after:
        raise AlreadyRetired
    current = {name: getattr(instrument, name) for name in EDITABLE}
    await check(db, current | after, tenant_id=instrument.tenant_id)
    await write(db, instrument, version, after)
    before = {name: current[name] for name in after}
    await _record(db, "instrument.changed", instrument, before=kept(before), after=kept(after))


async def retire(db: Session, *, caller: Principal, instrument_id: UUID, version: int, reason: str) -> None:
    """Take an instrument out of service for good; its entry and history stay.

    Raises:
        NotFound, Forbidden, Stale: as `change`.
        AlreadyRetired: it was.
        StillBooked: future bookings hold one of its units.
    """
    instrument = await managed(db, caller=caller, instrument_id=instrument_id)
    if instrument.service_status == "retired":
        raise AlreadyRetired
    await ensure_free(db, await queries.units_of(db, [instrument_id]))
    await write(db, instrument, version, {"service_status": "retired"})
    before = {"service_status": instrument.service_status}
    await _record(db, "instrument.retired", instrument, before=before, after={"reason": reason})


async def bookings_ahead(db: ReadSession, instrument: Instrument) -> int:
    """How many bookings stand in the way of retiring an instrument."""
    return await queries.future_bookings(db, await queries.units_of(db, [instrument.id]))


async def ensure_free(db: Session, units: Any) -> None:
    """Lock units against new bookings and see that none lies ahead.

    Raises:
        StillBooked: with how many do.
    """
    await lock_units(db, units)
    ahead = await queries.future_bookings(db, units)
    if ahead:
        raise StillBooked(msg("还有 {count} 个未来的预约", count=ahead), bookings=ahead)


def ensure_current(instrument: Instrument, version: int) -> None:
    """Refuse a version that is no longer current.

    Raises:
        Stale: it is not.
    """
    if instrument.version != version:
        raise Stale


async def write(db: Session, instrument: Instrument, version: int, values: Mapping[str, Any]) -> None:
    """Set columns of the version that was read, and count it up; its units and hours count as its own.

    Its units are locked, so that a booking is made under the terms before or after, never under both.

    Raises:
        Stale: somebody else was first.
    """
    await lock_units(db, await queries.units_of(db, [instrument.id]))
    statement = (
        update(Instrument)
        .where(Instrument.id == instrument.id, Instrument.version == version)
        .values(**values, version=Instrument.version + 1, updated_at=func.clock_timestamp())
        .returning(Instrument.id)
        .execution_options(synchronize_session=False)
    )
    if await db.scalar(statement) is None:
        raise Stale


def kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal keeps of an entry: no personal data."""
    return {name: WITHHELD if name in CONTACT and value else value for name, value in values.items()}


async def _record(
    db: Session, kind: str, instrument: Instrument, *, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    subject = (SUBJECT, instrument.id)
    await record(db, kind, subject=subject, tenant_id=instrument.tenant_id, before=before, after=after)
