"""Texts in two languages: the Chinese sentence is the message id, the `en.po` of each package holds the English.

`msg("已有 {count} 条", count=3)` makes a lazy `Message`; it becomes text only where the reader's language is known.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from babel.messages.pofile import read_po

Locale = Literal["zh", "en"]
LOCALES: tuple[Locale, ...] = get_args(Locale)
DEFAULT: Locale = "zh"
APP = Path(__file__).parent.parent
_ACCEPTED = re.compile(
    r"(?P<language>zh|en)(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q\s*=\s*(?P<weight>[01](?:\.[0-9]{0,3})?))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence to be said in the reader's language."""

    id: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def text(self, locale: Locale = DEFAULT) -> str:
        """The sentence in `locale`; parameters that are messages themselves are translated too."""
        values = {k: v.text(locale) if isinstance(v, Message) else v for k, v in self.params.items()}
        sentence = gettext(self.id, locale)
        return sentence.format_map(values) if values else sentence


def msg(id: str, /, **params: Any) -> Message:  # noqa: A002 - gettext's own word
    """A lazy message; `params` fill its {placeholders}."""
    return Message(id, params)


def gettext(id: str, locale: Locale) -> str:  # noqa: A002
    """The translation of a message id, or the id itself (Chinese is the source language)."""
    return id if locale == DEFAULT else catalog().get(id, id)


@lru_cache(maxsize=1)
def catalog() -> dict[str, str]:
    """Every English sentence of every package."""
    sentences: dict[str, str] = {}
    for path in sorted(APP.rglob("en.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                if (
                    message.id
                    and isinstance(message.id, str)
                    and isinstance(message.string, str)
                    and message.string
                ):
                    sentences[message.id] = message.string
    return sentences


def negotiate(*, chosen: str | None, accept_language: str | None) -> Locale:
    """The language of a reader: what was chosen, else the first accepted one we speak, else Chinese.

    Accept-Language is that of RFC 9110 §12.5.4: the highest weight first, weight 0 refuses, letters' case is nothing.
    """
    if chosen in LOCALES:
        return chosen
    accepted: list[tuple[float, Locale]] = []
    for part in (accept_language or "").split(","):
        found = _ACCEPTED.fullmatch(part.strip())
        weight = float(found["weight"] or 1) if found else 0
        if found and weight:
            accepted.append((weight, "en" if found["language"].lower() == "en" else "zh"))
    return max(accepted, key=lambda pair: pair[0], default=(1, DEFAULT))[1]
