"""Bringing a list up to a new edition: all or nothing, idempotent, nothing deleted."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from app.codes import queries
from app.codes.models import Code, CodeScheme
from app.codes.placing import place
from app.codes.reading import Reading, read
from app.codes.rules.changes import Changes, Entry, compare, covered_levels
from app.codes.schemes import SCHEMES, scheme_of
from app.core.db import Session
from app.core.errors import FieldError
from app.core.i18n import Message, msg

DATA = Path(__file__).parent / "data"
ROWS_PER_STATEMENT = 2_000
COLUMNS = tuple(column.name for column in fields(Entry))


@dataclass(frozen=True, slots=True)
class Edition:
    """A file with an edition of a list, and how to take it."""

    path: Path
    source: str = ""
    """Who published it and when; the file's name where nothing is said."""
    format_name: str | None = None
    columns: Mapping[str, str] | None = None
    """Our column -> the file's, for shapes that no format describes."""
    encoding: str | None = None
    as_of: date | None = None
    """The day the edition takes effect; codes it lacks were in force until the day before."""
    partial: bool = False
    """The file is a part of the list: codes it lacks stay current."""
    replace: bool = False
    """Let more than half of the current codes become historical."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do."""

    scheme: str
    format: str
    read: int
    changes: Changes
    omitted: Sequence[tuple[Message, list[int]]]
    """Reasons why rows are no entries of the list, and those rows."""
    faults: Sequence[FieldError] = field(default=())
    applied: bool = False


async def import_codes(db: Session, *, scheme: str, edition: Edition, dry_run: bool = False) -> ImportReport:
    """Take over an edition of a list; with any fault, or as a dry run, nothing is written.

    Raises:
        TableError: the file cannot be read.
    """
    return await _import(db, scheme, edition, origin="import", dry_run=dry_run)


async def load_builtin(db: Session) -> Sequence[ImportReport]:
    """Bring the built-in lists up to the files that ship with the platform; reports those whose file is new.

    Lists once imported are left alone.
    """
    reports = []
    for scheme in SCHEMES.values():
        if not scheme.builtin:
            continue
        path = DATA / f"{scheme.name}.csv"
        loaded = await _locked(db, scheme.name)
        if loaded.origin == "builtin" and loaded.digest != _digest(path):
            with path.open(encoding="utf-8") as file:
                source = file.readline().strip("# \n")
            edition = Edition(path, source, replace=True)
            reports.append(await _import(db, scheme.name, edition, origin="builtin", dry_run=False))
    return reports


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


async def _import(db: Session, name: str, edition: Edition, *, origin: str, dry_run: bool) -> ImportReport:
    scheme = scheme_of(name)
    reading = read(
        edition.path,
        scheme,
        format_name=edition.format_name,
        columns=edition.columns,
        encoding=edition.encoding,
    )
    await _locked(db, name)
    stored = {row.code: Entry(*row) for row in await db.execute(queries.all_entries(name, COLUMNS))}
    source = edition.source or edition.path.name
    incoming = place(reading, scheme, stored, source=source)
    complete = _complete_levels(reading, edition, stored, incoming)
    changes = compare(stored, incoming, complete=complete, as_of=edition.as_of)
    applied = not (dry_run or reading.faults)
    if applied:
        await _apply(db, name, changes.written(), origin=origin, source=source, digest=_digest(edition.path))
    return _report(name, reading, changes, applied=applied)


def _report(name: str, reading: Reading, changes: Changes, *, applied: bool) -> ImportReport:
    return ImportReport(
        name,
        reading.format.name,
        len(reading.records),
        changes,
        list(reading.omitted.values()),
        sorted(reading.faults, key=lambda fault: fault.row or 0),
        applied,
    )


def _complete_levels(
    reading: Reading, edition: Edition, stored: Mapping[str, Entry], incoming: Mapping[str, Entry]
) -> frozenset[int]:
    """The levels whose missing codes become historical; a file that lacks most of the list becomes a fault instead."""
    if edition.partial or reading.format.partial or reading.format.status == "historical" or reading.faults:
        return frozenset()
    present = frozenset(entry.level for entry in incoming.values())
    covered = covered_levels(stored, incoming)
    if incoming and not covered and not edition.replace:
        before = [entry for entry in stored.values() if entry.status == "current" and entry.level in present]
        reason = msg(
            "文件缺少现行 {before} 个代码中的 {lost} 个：只是一部分请用 --partial，确要全部废止请用 --replace",
            before=len(before),
            lost=sum(entry.code not in incoming for entry in before),
        )
        reading.faults.append(FieldError("file", "too_many_vanish", reason))
    return present if edition.replace else covered


async def _locked(db: Session, name: str) -> CodeScheme:
    await db.execute(insert(CodeScheme).values(name=name).on_conflict_do_nothing())
    return (await db.scalars(queries.scheme_for_update(name))).one()


async def _apply(
    db: Session, scheme: str, entries: Sequence[Entry], *, origin: str, source: str, digest: bytes
) -> None:
    values: dict[str, Any] = {"origin": origin, "digest": digest}
    if entries:
        await _write(db, scheme, entries)
        at = func.clock_timestamp()
        values |= {"source": source, "version": CodeScheme.version + 1, "imported_at": at}
    await db.execute(update(CodeScheme).where(CodeScheme.name == scheme).values(**values))


async def _write(db: Session, scheme: str, entries: Sequence[Entry]) -> None:
    statement = insert(Code)
    statement = statement.on_conflict_do_update(
        index_elements=["scheme", "code"],
        set_={column: statement.excluded[column] for column in COLUMNS if column != "code"},
    )
    rows: list[dict[str, Any]] = [
        {"scheme": scheme, **{column: getattr(entry, column) for column in COLUMNS}} for entry in entries
    ]
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        await db.execute(statement, rows[start : start + ROWS_PER_STATEMENT])
