"""The unified social credit code 统一社会信用代码 (GB 32100-2015): 18 characters, the last one a check character."""

import re
from enum import Enum

from stdnum.cn import uscc

_FORM = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_FULL_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
_SEPARATORS = str.maketrans("", "", " -\u3000\t")


class Standing(Enum):
    """How far a code can be trusted."""

    VALID = "valid"
    """Form and check character agree with the standard."""
    DOUBTFUL = "doubtful"
    """Of the right form, but a check fails; legal legacy codes such as 91350100M0001TGQXM do so."""
    MALFORMED = "malformed"
    """Not 18 characters of the standard's alphabet: cannot be a code."""


def normalise(typed: str) -> str:
    """The code as it is stored: ASCII, upper-case, without separators."""
    return typed.translate(_FULL_WIDTH).translate(_SEPARATORS).upper()


def examine(code: str) -> Standing:
    """What the standard says of a normalised code (weights 3^i mod 31, alphabet without I, O, S, V, Z)."""
    if not _FORM.fullmatch(code):
        return Standing.MALFORMED
    return Standing.VALID if uscc.is_valid(code) else Standing.DOUBTFUL
