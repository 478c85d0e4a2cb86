"""Rows written as CSV or XLSX for people to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, Literal

Cell = str | int | float | Decimal | date | datetime | None
ROWS_PER_CHUNK = 1_000
FORMULA = re.compile(r"[\t\r\n]|[\s\ufeff]*[=+\-@＝＋－＠]")
"""How a cell begins that some spreadsheet runs: it may trim blanks, and Chinese ones read full-width signs."""
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*%?")
EXACT_DIGITS = 15
"""Longer integers lose digits in a spreadsheet and are written as text."""


def formula_safe(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run as a formula (OWASP, CSV injection).

    Signed numbers stay as they are. `read` takes the apostrophe away again, so that a file comes back unchanged.
    """
    if FORMULA.match(cell) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def write_csv(
    rows: Iterable[Sequence[Cell]], *, encoding: Literal["utf-8-sig", "gb18030"] = "utf-8-sig"
) -> Iterator[bytes]:
    """The rows as CSV (RFC 4180) in chunks, each text formula-safe; the first row is the header."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    mark = encoding == "utf-8-sig"
    codec = "utf-8" if mark else encoding
    buffer.write("\ufeff" if mark else "")
    for count, row in enumerate(rows, start=1):
        writer.writerow([_csv_text(cell) for cell in row])
        if count % ROWS_PER_CHUNK == 0:
            yield buffer.getvalue().encode(codec)
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode(codec)


def _csv_text(cell: Cell) -> str:
    if isinstance(cell, str):
        return formula_safe(cell)
    return "" if cell is None else str(cell)


def write_xlsx(rows: Iterable[Sequence[Cell]], target: BinaryIO, *, sheet: str = "Sheet1") -> None:
    """The rows as one sheet with a bold header; texts stay texts, never formulas, links or numbers.

    Raises:
        ValueError: there are more rows or columns than XLSX holds, or a text is longer than 32,767 characters.
    """
    import xlsxwriter  # noqa: PLC0415 - 13 MB in every process, and few ever write a workbook

    with xlsxwriter.Workbook(target, {"constant_memory": True}) as workbook:
        worksheet = workbook.add_worksheet(sheet)
        bold = workbook.add_format({"bold": True})
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        instant = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        worksheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                place = (number, column)
                if isinstance(cell, datetime):
                    result = worksheet.write_datetime(*place, cell.replace(tzinfo=None), instant)
                elif isinstance(cell, date):
                    result = worksheet.write_datetime(*place, cell, day)
                elif isinstance(cell, float | Decimal) or (
                    isinstance(cell, int) and len(str(abs(cell))) <= EXACT_DIGITS
                ):
                    result = worksheet.write_number(*place, cell)
                else:
                    result = worksheet.write_string(
                        *place, "" if cell is None else str(cell), None if number else bold
                    )
                if result != 0:
                    raise ValueError(f"cell {place} does not fit into XLSX")
