"""Why a file cannot be read as a table, and what can be wrong with a single cell or row."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.errors import FieldError, Invalid
from app.core.i18n import Message, msg
from app.core.text import printable

SHOWN = 80
"""Characters of a faulty value that are shown back."""

FAULTS: dict[str, Message] = {
    "nul_character": msg("含有空字符（NUL）"),
    "bidi_character": msg("含有改变文字方向的隐藏字符"),
    "control_character": msg("含有控制字符"),
    "lone_surrogate": msg("含有无效的字符编码"),
    "formula_error": msg("公式的结果是错误值"),
    "formula_uncalculated": msg("公式没有保存计算结果，请在表格软件中打开、重新计算并保存"),
}


class TableError(Invalid):
    """The file is no table we can read; `reason` is the stable code of why."""

    code = "table_unreadable"
    title = msg("文件无法读取")

    def __init__(self, reason: str, message: Message, *, row: int | None = None) -> None:
        """`row` is the spreadsheet row, where one can be named."""
        super().__init__(message, errors=[FieldError("file", reason, message, row=row)])
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Candidate:
    """An encoding the file may have, what it would then say, and how many bytes it could not decode."""

    encoding: str
    sample: str
    undecodable: int


class EncodingUnclear(TableError):  # noqa: N818 - a question, not an error
    """The sender must say which encoding it is."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        """`candidates`, the likeliest first."""
        super().__init__("encoding_unclear", msg("无法确定文件的文字编码，请选择能正确显示内容的一种"))
        self.candidates = tuple(candidates)
        self.data["candidates"] = [
            {"encoding": c.encoding, "sample": c.sample, "undecodable": c.undecodable} for c in candidates
        ]


def shown(value: str) -> str:
    """The start of a value with everything unprintable made visible."""
    return printable(value[:SHOWN])
