"""What text may be: NFC, trimmed, without NUL, control or direction-changing characters, and of bounded length."""

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ALLOWED_CONTROLS = frozenset("\n\t")


def fault(text: str, *, lines: bool = False) -> str | None:
    """The code of what is wrong with `text`, or None; `lines` allows line breaks and tabs."""
    for character in text:
        if character == "\0":
            return "nul_character"
        if character in BIDI:
            return "bidi_character"
        category = unicodedata.category(character)
        if category == "Cs":
            return "lone_surrogate"
        if category == "Cc" and not (lines and character in ALLOWED_CONTROLS):
            return "control_character"
    return None


def clean(text: str) -> str:
    """NFC, one kind of line break, no outer white space (the full-width space included)."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _checked(*, lines: bool) -> AfterValidator:
    def check(value: str) -> str:
        code = fault(value, lines=lines)
        if code:
            raise PydanticCustomError(code, "{code}", {"code": code})  # noqa: EM101 - the message is looked up by code
        return value

    return AfterValidator(check)


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def line(maximum: int, *, minimum: int = 1) -> Any:
    """The type of a single line of text of `minimum` to `maximum` characters."""
    return Annotated[
        str, BeforeValidator(_cleaned), Field(min_length=minimum, max_length=maximum), _checked(lines=False)
    ]


def prose(maximum: int, *, minimum: int = 0) -> Any:
    """The type of a text that may have several lines."""
    return Annotated[
        str, BeforeValidator(_cleaned), Field(min_length=minimum, max_length=maximum), _checked(lines=True)
    ]
