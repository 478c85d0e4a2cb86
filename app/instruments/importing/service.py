"""What can be done with imports: send a file, check it under a mapping, apply it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, update

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, NotFound
from app.core.i18n import msg
from app.core.keyset import Part, Slice, fetch
from app.core.tabular import EncodingUnclear
from app.core.text import printable
from app.files import public as files
from app.files.public import Stored
from app.instruments.importing import queries, reading, sent_back
from app.instruments.importing.drafts import REQUIRED
from app.instruments.importing.policy import may_import, may_see
from app.instruments.importing.problems import FileGone, HasFaults, ImportBusy, MappingWrong, NotChecked
from app.instruments.importing.schemas import FieldSource, ImportMapping, Mode, Reading, RowQuery
from app.instruments.models import InstrumentImport, InstrumentImportRow
from app.instruments.registry.policy import organisations_of
from app.instruments.registry.queries import owners
from app.instruments.rules import cells
from app.instruments.rules.columns import BY_FIELD, guess
from app.instruments.rules.record import DEFAULTS
from app.settings import Settings
from app.tasks import public as tasks
from app.tasks.public import TaskRun

CHECK, APPLY = "instruments.check_import", "instruments.apply_import"
GOING_ON = frozenset({"queued", "running"})


@dataclass(frozen=True, slots=True)
class Entry:
    """An import and its task."""

    file: InstrumentImport
    task: TaskRun | None

    @property
    def busy(self) -> bool:
        """Whether it is being worked on."""
        return self.task is not None and self.task.state in GOING_ON

    @property
    def state(self) -> str:
        """Where it stands, as people are told."""
        if self.task is not None and self.busy:
            return "checking" if self.task.kind == CHECK else "applying"
        return "failed" if self.task is not None and self.task.state == "failed" else self.file.state


async def upload(
    db: Session, *, caller: Principal, stored: Stored, file_name: str, options: Reading, ask: bool = False
) -> UUID:
    """Take a file in and guess what its columns mean; the import's id.

    With `ask`, a file whose encoding is unclear is taken in as well, to be read anew by `reread`.

    Raises:
        Forbidden: the caller may not import.
        TableError: it is no table; EncodingUnclear: its encoding must be given.
    """
    ensure(may_import(caller))
    name = printable(file_name)[-255:] or "file"
    try:
        found = await asyncio.to_thread(reading.described, stored.path, name, options.model_dump())
    except EncodingUnclear as error:
        if not ask:
            raise
        found = reading.undecided(error)
    values = {
        "tenant_id": caller.tenant_id,
        "created_by": caller.id,
        "file_digest": stored.digest,
        "file_name": name,
        "file_bytes": stored.size,
        "reading": found,
        "mapping": await _guess(db, caller, found["columns"]),
    }
    added = insert(InstrumentImport).values(**values).returning(InstrumentImport.id)
    import_id: UUID = (await db.scalars(added)).one()
    return import_id


async def reread(
    db: Session, *, caller: Principal, import_id: UUID, settings: Settings, options: Reading
) -> None:
    """Read the file another way: another encoding, sheet or header row. What was checked is checked anew.

    Raises:
        NotFound: as `get`.
        ImportBusy, NotChecked: it is being worked on, or is applied.
        FileGone: there is no file any more.
        TableError: it cannot be read that way.
    """
    entry = await _unapplied(db, caller, import_id)
    path = await asyncio.to_thread(files.path_of, settings, entry.file.file_digest)
    if path is None:
        raise FileGone
    found = await asyncio.to_thread(reading.described, path, entry.file.file_name, options.model_dump())
    mapping = await _guess(db, caller, found["columns"])
    await _set(db, import_id, reading=found, mapping=mapping, state="uploaded", counts={}, task_id=None)


async def _guess(
    db: ReadSession, caller: Principal, columns: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The mapping this sender used for such a file before, else what the headers and their organisation say."""
    names = [str(column["name"]) for column in columns]
    if not names:
        return {}
    if used := await queries.mapping_for(db, caller.id, [names, sent_back.own(names)]):
        return used
    found = {name: {"column": column} for name, column in guess(sent_back.own(names)).items()}
    allowed = organisations_of(caller)
    if allowed is not None and len(allowed) == 1 and "organisation" not in found:
        for owner in await owners(db, str(caller.tenant_id), allowed):
            found["organisation"] = {"fixed": str(owner.id)}
            found.setdefault("adcode", {"fixed": owner.adcode})
    return found


async def get(db: ReadSession, *, caller: Principal, import_id: UUID) -> Entry:
    """An import with its task.

    Raises:
        NotFound: there is none, or it is someone else's.
    """
    row: Row[Any] | None = await queries.entry(db, import_id)
    if row is None or not may_see(caller, row.InstrumentImport):
        raise NotFound
    return Entry(row.InstrumentImport, row.TaskRun)


async def sent(db: ReadSession, *, caller: Principal, part: Part) -> Slice[InstrumentImport]:
    """A page of the imports the caller sent, the latest first.

    Raises:
        Forbidden: the caller may not import.
        Invalid: the cursor is forged, or of another list.
    """
    ensure(may_import(caller))
    statement = queries.sent_by(caller.id)
    return await fetch(db, statement, queries.NEWEST, part, bound_to=["instrument-imports", str(caller.id)])


