"""The guard before the XLSX reader: unpacks, checks and repacks the XML parts of a workbook.

calamine trusts the sizes a file declares, allocates the rectangle its cells span, and panics when that fails; so it sees
only a copy made here, in which every part was unpacked within bounds, is well-formed XML without a document type (no
entities, no expansion), and spans a rectangle we can hold. Pictures and macros are left behind.
"""

import functools
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from xml.parsers import expat

from app.core.i18n import msg
from app.core.tabular.errors import TableError
from app.core.tabular.limits import Limits
from app.core.tabular.source import Source

IN_MEMORY = 16 * 1024 * 1024
CHUNK = 256 * 1024
MOST_PARTS = 5_000
NOT_READ = ("/charts/", "/drawings/", "/pivotcache/", "customxml/")
CONTENT_TYPES = "[content_types].xml"
BROKEN_ZIP = (
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    zlib.error,
    struct.error,
    OSError,
    ValueError,
)
"""What zipfile raises for files that are no zip, cut short, or packed in a way it does not know."""
EXCEL_ROWS, EXCEL_COLUMNS = 1_048_576, 16_384
ENCRYPTED_FLAG = 0x1
MOST_UNREAD = 100_000
WORKBOOK_LINKS = "workbook.xml.rels"


def damaged() -> TableError:
    """What is said of a file that calls itself XLSX and cannot be read as one."""
    return TableError("xlsx_damaged", msg("这不是有效的 XLSX 文件，可能已损坏或只是改了扩展名"))


Place = tuple[int, int]
"""0-based row and column of a cell."""


@dataclass(slots=True)
class Package:
    """A checked copy of a workbook, and the cells whose value calamine would silently drop."""

    copy: BinaryIO
    checks: dict[str, "PartCheck"] = field(default_factory=dict)

    def unread(self, sheet: str) -> Mapping[Place, str]:
        """The cells of `sheet` that hold an error or a formula never calculated, with the code of which."""
        links = {c.sheets[sheet] for c in self.checks.values() if sheet in c.sheets}
        parts = tuple(
            check.targets[link].lstrip("/.")
            for name, check in self.checks.items()
            if name.endswith(WORKBOOK_LINKS)
            for link in links & check.targets.keys()
        )
        return next((check.unread for part, check in self.checks.items() if part.endswith(parts)), {})


@contextmanager
def repacked(source: Source, limits: Limits) -> Iterator[Package]:
    """A checked copy of the workbook, gone when the context ends.

    Raises:
        TableError: it is no XLSX, encrypted, damaged, too large, declares entities, or spans too large a rectangle.
    """
    with SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
        checked = Package(cast("BinaryIO", copy))
        try:
            with source.open() as file, zipfile.ZipFile(file) as package:
                _copy(package, checked, limits)
        except BROKEN_ZIP as error:
            raise damaged() from error
        copy.seek(0)
        yield checked


def _copy(package: zipfile.ZipFile, checked: Package, limits: Limits) -> None:
    left = limits.unpacked_bytes
    with zipfile.ZipFile(checked.copy, "w", zipfile.ZIP_STORED) as target:
        for name, part in _parts(package).items():
            check = checked.checks[name] = PartCheck(limits)
            with package.open(part) as packed, target.open(name, "w") as written:
                while chunk := packed.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        limit = limits.unpacked_bytes // 1024 // 1024
                        raise TableError("unpacks_too_large", msg("工作簿解压后超过 {limit} MB", limit=limit))
                    check.feed(chunk)
                    written.write(chunk)
            check.close()


