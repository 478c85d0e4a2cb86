"""What a unit 台(套) is called that nobody gave a name."""

import re

from app.core.i18n import Message, msg

_USUAL = re.compile(r"([0-9]{1,2}) 号机")


def usual_label(number: int) -> str:
    """The label that is kept of the unit of this number, until somebody gives it another."""
    return f"{number} 号机"


def unit_name(label: str) -> str | Message:
    """A label as it is shown: one that nobody chose is said in the reader's language."""
    found = _USUAL.fullmatch(label)
    return msg("{number} 号机", number=found[1]) if found else label
