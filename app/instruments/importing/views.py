"""How imports look from outside."""

from app.core.i18n import Locale
from app.instruments.importing.schemas import ColumnOut, FieldSource, FileWarning, ImportItem, ImportOut
from app.instruments.importing.service import Entry, unstated
from app.instruments.models import InstrumentImport


def item(file: InstrumentImport) -> ImportItem:
    """An import in a list."""
    names = ("id", "state", "file_name", "file_bytes", "counts", "created_at", "applied_at")
    return ImportItem(**{name: getattr(file, name) for name in names})


def out(entry: Entry, locale: Locale) -> ImportOut:
    """An import in the reader's language."""
    file, task, reading = entry.file, entry.task, entry.file.reading
    error = task.error if task is not None and entry.state == "failed" else None
    return ImportOut(
        id=file.id,
        state=entry.state,
        file_name=file.file_name,
        file_bytes=file.file_bytes,
        encoding=reading.get("encoding"),
        delimiter=reading.get("delimiter"),
        sheet=reading.get("sheet"),
        sheets=reading.get("sheets", []),
        header_row=reading.get("header_row"),
        columns=[ColumnOut.model_validate(column) for column in reading["columns"]],
        warnings=[
            FileWarning(
                code=warning["code"],
                message=warning["message"][locale],
                row=warning["row"],
                column=warning["column"],
            )
            for warning in reading["warnings"]
        ],
        mapping={name: FieldSource.model_validate(source) for name, source in file.mapping.items()},
        unstated=unstated(entry),
        counts=file.counts,
        task_id=file.task_id,
        done=task.done if task is not None else 0,
        total=task.total if task is not None else None,
        problem=error[locale] if error else None,
        created_at=file.created_at,
        applied_at=file.applied_at,
    )
