"""The rows that have faults, as a file to correct and send again: its own columns and encoding, and the reasons."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from sqlalchemy import select

from app.core.db import ReadSession
from app.core.i18n import Locale, msg
from app.core.tabular import Cell, Table, write_csv
from app.instruments.importing import sent_back
from app.instruments.importing.reading import open_table
from app.instruments.importing.schemas import RowFault
from app.instruments.importing.service import Entry
from app.instruments.models import InstrumentImportRow
from app.settings import Settings

COLON, STOP = msg("："), msg("；")


async def errors_csv(db: ReadSession, settings: Settings, entry: Entry, locale: Locale) -> bytes:
    """The faulty rows with a column for what is wrong with them.

    Raises:
        FileGone: the file was purged.
    """
    table = InstrumentImportRow
    statement = select(table.row_number, table.faults).where(
        table.import_id == entry.file.id, table.outcome == "faulty"
    )
    reasons = {row.row_number: _reason(row.faults, locale) for row in await db.execute(statement)}
    return await asyncio.to_thread(_written, settings, entry, reasons, locale)


def _reason(faults: list[dict[str, Any]], locale: Locale) -> str:
    found = [RowFault.of(fault, locale) for fault in faults]
    colon, stop = COLON.text(locale), STOP.text(locale)
    return stop.join(f"{f.label}{colon}{f.message}" if f.label else f.message for f in found)


def _written(settings: Settings, entry: Entry, reasons: Mapping[int, str], locale: Locale) -> bytes:
    source = open_table(settings, entry.file)
    # Other encodings cannot say the reasons.
    encoding: Literal["gb18030", "utf-8-sig"] = "gb18030" if source.encoding == "gb18030" else "utf-8-sig"
    return b"".join(write_csv(_rows(source, reasons, locale), encoding=encoding))


def _rows(source: Table, reasons: Mapping[int, str], locale: Locale) -> Iterator[list[Cell]]:
    """The rows with their reasons; where they were sent back before, these take the place of the reasons then."""
    added = [source.columns.index(name) for name in sent_back.added(source.columns)]
    own = [place for place in range(len(source.columns)) if place not in added]
    yield [
        *(source.header[place] for place in own),
        sent_back.ROW.text(locale),
        sent_back.REASON.text(locale),
    ]
    for row in source.rows():
        if row.number in reasons:
            number = row.cells[added[0]] if added else row.number
            yield [*(row.cells[place] for place in own), number, reasons[row.number]]
