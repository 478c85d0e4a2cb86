"""Writing a batch of rows into the register: few large statements, each change in the journal."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, insert, update

from app.core.db import Session
from app.instruments.booking.queries import lock_units
from app.instruments.importing import queries
from app.instruments.importing.judging import Key, Verdict
from app.instruments.models import Instrument, InstrumentImport, InstrumentImportRow, InstrumentUnit
from app.instruments.registry.queries import units_of
from app.instruments.registry.service import SUBJECT, kept
from app.instruments.rules.record import DEFAULTS
from app.instruments.rules.units import usual_label
from app.journal.public import Event, record_all

INSTRUMENTS = cast("Table", Instrument.__table__)
UNITS = cast("Table", InstrumentUnit.__table__)
ROWS = cast("Table", InstrumentImportRow.__table__)


class Overtaken(Exception):  # noqa: N818 - not an error of the file: the job runs again
    """Somebody changed an entry between reading and writing it."""


async def write(
    db: Session, entry: InstrumentImport, verdicts: Sequence[Verdict], mapped: Sequence[str]
) -> dict[int, UUID]:
    """Register the new entries and change the changed ones; the instruments by row number.

    Raises:
        Overtaken: an entry is no longer as it was judged.
    """
    new = [verdict for verdict in verdicts if verdict.outcome == "new"]
    changed = [verdict for verdict in verdicts if verdict.outcome == "changed"]
    ids = await _register(db, entry, new, mapped)
    await _change(db, changed, mapped)
    await record_all(db, [_registered(entry, verdict, ids[_key(verdict)]) for verdict in new])
    await record_all(db, [_changed(entry, verdict) for verdict in changed])
    numbers = {verdict.draft.number: ids[_key(verdict)] for verdict in new}
    return numbers | {verdict.draft.number: verdict.known.id for verdict in verdicts if verdict.known}


def _key(verdict: Verdict) -> Key:
    assert verdict.draft.key is not None  # a row without a key is faulty
    return verdict.draft.key


async def _register(
    db: Session, entry: InstrumentImport, new: Sequence[Verdict], mapped: Sequence[str]
) -> dict[Key, UUID]:
    if not new:
        return {}
    values = [
        {
            "tenant_id": entry.tenant_id,
            "organisation_id": verdict.draft.organisation_id,
            **{name: verdict.draft.values.get(name, DEFAULTS.get(name)) for name in mapped},
        }
        for verdict in new
    ]
    columns = INSTRUMENTS.c
    added = insert(INSTRUMENTS).returning(columns.id, columns.organisation_id, columns.inner_id)
    ids = {(row.organisation_id, row.inner_id): row.id for row in await db.execute(added, values)}
    units = [
        {"tenant_id": entry.tenant_id, "instrument_id": ids[_key(verdict)], "label": usual_label(number)}
        for verdict in new
        for number in range(1, (verdict.draft.units or 1) + 1)
    ]
    await db.execute(insert(UNITS).inline(), units)
    return ids


async def _change(db: Session, changed: Sequence[Verdict], mapped: Sequence[str]) -> None:
    """Change entries as `registry.service.write` does: under the lock of their units, and the version that was read."""
    if not changed:
        return
    read = {verdict.known.id: verdict.known.version for verdict in changed if verdict.known}
    await lock_units(db, await units_of(db, list(read)))
    if await queries.versions(db, list(read)) != read:
        raise Overtaken
    names = [name for name in mapped if name != "inner_id"]
    statement = (
        update(INSTRUMENTS)
        .where(INSTRUMENTS.c.id == bindparam("which"))
        .values(
            {name: bindparam(f"new_{name}", type_=INSTRUMENTS.c[name].type) for name in names}
            | {"version": INSTRUMENTS.c.version + 1, "updated_at": func.clock_timestamp()}
        )
    )
    await db.execute(statement, [_parameters(verdict, names) for verdict in changed])


def _parameters(verdict: Verdict, names: Sequence[str]) -> dict[str, Any]:
    values = {f"new_{name}": verdict.changes.get(name, getattr(verdict.known, name)) for name in names}
    assert verdict.known is not None  # only a known entry is changed
    return {"which": verdict.known.id, **values}


def _registered(entry: InstrumentImport, verdict: Verdict, instrument_id: UUID) -> Event:
    source = {"import_id": entry.id, "row": verdict.draft.number}
    after = kept(verdict.draft.values) | {"organisation_id": verdict.draft.organisation_id} | source
    return Event("instrument.created", (SUBJECT, instrument_id), entry.tenant_id, after=after)


def _changed(entry: InstrumentImport, verdict: Verdict) -> Event:
    assert verdict.known is not None  # only a known entry is changed
    before = kept({name: getattr(verdict.known, name) for name in verdict.changes})
    after = kept(verdict.changes) | {"import_id": entry.id, "row": verdict.draft.number}
    return Event(
        "instrument.changed", (SUBJECT, verdict.known.id), entry.tenant_id, before=before, after=after
    )


async def note(
    db: Session, entry: InstrumentImport, verdicts: Sequence[Verdict], instruments: dict[int, UUID]
) -> None:
    """Keep what became of each row."""
    rows = [
        {
            "tenant_id": entry.tenant_id,
            "import_id": entry.id,
            "row_number": verdict.draft.number,
            "outcome": verdict.outcome,
            "inner_id": str(verdict.draft.values.get("inner_id", ""))[:150],
            "name": str(verdict.draft.values.get("name_zh", ""))[:300],
            "instrument_id": instruments.get(verdict.draft.number),
            "faults": [_kept(fault) for fault in verdict.draft.faults],
            "warnings": [_kept(fault) for fault in verdict.draft.warnings],
        }
        for verdict in verdicts
    ]
    if rows:
        await db.execute(insert(ROWS).inline(), rows)


def _kept(fault: Any) -> dict[str, Any]:
    texts = {"zh": fault.message.text("zh"), "en": fault.message.text("en")}
    return {
        "field": fault.field,
        "column": fault.column,
        "code": fault.code,
        "value": fault.value,
        "message": texts,
    }
