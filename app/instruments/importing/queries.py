"""Every select of imports."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Text, Uuid, any_, cast, column, distinct, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH

from app.core.db import ReadSession
from app.core.keyset import Order
from app.instruments.importing.schemas import RowQuery
from app.instruments.models import Instrument, InstrumentImport, InstrumentImportRow, InstrumentUnit
from app.instruments.rules.record import DEFAULTS
from app.tasks.public import TaskRun

BY_NUMBER = Order((InstrumentImportRow.row_number,))
NEWEST = Order((InstrumentImport.id,), descending=True)
KEPT = ("inner_id", "name_zh", "class_code", "adcode", *DEFAULTS)
"""The columns of an entry that rules are about."""


async def entry(db: ReadSession, import_id: UUID) -> Row[Any] | None:
    """An import with its task."""
    statement = select(InstrumentImport, TaskRun).outerjoin(TaskRun, TaskRun.id == InstrumentImport.task_id)
    return (await db.execute(statement.where(InstrumentImport.id == import_id))).one_or_none()


async def locked(db: ReadSession, import_id: UUID) -> InstrumentImport | None:
    """An import, locked against a second start."""
    statement = select(InstrumentImport).where(InstrumentImport.id == import_id).with_for_update()
    found: InstrumentImport | None = await db.scalar(statement.execution_options(populate_existing=True))
    return found


async def mapping_for(
    db: ReadSession, created_by: UUID | None, columns: Sequence[Sequence[str]]
) -> dict[str, Any] | None:
    """The mapping the same sender checked or applied last to a file with the same columns as one of these."""
    same = [func.to_jsonb(literal(list(names), ARRAY(Text))) for names in columns]
    names = func.jsonb_path_query_array(InstrumentImport.reading, literal("$.columns[*].name", JSONPATH))
    statement = (
        select(InstrumentImport.mapping)
        .where(
            InstrumentImport.created_by == created_by,
            InstrumentImport.state.in_(("checked", "applied")),
            names.in_(same),
        )
        .order_by(InstrumentImport.id.desc())
        .limit(1)
    )
    found: dict[str, Any] | None = await db.scalar(statement)
    return found


def sent_by(created_by: UUID | None) -> Select[InstrumentImport]:
    """A sender's imports."""
    return select(InstrumentImport).where(InstrumentImport.created_by == created_by)


def rows(import_id: UUID, wanted: RowQuery) -> Select[InstrumentImportRow]:
    """An import's rows: all, of one kind, or with a fault of one cause."""
    found = select(InstrumentImportRow).where(InstrumentImportRow.import_id == import_id)
    if cause := {name: value for name in ("field", "code") if (value := getattr(wanted, name))}:
        found = found.where(
            InstrumentImportRow.outcome == "faulty", InstrumentImportRow.faults.contains([cause])
        )
    if wanted.only == "warnings":
        return found.where(func.jsonb_array_length(InstrumentImportRow.warnings) > 0)
    outcome = {"errors": "faulty"}.get(wanted.only or "", wanted.only)
    return found.where(InstrumentImportRow.outcome == outcome) if outcome else found


async def causes(db: ReadSession, import_id: UUID) -> Sequence[Row[Any]]:
    """Why an import's rows are faulty: each kind of fault of each field with how many rows have it, most first."""
    fault = (
        func.jsonb_array_elements(InstrumentImportRow.faults)
        .table_valued(column("value", JSONB), name="fault", joins_implicitly=True)
        .c.value
    )
    field, code = fault["field"].astext, fault["code"].astext
    statement = (
        select(
            field.label("field"),
            code.label("code"),
            func.min(cast(fault, Text)).cast(JSONB).label("example"),
            func.count(distinct(fault["message"]["zh"].astext)).label("messages"),
            func.count(distinct(InstrumentImportRow.row_number)).label("rows"),
        )
        .where(InstrumentImportRow.import_id == import_id, InstrumentImportRow.outcome == "faulty")
        .group_by(field, code)
        .order_by(func.count(distinct(InstrumentImportRow.row_number)).desc(), field, code)
    )
    return (await db.execute(statement)).all()


async def versions(db: ReadSession, instruments: Sequence[UUID]) -> dict[UUID, int]:
    """The versions some instruments have now; nobody changes them before this transaction ends."""
    which = literal(list(instruments), ARRAY(Uuid))
    statement = select(Instrument.id, Instrument.version).where(Instrument.id == any_(which))
    found = await db.execute(statement.order_by(Instrument.id).with_for_update())
    return {row.id: row.version for row in found}


async def existing(db: ReadSession, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Row[Any]]:
    """Entries of the register by organisation and inner id, with their columns, version and number of units."""
    if not keys:
        return {}
    wanted = (
        func.unnest(
            literal([key[0] for key in keys], ARRAY(Uuid)), literal([key[1] for key in keys], ARRAY(Text))
        )
        .table_valued(column("organisation_id", Uuid), column("inner_id", Text), name="wanted")
        .render_derived()
    )
    units = (
        select(func.count())
        .where(InstrumentUnit.instrument_id == Instrument.id)
        .correlate(Instrument)
        .scalar_subquery()
    )
    known = (
        Instrument.organisation_id == wanted.c.organisation_id,
        Instrument.inner_id == wanted.c.inner_id,
    )
    columns = (getattr(Instrument, name) for name in KEPT)
    named = (Instrument.id, Instrument.organisation_id, Instrument.version)
    statement = select(*named, *columns, units.label("units"))
    found = await db.execute(statement.join(wanted, known[0] & known[1]))
    return {(row.organisation_id, row.inner_id): row for row in found}
