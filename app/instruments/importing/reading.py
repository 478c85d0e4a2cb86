"""Opening a sent file, and what is shown of it before its columns are understood."""

from itertools import islice
from pathlib import Path
from typing import Any

from app.core import tabular
from app.core.errors import FieldError
from app.core.i18n import LOCALES
from app.core.tabular import EncodingUnclear, Table
from app.core.text import printable
from app.files import public as files
from app.instruments.importing.problems import FileGone
from app.instruments.models import InstrumentImport
from app.settings import Settings

SAMPLES = 3
SAMPLE_CHARACTERS = 60
WARNINGS = 50


def open_table(settings: Settings, entry: InstrumentImport) -> Table:
    """The table of an import, read the way that was settled; blocks.

    Raises:
        FileGone: it was purged.
        TableError: it is no table.
    """
    path = files.path_of(settings, entry.file_digest)
    if path is None:
        raise FileGone
    settled = entry.reading
    return tabular.read(
        path,
        filename=entry.file_name,
        encoding=settled["encoding"],
        sheet=settled["sheet"],
        header_row=settled["header_row"],
    )


def described(path: Path, file_name: str, options: dict[str, Any]) -> dict[str, Any]:
    """What is kept and shown of how a file is read; blocks.

    Raises:
        EncodingUnclear: the sender must choose; the candidates come with samples.
        TableError: it is no table.
    """
    table = tabular.read(path, filename=file_name, **options)
    first = list(islice(table.rows(), SAMPLES))
    columns = [
        {"name": name, "samples": [_shown(row.cells[place]) for row in first]}
        for place, name in enumerate(table.columns)
    ]
    return {
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "sheet": table.sheet,
        "sheets": [sheet.name for sheet in table.sheets],
        "header_row": table.header_row,
        "columns": columns,
        "warnings": [_warning(fault) for fault in table.warnings[:WARNINGS]],
    }


def undecided(error: EncodingUnclear) -> dict[str, Any]:
    """What is kept of a file whose encoding has to be chosen first."""
    return {"columns": [], "warnings": [], "candidates": error.data["candidates"]}


def _shown(cell: str) -> str:
    return printable(" ".join(cell.split())[:SAMPLE_CHARACTERS])


def _warning(fault: FieldError) -> dict[str, Any]:
    texts = {locale: fault.message.text(locale) for locale in LOCALES}
    return {"code": fault.code, "message": texts, "row": fault.row, "column": fault.column}