async def rows(
    db: ReadSession, *, caller: Principal, import_id: UUID, wanted: RowQuery, part: Part
) -> Slice[InstrumentImportRow]:
    """A page of what became of an import's rows.

    Raises:
        NotFound: as `get`.
        Invalid: the cursor is forged, or of another list.
    """
    await get(db, caller=caller, import_id=import_id)
    bound_to = ["instrument-import-rows", str(import_id), wanted.filters()]
    return await fetch(db, queries.rows(import_id, wanted), queries.BY_NUMBER, part, bound_to=bound_to)


async def causes(db: ReadSession, *, caller: Principal, import_id: UUID) -> Sequence[Row[Any]]:
    """Why rows of an import are faulty, as rows of `queries.causes`.

    Raises:
        NotFound: as `get`.
    """
    await get(db, caller=caller, import_id=import_id)
    return await queries.causes(db, import_id)


async def start_check(db: Session, *, caller: Principal, import_id: UUID, mapping: ImportMapping) -> None:
    """Let every row be checked under this mapping.

    Raises:
        NotFound, Forbidden: as `get` and `upload`.
        MappingWrong: it does not fit the file; all faults at once.
        ImportBusy, NotChecked: it is being worked on, or is applied.
    """
    entry = await _unapplied(db, caller, import_id)
    names = {str(column["name"]) for column in entry.file.reading["columns"]}
    if not names:
        raise NotChecked(msg("请先选择文字编码"))
    if faults := mapping_faults(mapping.fields, names):
        raise MappingWrong(errors=faults)
    kept = {name: source.model_dump(exclude_none=True) for name, source in mapping.fields.items()}
    run = await tasks.start(db, caller=caller, task=CHECK, payload=_payload(caller, import_id))
    await _set(db, import_id, mapping=kept, state="uploaded", counts={}, task_id=run.id)


def owner_of(caller: Principal, entry: Entry) -> UUID | None:
    """The organisation all of an import's instruments belong to, where that is plain."""
    source = FieldSource.model_validate(entry.file.mapping.get("organisation", {"fixed": ""}))
    allowed = organisations_of(caller)
    if source.column is None and source.fixed:
        try:
            return UUID(source.fixed)
        except ValueError:  # a name
            return None
    return allowed[0] if allowed is not None and len(allowed) == 1 else None


def unstated(entry: Entry) -> dict[str, str]:
    """The service status and scope of new entries whose row says neither."""
    return {name: _unstated(entry.file.mapping, name) for name in ("service_status", "scope")}


def _unstated(mapping: Mapping[str, Any], name: str) -> str:
    fixed = FieldSource.model_validate(mapping.get(name, {"fixed": ""})).fixed
    try:
        return cells.word(name, fixed) if fixed else str(DEFAULTS[name])
    except cells.Unreadable:  # then every such row is faulty
        return str(DEFAULTS[name])


def mapping_faults(fields: Mapping[str, FieldSource], columns: set[str]) -> list[FieldError]:
    """What is missing from a mapping, and the columns it names that the file does not have."""
    missing = [
        FieldError(f"fields.{name}", "missing", msg("请指定「{field}」的来源", field=BY_FIELD[name].title))
        for name in REQUIRED
        if name not in fields
    ]
    unknown = [
        FieldError(f"fields.{name}", "column_unknown", msg("文件中没有这一列"), value=column)
        for name, source in fields.items()
        for column in source.named
        if column not in columns
    ]
    return missing + unknown


async def start_apply(db: Session, *, caller: Principal, import_id: UUID, mode: Mode) -> None:
    """Let a checked file be written into the register.

    Raises:
        NotFound, Forbidden: as `get` and `upload`.
        NotChecked: it was not checked since its mapping changed, or is applied.
        HasFaults: all rows are wanted and some are faulty.
        ImportBusy: it is being worked on.
    """
    entry = await _unapplied(db, caller, import_id)
    if entry.file.state != "checked":
        raise NotChecked
    if mode == "all" and entry.file.counts["faulty"]:
        count = entry.file.counts["faulty"]
        raise HasFaults(msg("有 {count} 行错误", count=count), faulty=count)
    total = sum(entry.file.counts.values())
    payload = _payload(caller, import_id) | {"mode": mode}
    run = await tasks.start(db, caller=caller, task=APPLY, payload=payload, total=total)
    await _set(db, import_id, task_id=run.id)


def _payload(caller: Principal, import_id: UUID) -> dict[str, Any]:
    """For which import and organisations a job acts; what the caller may do is settled when they ask."""
    organisations = organisations_of(caller)
    named = None if organisations is None else [str(identifier) for identifier in organisations]
    return {"import_id": str(import_id), "organisations": named}


async def _unapplied(db: Session, caller: Principal, import_id: UUID) -> Entry:
    """An import that can still be worked on, locked."""
    ensure(may_import(caller))
    await queries.locked(db, import_id)
    entry = await get(db, caller=caller, import_id=import_id)
    if entry.busy:
        raise ImportBusy
    if entry.file.state == "applied":
        raise NotChecked
    return entry


async def _set(db: Session, import_id: UUID, **values: Any) -> None:
    statement = update(InstrumentImport).where(InstrumentImport.id == import_id).values(**values)
    await db.execute(statement.execution_options(synchronize_session=False))
