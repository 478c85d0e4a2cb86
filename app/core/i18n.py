"""Texts in two languages: the Chinese sentence is the message id, the `en.po` of each package holds the English.

`msg("已有 {count} 条", count=3)` makes a lazy `Message`; it becomes text only where the reader's language is known.
A Chinese word that stands for several English ones is told apart by its context (gettext's `msgctxt`): without one, 取消预约
is what a button does, `pmsg("event", "取消预约")` what has happened. English has a singular where `en.po` gives an entry
`msgid_plural`: it is said when the parameter `count` is 1.
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
    context: str = ""

    def text(self, locale: Locale = DEFAULT) -> str:
        """The sentence in `locale`; parameters that are messages themselves are translated too."""
        values = {k: v.text(locale) if isinstance(v, Message) else v for k, v in self.params.items()}
        sentence = gettext(self.id, locale, self.context, count=values.get("count"))
        return sentence.format_map(values) if values else sentence


@dataclass(frozen=True, slots=True)
class Name(Message):
    """What something is called in the register: its Chinese name, or its English one where it has one and that is read."""

    english: str = ""

    def text(self, locale: Locale = DEFAULT) -> str:
        """The name in `locale`."""
        return (self.english if locale == "en" else "") or self.id


def named(chinese: str, english: str = "") -> Name:
    """A name as a message, to be said inside others."""
    return Name(chinese, english=english)


def msg(id: str, /, **params: Any) -> Message:  # noqa: A002 - gettext's own word
    """A lazy message; `params` fill its {placeholders}."""
    return Message(id, params)


def pmsg(context: str, id: str, /, **params: Any) -> Message:  # noqa: A002 - gettext's own word
    """A lazy message whose English depends on `context`."""
    return Message(id, params, context)


def gettext(id: str, locale: Locale, context: str = "", *, count: object = None) -> str:  # noqa: A002 - gettext's own word
    """The translation of a message id in its context, or the id itself (Chinese is the source language)."""
    if locale == DEFAULT:
        return id
    forms = catalog().get((context, id), (id,))
    return forms[0 if count == 1 else -1]


@lru_cache(maxsize=1)
def catalog() -> dict[tuple[str, str], tuple[str, ...]]:
    """Every English sentence of every package, by context (mostly none) and message id: singular and plural, or one."""
    sentences: dict[tuple[str, str], tuple[str, ...]] = {}
    for path in sorted(APP.rglob("en.po")):
        sentences |= sentences_of(path)
    return sentences


def sentences_of(path: Path) -> dict[tuple[str, str], tuple[str, ...]]:
    """The English sentences of one `en.po`."""
    with path.open("rb") as file:
        messages = [message for message in read_po(file, locale="en") if message.id]
    return {(message.context or "", _forms(message.id)[0]): _forms(message.string) for message in messages}


def _forms(text: object) -> tuple[str, ...]:
    return tuple(str(form) for form in text) if isinstance(text, list | tuple) else (str(text),)


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
