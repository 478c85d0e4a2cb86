"""Texts in two languages: the Chinese sentence is the message id, `app/*/en.po` holds the English.

`msg("已有 {count} 条", count=3)` makes a lazy `Message`; it becomes text only where the reader's language is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from babel.core import negotiate_locale
from babel.messages.pofile import read_po

Locale = Literal["zh", "en"]
LOCALES: tuple[Locale, ...] = get_args(Locale)
DEFAULT: Locale = "zh"
APP = Path(__file__).parent.parent


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
    for path in sorted(APP.glob("*/en.po")):
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
    """The language of a reader: what was chosen, else the first accepted one we speak, else Chinese."""
    if chosen in LOCALES:
        return chosen
    wanted = []
    for part in (accept_language or "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), tag.replace("-", "_")))
        except ValueError:
            continue
    wanted.sort(key=lambda pair: pair[0])
    found = negotiate_locale([tag for _, tag in wanted if tag], ["zh", "zh_CN", "zh_Hans_CN", "en"], sep="_")
    return "en" if found == "en" else DEFAULT
