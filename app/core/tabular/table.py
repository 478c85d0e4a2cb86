"""From records to a table: where the header is, what is wrong with a row, and how each column is called."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.core import text
from app.core.errors import FieldError
from app.core.i18n import Message, msg
from app.core.tabular.encoding import KEPT
from app.core.tabular.errors import FAULTS, TableError, shown
from app.core.tabular.limits import Limits

UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
"""What no database keeps; it becomes U+FFFD, and a fault says so."""
NAME_CHARACTERS = 200
HEADER_SOUGHT = 30
"""Records among which the header is looked for."""
HEADER_FILLED = 0.6
"""Share of the usual width a row needs to be the header; titles above a table fill one cell."""
SUSPECT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff" + "".join(sorted(text.BIDI)) + "]")


@dataclass(frozen=True, slots=True)
class Record:
    """A row as the file has it; `number` is 1-based as a spreadsheet shows it."""

    number: int
    cells: list[str]
    quote_broken: bool = False
    unread: Mapping[int, str] = field(default_factory=dict)
    """0-based columns whose value the file does not hold (formula errors), with the code of why."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook."""

    name: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader of one format hands over; each call of `records` starts at the first row."""

    records: Callable[[], Iterator[Record]]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sheets: tuple[Sheet, ...] = ()
    warnings: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of data, as wide as the header; what did not fit is in `surplus`."""

    number: int
    """1-based, as the sender sees it in the spreadsheet."""
    cells: tuple[str, ...]
    faults: tuple[FieldError, ...] = ()
    surplus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table: header, columns by unique name, rows on demand, and what the sender should know."""

    header: tuple[str, ...]
    columns: tuple[str, ...]
    """Unique names: the header, with the spreadsheet letter where it is blank or repeated."""
    header_row: int
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: tuple[Sheet, ...]
    warnings: tuple[FieldError, ...]
    _content: Content = field(repr=False)
    _limits: Limits = field(repr=False)

    def rows(self) -> Iterator[Row]:
        """Every row below the header that is not blank, in order; each call reads from the start.

        Raises:
            TableError: there are more rows than `Limits.rows`.
        """
        records = (r for r in self._content.records() if r.number > self.header_row and _holds(r))
        for count, record in enumerate(records, start=1):
            if count > self._limits.rows:
                limit = self._limits.rows
                raise TableError(
                    "too_many_rows",
                    msg("数据超过 {limit} 行，请分成几个文件", limit=limit),
                    row=record.number,
                )
            yield self._row(record)

    def _row(self, record: Record) -> Row:
        width = len(self.columns)
        cells, surplus = record.cells[:width], record.cells[width:]
        faults = []
        if record.quote_broken:
            faults.append(self._row_fault(record, "quote_broken", msg("引号不成对，这一行按原样读取")))
        if len(cells) < width:
            reason = msg("只有 {found} 列，应有 {expected} 列", found=len(cells), expected=width)
            faults.append(self._row_fault(record, "too_few_cells", reason))
            cells += [""] * (width - len(cells))
        if any(cell.strip() for cell in surplus):
            reason = msg(
                "有 {found} 列，比表头多 {surplus} 列", found=len(record.cells), surplus=len(surplus)
            )
            faults.append(self._row_fault(record, "too_many_cells", reason, "".join(surplus)))
        for index, code in record.unread.items():
            column = self.columns[index] if index < width else letter(index)
            faults.append(FieldError(column, code, FAULTS[code], row=record.number, column=column))
        if (
            SUSPECT.search("".join(record.cells))
            or max(map(len, record.cells), default=0) > self._limits.cell_characters
        ):
            for index, cell in enumerate(cells):
                faults += self._cell_faults(record.number, self.columns[index], cell)
                cells[index] = UNKEEPABLE.sub("\ufffd", cell)
            surplus = [UNKEEPABLE.sub("\ufffd", cell) for cell in surplus]
        return Row(record.number, tuple(cells), tuple(faults), tuple(surplus))

    def _row_fault(self, record: Record, code: str, reason: Message, value: str | None = None) -> FieldError:
        return FieldError(
            "row", code, reason, row=record.number, value=None if value is None else shown(value)
        )

    def _cell_faults(self, row: int, column: str, cell: str) -> Iterator[FieldError]:
        kept = KEPT.findall(cell)
        if kept:
            codes = " ".join(f"0x{ord(c) - 0xDC00:02X}" for c in kept[:8])
            reason = msg(
                "有 {count} 处文字读不出来（字节 {bytes}），请在原文件中改正", count=len(kept), bytes=codes
            )
            yield FieldError(column, "undecodable_byte", reason, row=row, column=column, value=shown(cell))
        code = text.fault(KEPT.sub("", cell).replace("\r", "\n"), lines=True)
        if code:
            yield FieldError(column, code, FAULTS[code], row=row, column=column, value=shown(cell))
        if len(cell) > self._limits.cell_characters:
            reason = msg("超过 {limit} 个字符", limit=self._limits.cell_characters)
            yield FieldError(column, "cell_too_long", reason, row=row, column=column, value=shown(cell))


def build(content: Content, *, header_row: int | None, limits: Limits) -> Table:
    """The table in `content`.

    Raises:
        TableError: there is no header, or it has too many columns.
    """
    first = list(itertools.islice((r for r in content.records() if _filled(r.cells)), HEADER_SOUGHT))
    header = _given(content, header_row) if header_row else _header(first)
    names = [_name(cell) for cell in header.cells]
    while not names[-1]:
        names.pop()
    if len(names) > limits.columns:
        raise TableError("too_many_columns", msg("超过 {limit} 列", limit=limits.columns), row=header.number)
    warnings = [*content.warnings, *_header_warnings(names, header)]
    above = [record.number for record in first if record.number < header.number]
    if above:
        reason = msg(
            "表头在第 {header} 行；其上 {count} 行说明文字没有作为数据读取",
            header=header.number,
            count=len(above),
        )
        warnings.append(FieldError("file", "rows_above_header", reason, row=above[0]))
    return Table(
        header=tuple(names),
        columns=unique_names(names),
        header_row=header.number,
        encoding=content.encoding,
        delimiter=content.delimiter,
        sheet=content.sheet,
        sheets=content.sheets,
        warnings=tuple(warnings),
        _content=content,
        _limits=limits,
    )


def _name(cell: str) -> str:
    """What a header cell calls its column: one line of bounded length with nothing invisible in it."""
    return SUSPECT.sub("\ufffd", " ".join(text.clean(cell).split()))[:NAME_CHARACTERS]


def letter(index: int) -> str:
    """The spreadsheet letter of a 0-based column: A … Z, AA …."""
    name, index = "", index + 1
    while index:
        index, digit = divmod(index - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Column names made unique with the spreadsheet letter."""
    seen, taken = Counter(names), set(names)
    unique = []
    for index, name in enumerate(names):
        made = name
        while not made or (seen[name] > 1 and made in taken):
            made = f"{made} ({letter(index)})".strip()
        taken.add(made)
        unique.append(made)
    return tuple(unique)


