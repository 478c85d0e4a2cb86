"""XLSX workbooks: one sheet as records of text."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from app.core.errors import FieldError
from app.core.i18n import msg
from app.core.tabular.errors import TableError, shown
from app.core.tabular.limits import Limits
from app.core.tabular.package import damaged, repacked
from app.core.tabular.source import Source
from app.core.tabular.table import Content, Record, Sheet, letter
from app.core.text import printable

Value = float | str | bool | time | date | datetime | timedelta
Merge = tuple[tuple[int, int], tuple[int, int]]
MERGES_NAMED = 5
SIGNIFICANT_DIGITS = 15
"""What a spreadsheet keeps and shows of a number (IEEE 754 double)."""


def open_sheet(source: Source, name: str | None, limits: Limits) -> Content:
    """The sheet `name`, or the first visible one with content.

    Raises:
        TableError: no XLSX, no such sheet, or no content.
    """
    with repacked(source, limits) as package:
        try:
            workbook = CalamineWorkbook.from_filelike(package.copy)
            sheets = [meta for meta in workbook.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
            meta, sheet = _chosen(workbook, sheets, name)
        except CalamineError as error:
            raise damaged() from error
        except BaseException as error:
            # A panic of the Rust library is a BaseException without a public type.
            if type(error).__name__ == "PanicException":
                raise damaged() from error
            raise
    merges = sheet.merged_cell_ranges or []
    unread: dict[int, dict[int, str]] = {}
    for (row, column), code in package.unread(meta.name).items():
        unread.setdefault(row, {})[column] = code
    return Content(
        lambda: _records(sheet, merges, unread),
        sheet=printable(meta.name),
        sheets=tuple(
            Sheet(printable(other.name), other.visible != SheetVisibleEnum.Visible) for other in sheets
        ),
        warnings=(*_other_sheets(sheets, meta), *_merged(merges)),
    )


def _chosen(
    workbook: CalamineWorkbook, sheets: Sequence[SheetMetadata], name: str | None
) -> tuple[SheetMetadata, CalamineSheet]:
    names = [printable(meta.name) for meta in sheets]
    if name is not None and name not in names:
        raise TableError(
            "sheet_unknown",
            msg("没有名为「{name}」的工作表；有：{names}", name=shown(name), names="、".join(names)),
        )
    for shown_name, meta in zip(names, sheets, strict=True):
        if shown_name == name or (name is None and meta.visible == SheetVisibleEnum.Visible):
            sheet = workbook.get_sheet_by_name(meta.name)
            if sheet.start is not None:
                return meta, sheet
    raise TableError("empty", msg("工作表里没有内容"))


def _records(
    sheet: CalamineSheet, merges: Sequence[Merge], unread: Mapping[int, Mapping[int, str]]
) -> Iterator[Record]:
    """Every row that is not blank, from column A; vertical merges are filled downwards, one at a time in a column."""
    assert sheet.start is not None  # _chosen took a sheet with content
    left = [""] * sheet.start[1]
    starting: dict[int, list[Merge]] = {}
    for merge in merges:
        starting.setdefault(merge[0][0], []).append(merge)
    open_merges: dict[int, tuple[int, str]] = {}
    blank = [""] * sheet.width
    for index, row in enumerate(sheet.iter_rows()):
        if row == blank and not open_merges and index not in unread:
            continue
        cells = left + [value if isinstance(value, str) else as_text(value) for value in row]
        open_merges = {column: merge for column, merge in open_merges.items() if merge[0] >= index}
        for column, (_last, value) in open_merges.items():
            cells[column] = cells[column] or value
        for (_top, column), (last, _right) in starting.get(index, ()):
            if last > index and column < len(cells):
                open_merges[column] = (last, cells[column])
        yield Record(index + 1, cells, unread=unread.get(index, {}))


def as_text(value: Value) -> str:
    """A cell as the text a person would type: dates ISO 8601, numbers plain, truth values as a spreadsheet shows them."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _number_text(value: float) -> str:
    if value.is_integer() and abs(value) < 10**SIGNIFICANT_DIGITS:
        return str(int(value))
    return f"{Decimal(f'{value:.{SIGNIFICANT_DIGITS}g}'):f}" if isfinite(value) else str(value)


def _other_sheets(sheets: Sequence[SheetMetadata], read: SheetMetadata) -> Iterator[FieldError]:
    others = [meta for meta in sheets if meta.name != read.name]
    if others:
        hidden = msg("（隐藏）")
        for meta in others:
            state = hidden if meta.visible != SheetVisibleEnum.Visible else ""
            yield FieldError(
                "file",
                "sheet_not_read",
                msg("工作表「{name}」{hidden}没有读取", name=printable(meta.name), hidden=state),
            )


def _merged(merges: Sequence[Merge]) -> Iterator[FieldError]:
    if merges:
        named = "、".join(
            f"{letter(left)}{top + 1}:{letter(right)}{bottom + 1}"
            for (top, left), (bottom, right) in merges[:MERGES_NAMED]
        )
        reason = msg(
            "有 {count} 处合并单元格（{ranges} 等）：纵向合并的值已填入每一行",
            count=len(merges),
            ranges=named,
        )
        yield FieldError("file", "merged_cells", reason)
