"""What can be done with an instrument's units, opening hours and stewards."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, update

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid, NotFound
from app.core.i18n import msg
from app.identity import public as identity
from app.instruments.models import Instrument, InstrumentUnit, OpeningRule
from app.instruments.registry import queries
from app.instruments.registry.policy import may_appoint
from app.instruments.registry.problems import LastUnit, TooManyUnits
from app.instruments.registry.schemas import HoursIn, UnitChange, UnitIn
from app.instruments.registry.service import SUBJECT, ensure_current, ensure_free, managed, write
from app.instruments.rules.cells import MOST_UNITS
from app.instruments.rules.opening import OpeningHours, closing_text
from app.instruments.rules.week import overlaps
from app.journal.public import record


async def add_unit(db: Session, *, caller: Principal, instrument_id: UUID, version: int, new: UnitIn) -> UUID:
    """Give an instrument one more unit; its id.

    Raises:
        NotFound, Forbidden, Stale: as `service.change`.
        TooManyUnits: it has 50.
        UnitLabelTaken: (by the constraint's name) it has a unit of that label.
    """
    instrument = await managed(db, caller=caller, instrument_id=instrument_id)
    # The new version is this transaction's alone: nobody else adds one meanwhile.
    await write(db, instrument, version, {})
    if len(await queries.units_of(db, [instrument_id])) >= MOST_UNITS:
        raise TooManyUnits
    values = {"tenant_id": instrument.tenant_id, "instrument_id": instrument_id, **new.model_dump()}
    unit_id: UUID = (
        await db.scalars(insert(InstrumentUnit).values(**values).returning(InstrumentUnit.id))
    ).one()
    await _record(db, "unit.added", instrument, unit_id, after=new.model_dump())
    return unit_id


async def change_unit(
    db: Session, *, caller: Principal, instrument_id: UUID, unit_id: UUID, version: int, changes: UnitChange
) -> None:
    """Rename a unit, or take it out of or back into use; `version` is the instrument's.

    Raises:
        NotFound, Forbidden, Stale, UnitLabelTaken: as `add_unit`.
        StillBooked: it is to be taken out of use and has future bookings.
        LastUnit: no other unit would be left.
    """
    instrument = await managed(db, caller=caller, instrument_id=instrument_id)
    unit = await queries.unit(db, instrument_id, unit_id)
    if unit is None:
        raise NotFound
    before = {name: getattr(unit, name) for name in changes.model_fields_set}
    after = {
        name: value for name, value in changes.model_dump(exclude_unset=True).items() if value != before[name]
    }
    if not after:
        ensure_current(instrument, version)
        return
    await write(db, instrument, version, {})
    if after.get("active") is False:
        await ensure_free(db, [unit_id])
        if await queries.active_units(db, instrument_id) == [unit_id]:
            raise LastUnit
    await db.execute(update(InstrumentUnit).where(InstrumentUnit.id == unit_id).values(**after))
    await _record(
        db, "unit.changed", instrument, unit_id, before={name: before[name] for name in after}, after=after
    )


async def set_hours(
    db: Session, *, caller: Principal, instrument_id: UUID, version: int, hours: Sequence[HoursIn]
) -> None:
    """Replace all opening hours; bookings made before stay.

    Raises:
        NotFound, Forbidden, Stale: as `service.change`.
        Invalid: hours overlap; each one that does is named.
    """
    instrument = await managed(db, caller=caller, instrument_id=instrument_id)
    if errors := overlap_faults(hours):
        raise Invalid(errors=errors)
    await write(db, instrument, version, {})
    await db.execute(delete(OpeningRule).where(OpeningRule.instrument_id == instrument_id))
    mine = {"tenant_id": instrument.tenant_id, "instrument_id": instrument_id}
    if hours:
        await db.execute(insert(OpeningRule), [{**mine, **rule.model_dump()} for rule in hours])
    after = {"hours": [f"{rule.weekday} {rule.opens:%H:%M}-{closing_text(rule.closes)}" for rule in hours]}
    await _record(db, "instrument.hours_changed", instrument, instrument_id, after=after)


def overlap_faults(hours: Sequence[HoursIn]) -> list[FieldError]:
    """The hours that are open at the same time as earlier ones in the list."""
    week = [OpeningHours(rule.weekday, rule.opens, rule.closes) for rule in hours]
    later = sorted({second for _, second in overlaps(week)})
    reason = msg("与其他开放时间重叠")
    return [FieldError(f"hours.{place}", "overlapping", reason) for place in later]


async def stewards(db: ReadSession, *, caller: Principal, instrument_id: UUID) -> Sequence[identity.Steward]:
    """The stewards, the primary one first, for those who manage the instrument.

    Raises:
        NotFound, Forbidden: as `service.managed`.
    """
    await managed(db, caller=caller, instrument_id=instrument_id)
    return await identity.stewards_of(db, instrument_id)


async def add_steward(db: Session, *, caller: Principal, instrument_id: UUID, account_id: UUID) -> None:
    """Appoint an account of the province; nothing changes when it is the steward already.

    Raises:
        NotFound: the caller may not see the instrument.
        Forbidden: the caller may not appoint.
        Invalid: (by the constraint's name) there is no such account in the province.
    """
    instrument = await _appointing(db, caller, instrument_id)
    await identity.add_steward(
        db, tenant_id=instrument.tenant_id, account_id=account_id, instrument_id=instrument_id
    )


async def set_primary_steward(
    db: Session, *, caller: Principal, instrument_id: UUID, account_id: UUID
) -> None:
    """Say which of the stewards answers for the instrument; the others stand in.

    Raises:
        NotFound: the caller may not see the instrument, or the account is not its steward.
        Forbidden: the caller may not appoint.
    """
    await _appointing(db, caller, instrument_id)
    await identity.set_primary_steward(db, account_id=account_id, instrument_id=instrument_id)


async def remove_steward(db: Session, *, caller: Principal, instrument_id: UUID, account_id: UUID) -> None:
    """Dismiss a steward.

    Raises:
        NotFound: the caller may not see the instrument, or the account is not its steward.
        Forbidden: the caller may not appoint.
    """
    await _appointing(db, caller, instrument_id)
    await identity.remove_steward(db, account_id=account_id, instrument_id=instrument_id)


async def _appointing(db: ReadSession, caller: Principal, instrument_id: UUID) -> Instrument:
    instrument = await queries.instrument(db, caller, instrument_id)
    if instrument is None:
        raise NotFound
    ensure(may_appoint(caller, instrument))
    return instrument


async def _record(
    db: Session,
    kind: str,
    instrument: Instrument,
    subject_id: UUID,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    subject = ("unit", subject_id) if kind.startswith("unit.") else (SUBJECT, subject_id)
    await record(db, kind, subject=subject, tenant_id=instrument.tenant_id, before=before, after=after)