def _filled(cells: Sequence[str]) -> bool:
    return any(cells) and any(cell.strip() for cell in cells)


def _holds(record: Record) -> bool:
    return _filled(record.cells) or bool(record.unread)


def _header(first: Sequence[Record]) -> Record:
    """The first row about as wide as the rows are."""
    if not first:
        raise TableError("empty", msg("文件里没有内容"))
    widths = [sum(1 for cell in record.cells if cell.strip()) for record in first]
    usual = sorted(widths)[len(widths) // 2]
    return next(record for record, width in zip(first, widths, strict=True) if width >= HEADER_FILLED * usual)


def _given(content: Content, header_row: int) -> Record:
    for record in content.records():
        if record.number == header_row and _filled(record.cells):
            return record
    raise TableError("header_missing", msg("第 {row} 行不是表头", row=header_row), row=header_row)


def _header_warnings(names: Sequence[str], header: Record) -> Iterator[FieldError]:
    row = header.number
    for index, name in enumerate(names):
        if not name:
            yield FieldError(
                "file", "header_blank", msg("{column} 列没有列名", column=letter(index)), row=row
            )
        elif SUSPECT.search(header.cells[index]):
            reason = msg("{column} 列的列名含有无法解读或不可见的字符", column=letter(index))
            yield FieldError("file", "header_unreadable", reason, row=row, column=shown(name))
    for name, count in Counter(filter(None, names)).items():
        if count > 1:
            where = ", ".join(letter(index) for index, other in enumerate(names) if other == name)
            reason = msg("列名「{name}」重复：{columns} 列", name=shown(name), columns=where)
            yield FieldError("file", "header_repeated", reason, row=row, column=shown(name))
