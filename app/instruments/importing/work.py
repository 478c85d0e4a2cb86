"""Going through a file row by row, to check it or to apply it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from sqlalchemy import delete, func, text, update

from app.core.db import Session
from app.core.i18n import msg
from app.core.tabular import Row
from app.instruments.importing import lexicon, writing
from app.instruments.importing.drafts import Draft, Drafter
from app.instruments.importing.judging import Judge
from app.instruments.importing.problems import HasFaults
from app.instruments.importing.reading import open_table
from app.instruments.importing.schemas import FieldSource, Mode
from app.instruments.models import IMPORT_OUTCOMES, InstrumentImport, InstrumentImportRow
from app.journal.public import record
from app.settings import Settings

BATCH = 500
Progress = Callable[[int], Awaitable[None]]
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('instrument-import'), hashtext(:tenant_id))")


@dataclass(frozen=True, slots=True)
class Order:
    """What to do with a file, and for which organisations (None: all of the province)."""

    organisations: tuple[UUID, ...] | None
    write: Mode | None = None
    """None: only check."""


async def go_through(
    db: Session, settings: Settings, entry: InstrumentImport, order: Order, progress: Progress
) -> dict[str, int]:
    """Judge every row, write them if asked to, and keep what became of each; the counts by outcome.

    Raises:
        HasFaults: all rows were to be written and some are faulty; nothing is.
        FileGone, TableError: the file cannot be read.
    """
    if order.write:
        await db.execute(ONE_AT_A_TIME, {"tenant_id": entry.tenant_id})
    table = await asyncio.to_thread(open_table, settings, entry)
    fields = {name: FieldSource.model_validate(source) for name, source in entry.mapping.items()}
    words = await lexicon.load(db, tenant_id=entry.tenant_id, organisations=order.organisations)
    drafter = Drafter(table.columns, fields, words)
    judge = Judge(drafter, entry.tenant_id)
    await db.execute(delete(InstrumentImportRow).where(InstrumentImportRow.import_id == entry.id))
    counts: Counter[str] = Counter(dict.fromkeys(IMPORT_OUTCOMES, 0))
    rows = table.rows()
    # Reading and parsing keep a processor busy: in a thread, so that requests in this process go on.
    while drafts := await asyncio.to_thread(_drafts, drafter, rows):
        verdicts = await judge.judge(db, drafts)
        counts.update(verdict.outcome for verdict in verdicts)
        if order.write == "all" and counts["faulty"]:
            number = next(verdict.draft.number for verdict in verdicts if verdict.outcome == "faulty")
            raise HasFaults(msg("第 {row} 行有错误", row=number))
        written = await writing.write(db, entry, verdicts, drafter.mapped) if order.write else {}
        await writing.note(db, entry, verdicts, written)
        await progress(sum(counts.values()))
    await _settle(db, entry, dict(counts), order)
    return dict(counts)


def _drafts(drafter: Drafter, rows: Iterator[Row]) -> list[Draft]:
    return [drafter.draft(row) for row in islice(rows, BATCH)]


async def _settle(db: Session, entry: InstrumentImport, counts: dict[str, int], order: Order) -> None:
    """Say in the import how it ended, in the transaction of its rows."""
    applied = order.write is not None
    state = {"state": "applied", "applied_at": func.clock_timestamp()} if applied else {"state": "checked"}
    await db.execute(
        update(InstrumentImport)
        .where(InstrumentImport.id == entry.id)
        .values(counts=counts, **state)
        .execution_options(synchronize_session=False)
    )
    if applied:
        subject = ("instrument_import", entry.id)
        after = {**counts, "mode": order.write, "file": entry.file_digest}
        await record(db, "instrument_import.applied", subject=subject, tenant_id=entry.tenant_id, after=after)
