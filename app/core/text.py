"""What text may be: NFC, trimmed, without NUL, control or direction-changing characters, and of bounded length."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ALLOWED_CONTROLS = frozenset("\n\t")
BREAKS = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's categories of control characters and of line and paragraph separators."""
MOST_MARKS = 30
JOINER = "\u034f"
"""COMBINING GRAPHEME JOINER, which no mark is sorted across."""
LAST_MARK = 0x1F000
"""Beyond it are no combining marks (Unicode 16)."""
_LINE_BREAK = re.compile("\r\n|[\r\u2028\u2029]")


def fault(text: str, *, lines: bool = False) -> str | None:
    """The code of what is wrong with `text`, or None; `lines` allows line breaks and tabs."""
    return next(filter(None, (_character_fault(character, lines=lines) for character in text)), None)


def _character_fault(character: str, *, lines: bool) -> str | None:
    if character == "\0":
        return "nul_character"
    if character in BIDI:
        return "bidi_character"
    category = unicodedata.category(character)
    if category == "Cs":
        return "lone_surrogate"
    if category in BREAKS and not (lines and character in ALLOWED_CONTROLS):
        return "control_character"
    return None


def printable(text: str) -> str:
    """The text with U+FFFD for what is no character and no space, so that it can be shown and kept anywhere."""
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else "\ufffd" for c in text)


@cache
def _long_run_of_marks() -> re.Pattern[str]:
    marks = "".join(chr(code) for code in range(LAST_MARK) if unicodedata.combining(chr(code)))
    return re.compile(f"[{re.escape(marks)}]{{{MOST_MARKS}}}(?=[{re.escape(marks)}])")


def normalised(text: str, form: Literal["NFC", "NFKC"] = "NFC") -> str:
    """The text in a normal form of Unicode, in time proportional to its length.

    Sorting a run of combining marks is quadratic, so that long runs are parted first as Unicode's "stream-safe text
    format" does (UAX #15 §13): no language has more than 30 in a row.
    """
    if text.isascii():
        return text
    return unicodedata.normalize(form, _long_run_of_marks().sub(f"\\g<0>{JOINER}", text))


def clean(text: str) -> str:
    """NFC, one kind of line break, no outer white space (the full-width space included)."""
    return normalised(_LINE_BREAK.sub("\n", text)).strip()


@dataclass(frozen=True, slots=True)
class Line:
    """The type of one line of text: `Annotated[str, Line(200)]`; `minimum=0` allows none."""

    maximum: int
    minimum: int = 1

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Clean, then measure, then look at each character."""
        return _schema(self.maximum, self.minimum, lines=False)


@dataclass(frozen=True, slots=True)
class Prose:
    """The type of a text that may have several lines: `Annotated[str, Prose(1000)]`."""

    maximum: int
    minimum: int = 0

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Clean, then measure, then look at each character."""
        return _schema(self.maximum, self.minimum, lines=True)


def _schema(maximum: int, minimum: int, *, lines: bool) -> CoreSchema:
    def check(value: str) -> str:
        code = fault(value, lines=lines)
        if code:
            raise PydanticCustomError(code, "{code}", {"code": code})
        return value

    measured = core_schema.str_schema(min_length=minimum, max_length=maximum)
    checked = core_schema.no_info_after_validator_function(check, measured)
    return core_schema.no_info_before_validator_function(
        lambda value: clean(value) if isinstance(value, str) else value, checked
    )
