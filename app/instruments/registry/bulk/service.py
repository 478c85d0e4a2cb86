"""What changing several instruments at once does to each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, tuple_, update

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid, NotFound, Stale
from app.core.i18n import msg
from app.instruments.booking.queries import lock_units
from app.instruments.models import Instrument
from app.instruments.registry import queries
from app.instruments.registry.bulk.schemas import BulkChange
from app.instruments.registry.families.queries import of_organisations
from app.instruments.registry.policy import may_manage
from app.instruments.registry.problems import AlreadyRetired
from app.instruments.registry.service import EDITABLE, SUBJECT, kept, today
from app.instruments.rules.record import faults
from app.journal.public import Event, record_all


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one instrument."""

    instrument: Instrument
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    faults: Sequence[FieldError]


async def chosen(db: ReadSession, *, caller: Principal, ids: Collection[UUID]) -> Sequence[Instrument]:
    """These instruments, by name.

    Raises:
        NotFound: the caller may not see one of them.
        Forbidden: they may not change one of them.
    """
    found = await queries.instruments(db, caller, list(ids))
    if len(found) < len(set(ids)):
        raise NotFound
    for instrument in found:
        ensure(may_manage(caller, instrument))
    return found


async def plan(
    db: ReadSession, *, caller: Principal, ids: Collection[UUID], changes: BulkChange
) -> list[Planned]:
    """What would become of each instrument; two statements.

    Raises:
        NotFound, Forbidden: as `chosen`.
    """
    found = await chosen(db, caller=caller, ids=ids)
    given = changes.model_dump(exclude_unset=True)
    families: dict[UUID, UUID] = {}
    if given.get("family_id"):
        rows = await of_organisations(db, {instrument.organisation_id for instrument in found})
        families = {row.id: row.organisation_id for row in rows}
    return [_planned(instrument, given, families) for instrument in found]


def _planned(instrument: Instrument, given: Mapping[str, Any], families: Mapping[UUID, UUID]) -> Planned:
    after = {name: value for name, value in given.items() if value != getattr(instrument, name)}
    before = {name: getattr(instrument, name) for name in after}
    return Planned(instrument, before, after, list(_faults(instrument, after, families)) if after else [])


def _faults(
    instrument: Instrument, after: Mapping[str, Any], families: Mapping[UUID, UUID]
) -> Iterator[FieldError]:
    if instrument.service_status == "retired" and "service_status" in after:
        yield FieldError("service_status", "already_retired", AlreadyRetired.title)
    family_id = after.get("family_id")
    if family_id and families.get(family_id) != instrument.organisation_id:
        yield FieldError("family_id", "family_unknown", msg("该单位没有这个仪器族"))
    entry = {**{name: getattr(instrument, name) for name in EDITABLE}, **after}
    yield from faults(entry, tenant_id=instrument.tenant_id, today=today(instrument.tz))


async def apply(
    db: Session, *, caller: Principal, versions: Mapping[UUID, int], changes: BulkChange
) -> list[Planned]:
    """Change all of them, or none.

    Raises:
        NotFound, Forbidden: as `chosen`.
        Stale: a version is no longer current; the errors say whose.
        Invalid: one of them cannot be changed so; the errors say which, as `instruments.<id>.<field>`.
    """
    planned = await plan(db, caller=caller, ids=versions, changes=changes)
    _ensure_current(
        [one.instrument for one in planned if one.instrument.version != versions[one.instrument.id]]
    )
    wrong = [(one.instrument.id, fault) for one in planned for fault in one.faults]
    if wrong:
        raise Invalid(
            errors=[
                FieldError(f"instruments.{instrument_id}.{fault.field}", fault.code, fault.message)
                for instrument_id, fault in wrong
            ]
        )
    await _write(db, [one for one in planned if one.after])
    return planned


def _ensure_current(stale: Sequence[Instrument]) -> None:
    if stale:
        reason = Stale.title
        raise Stale(errors=[FieldError(f"instruments.{one.id}", "stale_version", reason) for one in stale])


async def _write(db: Session, planned: Sequence[Planned]) -> None:
    """As `registry.service.write`: under the lock of all units, and the versions that were read."""
    if not planned:
        return
    await lock_units(db, await queries.units_of(db, [one.instrument.id for one in planned]))
    read = [(one.instrument.id, one.instrument.version) for one in planned]
    events = [_event(one) for one in planned]
    values = {name: value for one in planned for name, value in one.after.items()}
    statement = (
        update(Instrument)
        .where(tuple_(Instrument.id, Instrument.version).in_(read))
        .values(**values, version=Instrument.version + 1, updated_at=func.clock_timestamp())
        .returning(Instrument.id)
        .execution_options(synchronize_session=False)
    )
    written = set(await db.scalars(statement))
    _ensure_current([one.instrument for one in planned if one.instrument.id not in written])
    await record_all(db, events)


def _event(one: Planned) -> Event:
    subject = (SUBJECT, one.instrument.id)
    before, after = kept(one.before), kept(one.after)
    return Event("instrument.changed", subject, one.instrument.tenant_id, before=before, after=after)