def _parts(package: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The XML parts by name; backslashes, which some Windows programs write, are made slashes."""
    entries = package.infolist()
    names = {entry.filename.replace("\\", "/").lower() for entry in entries}
    if "mimetype" in names or CONTENT_TYPES not in names:
        raise TableError("not_xlsx", msg("这是压缩包或其他格式的文件，不是 XLSX 工作簿，请另存为 XLSX"))
    if len(entries) > MOST_PARTS:
        raise damaged()
    parts = {}
    for entry in entries:
        if entry.flag_bits & ENCRYPTED_FLAG:
            raise TableError("encrypted", msg("文件有密码保护，请取消密码后再上传"))
        name = entry.filename.replace("\\", "/")
        if name.lower().endswith((".xml", ".rels")) and not any(
            folder in name.lower() for folder in NOT_READ
        ):
            parts[name] = entry
    return parts


class PartCheck:
    """Reads one XML part as a stream: refuses document types, measures where cells with content stand."""

    def __init__(self, limits: Limits) -> None:
        self.sheets: dict[str, str] = {}
        """Relationship of each sheet name, in the workbook part."""
        self.targets: dict[str, str] = {}
        """Part of each relationship, in a .rels part."""
        self.unread: dict[Place, str] = {}
        """Cells of a sheet part with an error or a formula never calculated."""
        self._area = limits.sheet_area
        self._row = self._column = 0
        self._digits = ""
        self._bottom = self._right = 0
        self._handlers: dict[str, Callable[[dict[str, str]], None]] = {
            "c": self._cell,
            "v": self._value,
            "is": self._value,
            "f": self._formula,
            "row": self._new_row,
            "sheet": self._sheet,
            "Relationship": self._relationship,
        }
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the part."""
        self._parse(chunk, last=False)

    def close(self) -> None:
        """The part has ended."""
        self._parse(b"", last=True)

    def _parse(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise damaged() from error

    def _refuse_doctype(self, *_: object) -> None:
        raise TableError("xml_entities", msg("工作簿里含有外部实体声明，出于安全原因不予读取"))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        handle = self._handlers.get(name if ":" not in name else name[name.index(":") + 1 :])
        if handle is not None:
            handle(attributes)

    def _sheet(self, attributes: dict[str, str]) -> None:
        link = next((value for name, value in attributes.items() if name.endswith(":id")), "")
        self.sheets[attributes.get("name", "")] = link

    def _relationship(self, attributes: dict[str, str]) -> None:
        self.targets[attributes.get("Id", "")] = attributes.get("Target", "").replace("\\", "/")

    def _new_row(self, attributes: dict[str, str]) -> None:
        self._column = 0
        self._row = _number(attributes["r"]) if "r" in attributes else self._row + 1
        self._digits = str(self._row)

    def _cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference:
            letters = reference.rstrip("0123456789")
            self._column = column_number(letters)
            digits = reference[len(letters) :]
            if digits != self._digits:
                self._digits, self._row = digits, _number(digits)
        else:
            self._column += 1
        if attributes.get("t") == "e":
            self._leave("formula_error")

    def _formula(self, _attributes: dict[str, str]) -> None:
        self._leave("formula_uncalculated")

    def _value(self, _attributes: dict[str, str]) -> None:
        if self._row > self._bottom or self._column > self._right:
            self._grow()
        if self.unread and self.unread.get((self._row - 1, self._column - 1)) == "formula_uncalculated":
            del self.unread[self._row - 1, self._column - 1]

    def _leave(self, code: str) -> None:
        self.unread.setdefault((self._row - 1, self._column - 1), code)
        if len(self.unread) > MOST_UNREAD:
            raise TableError(
                "formulas_uncalculated",
                msg("公式错误或未计算的单元格过多，请在表格软件中打开、重新计算并保存"),
            )

    def _grow(self) -> None:
        if not (0 < self._row <= EXCEL_ROWS and 0 < self._column <= EXCEL_COLUMNS):
            raise damaged()
        self._bottom, self._right = max(self._bottom, self._row), max(self._right, self._column)
        if self._bottom * self._right > self._area:
            reason = msg("第 {row} 行还有内容，工作表的范围过大；请删除表格之外的行和列", row=self._row)
            raise TableError("sheet_too_sparse", reason, row=self._row)


@functools.lru_cache(maxsize=1024)
def column_number(letters: str) -> int:
    """The 1-based number of a spreadsheet column: A is 1, AA is 27.

    Raises:
        TableError: these are no column letters.
    """
    if not (letters.isascii() and letters.isalpha() and len(letters) <= len("XFD")):
        raise damaged()
    return functools.reduce(lambda number, c: number * 26 + ord(c) - ord("A") + 1, letters.upper(), 0)


def _number(digits: str) -> int:
    if not digits.isdecimal() or len(digits) > len(str(EXCEL_ROWS)):
        raise damaged()
    return int(digits)
