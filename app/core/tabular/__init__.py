"""Tables that people send: CSV, TSV and XLSX read into rows, and rows written back.

`read(data, filename=…)` looks at the content, never at the name alone, and gives a `Table`: header, rows with the number
the sender sees in the spreadsheet, and every fault named by row and column. Nothing is repaired silently: a byte that
cannot be decoded becomes U+FFFD *and* a fault, a ragged row keeps its surplus cells, merged cells are announced. What
cannot be read at all raises `TableError`; where the encoding is a guess, `EncodingUnclear` asks with samples.

Chosen: cells are text (dates ISO 8601), so CSV and XLSX import alike; XLSX goes through python-calamine behind a guard
that repacks the parts it has checked, because calamine allocates the whole bounding box and panics on a far cell.
Turned down: guessing encodings by statistics alone (Big5 is nearly always valid GB18030), openpyxl (eight times slower).
"""

from pathlib import Path

from app.core.tabular.delimited import open_text
from app.core.tabular.encoding import ENCODINGS
from app.core.tabular.errors import EncodingUnclear, TableError
from app.core.tabular.limits import Limits
from app.core.tabular.source import Source, kind_of
from app.core.tabular.table import Row, Table, build
from app.core.tabular.workbook import open_sheet
from app.core.tabular.write import Cell, formula_safe, write_csv, write_xlsx

__all__ = [
    "ENCODINGS",
    "Cell",
    "EncodingUnclear",
    "Limits",
    "Row",
    "Table",
    "TableError",
    "formula_safe",
    "read",
    "write_csv",
    "write_xlsx",
]


def read(
    data: Path | bytes,
    *,
    filename: str,
    encoding: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Table:
    """The table in a CSV, TSV or XLSX file; `header_row` (1-based) overrules where the header is looked for.

    Raises:
        EncodingUnclear: the encoding must be chosen; the candidates come with samples.
        TableError: the file is no table we can read; `reason` is the stable code.
    """
    source = Source(data, filename)
    if kind_of(source, limits) == "xlsx":
        return build(open_sheet(source, sheet, limits), header_row=header_row, limits=limits)
    return build(open_text(source, encoding), header_row=header_row, limits=limits)
