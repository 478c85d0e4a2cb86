"""CSV and TSV: delimiter, line ends, quotes that go wrong, one record at a time.

A record number is the row a spreadsheet shows: quoted line breaks stay inside a row, blank lines count. A quote that is
never closed, or is followed by other text, would swallow its neighbours; such a line is read literally, named, and
reading goes on with the next line.
"""

import csv
import io
import itertools
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence

from app.core.i18n import msg
from app.core.tabular.encoding import KEEP_BYTES, encoding_of
from app.core.tabular.errors import TableError
from app.core.tabular.source import Source
from app.core.tabular.table import Content, Record
from app.core.tabular.write import FORMULA

DELIMITERS = ",;\t|"
SAMPLE_LINES = 200
LONGEST_LINE = 1024 * 1024
MOST_LINES_IN_RECORD = 1_000
MOST_BROKEN_QUOTES = 1_000
POSTGRES_NULL = "\\N"
SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""Excel's own first line that names the delimiter and is not shown as a row."""
ESCAPED = re.compile(f"'(?:{FORMULA.pattern})")
"""A cell as `formula_safe` writes it."""
MARKUP = ("<!doctype html", "<html", "<head", "<body", "<table", "<?xml")


def open_text(source: Source, encoding: str | None) -> Content:
    """The content of a text file; each call of `records` reads it anew, in bounded memory.

    Raises:
        TableError: the encoding is unclear or unknown, or the content is binary or a web page.
    """
    codec = encoding_of(source, encoding)

    def open_lines() -> io.TextIOBase:
        return io.TextIOWrapper(source.open(), encoding=codec, errors=KEEP_BYTES, newline="")

    with open_lines() as lines:
        sample = list(itertools.islice(_bounded(lines), SAMPLE_LINES))
    first = next((line for line in sample if line.strip()), "")
    if first.lstrip("\ufeff \t").lower().startswith(MARKUP):
        raise TableError("markup", msg("这是网页或 XML 文件，请用表格软件打开后另存为 XLSX 或 CSV"))
    named = SEPARATOR_LINE.fullmatch(sample[0]) if sample else None
    delimiter = named[1] if named else delimiter_of(sample, tab_preferred=source.suffix in {".tsv", ".tab"})

    def records() -> Iterator[Record]:
        with open_lines() as lines:
            bounded = _bounded(lines)
            if named:
                next(bounded)
            yield from _Reader(bounded, delimiter).records()

    return Content(records, encoding={"utf-8-sig": "utf-8"}.get(codec, codec), delimiter=delimiter)


def delimiter_of(sample: Sequence[str], *, tab_preferred: bool = False) -> str:
    """The delimiter that splits most lines into the same number of cells; a comma where nothing does."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = _widths(sample, delimiter)
        if not any(width > 1 for width in widths):
            continue
        width, count = max(widths.items(), key=lambda item: (item[0] > 1) * item[1])
        score = (count / widths.total(), width)
        if tab_preferred and delimiter == "\t":
            return delimiter
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _widths(sample: Sequence[str], delimiter: str) -> Counter[int]:
    widths: Counter[int] = Counter()
    reader = csv.reader(sample, delimiter=delimiter, skipinitialspace=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error:  # a field of more than 128 KiB: no evidence for this delimiter
            row = [""]
        if row is None:
            return widths
        if row:
            widths[len(row)] += 1


def _bounded(lines: io.TextIOBase) -> Iterator[str]:
    """Lines with their ends; one that never ends is refused before it fills the memory."""
    while line := lines.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE:
            raise TableError("line_too_long", msg("文件中有一行超过 {limit} 个字符", limit=LONGEST_LINE))
        yield line


class _Reader:
    """csv.reader in strict mode that survives what strict mode refuses."""

    def __init__(self, lines: Iterator[str], delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._spent: list[str] = []
        """Lines handed to the csv module for the record it is reading."""
        self._again: deque[str] = deque()
        self._broken = 0

    def records(self) -> Iterator[Record]:
        reader, number = self._strict(), 0
        while True:
            number += 1
            self._spent.clear()
            broken = False
            try:
                cells = next(reader, None)
            except csv.Error:
                cells, broken = self._literal(number), self._delimiter != "\t"
                # A csv.reader whose input has ended stays ended; lines given back need a fresh one.
                reader = self._strict()
            if cells is None:
                return
            yield Record(number, [self._plain(cell) for cell in cells], quote_broken=broken)

    def _strict(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._delimiter, skipinitialspace=True, strict=True)

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            self._spent.append(line)
            if len(self._spent) > MOST_LINES_IN_RECORD:
                raise csv.Error
            yield line

    def _literal(self, number: int) -> list[str]:
        """The first line of the record without any quoting; the others are read again."""
        self._broken += 1
        if self._broken > MOST_BROKEN_QUOTES:
            raise TableError("quotes_broken", msg("引号不成对的行过多，请检查文件的引号和分隔符"), row=number)
        first, *rest = self._spent
        self._again.extendleft(reversed(rest))
        return first.rstrip("\r\n").split(self._delimiter)

    def _plain(self, cell: str) -> str:
        if cell == POSTGRES_NULL and self._delimiter == "\t":
            return ""
        return cell[1:] if ESCAPED.match(cell) else cell
