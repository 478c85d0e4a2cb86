"""The file as sent, and what kind of file its first bytes say it is."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from app.core.i18n import msg
from app.core.tabular.errors import TableError
from app.core.tabular.limits import Limits

Kind = Literal["text", "xlsx"]
HEAD = 64 * 1024
ZIP = b"PK"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
FOREIGN = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"GIF8",
    b"SQLite format 3",
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file in memory or on disk, under the name it was sent with."""

    data: Path | bytes
    filename: str

    @property
    def suffix(self) -> str:
        """The lower-case ending of the name, with its dot."""
        return Path(self.filename).suffix.lower()

    def size(self) -> int:
        """Bytes in the file."""
        return len(self.data) if isinstance(self.data, bytes) else self.data.stat().st_size

    def open(self) -> BinaryIO:
        """The file from its beginning."""
        return io.BytesIO(self.data) if isinstance(self.data, bytes) else self.data.open("rb")

    def head(self) -> bytes:
        """The first bytes, enough to tell what it is."""
        with self.open() as file:
            return file.read(HEAD)


def kind_of(source: Source, limits: Limits) -> Kind:
    """Whether the content is an XLSX package or text.

    Raises:
        TableError: it is empty, too large, or something else (XLS, encrypted, PDF, picture).
    """
    size = source.size()
    if size == 0:
        raise TableError("empty", msg("文件是空的"))
    if size > limits.bytes:
        raise TableError("file_too_large", msg("文件超过 {limit} MB", limit=limits.bytes // 1024 // 1024))
    head = source.head()
    if head.startswith(OLE):
        _refuse_ole(source)
    if head.startswith(ZIP):
        return "xlsx"
    if head.startswith(FOREIGN):
        raise TableError("not_a_table", msg("这不是表格文件，请上传 CSV 或 XLSX"))
    if source.suffix in {".xlsx", ".xlsm"}:
        raise TableError("xlsx_damaged", msg("这不是有效的 XLSX 文件，可能已损坏或只是改了扩展名"))
    return "text"


def _refuse_ole(source: Source) -> None:
    with source.open() as file:
        if ENCRYPTED_PACKAGE in file.read():
            raise TableError("encrypted", msg("文件有密码保护，请取消密码后再上传"))
    raise TableError("xls", msg("这是旧版 Excel（XLS）文件，请用表格软件另存为 XLSX"))
