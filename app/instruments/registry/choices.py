"""What forms and filters of the register offer to choose from."""

from collections.abc import Sequence

from app.access.principal import Principal
from app.codes import public as codes
from app.core.db import ReadSession
from app.core.i18n import Locale, Message, msg
from app.instruments.registry.policy import organisations_of
from app.instruments.registry.queries import classes_shared, owners
from app.instruments.registry.references import CLASSES, DISCIPLINES
from app.instruments.rules import vocabulary
from app.instruments.rules.nations import nations
from app.instruments.rules.vocabulary import Labels
from app.web.public import Suggestion

Choice = tuple[str, str | Message]
SUGGESTED = 4
BELOW = "\u3000"
"""Indents a class below its major class."""
SORTS: Labels = {
    "relevance": msg("按相关度"),
    "newest": msg("最近登记"),
    "name": msg("按名称"),
    "worth": msg("按原值"),
}
CHOSEN_SORTS: Labels = {key: label for key, label in SORTS.items() if key != "relevance"}
"""What a person chooses; by relevance is what a search is anyway."""
WORDS = {
    "sources": vocabulary.SOURCES,
    "kinds": vocabulary.KINDS,
    "funds": vocabulary.FUNDS,
    "carrier_types": vocabulary.CARRIER_TYPES,
    "running_states": vocabulary.RUNNING_STATES,
    "service_statuses": vocabulary.SERVICE_STATUSES,
    "booking_modes": vocabulary.BOOKING_MODES,
    "scopes": vocabulary.SCOPES,
    "tiers": vocabulary.TIERS,
}
IN_USE = tuple(key for key in vocabulary.SERVICE_STATUSES if key != "retired")


async def classes(db: ReadSession, locale: Locale) -> list[Choice]:
    """Instrument classes, lower ones indented."""
    found = await codes.options(db, CLASSES, locale)
    return [(code, name if code.endswith("0000") else f"{BELOW}{name}") for code, name in found]


async def class_filters(db: ReadSession, locale: Locale) -> list[Choice]:
    """The same by the prefix that a filter takes: 01, 0103."""
    return [(_prefix(code), name) for code, name in await classes(db, locale)]


async def suggestions(db: ReadSession, locale: Locale) -> list[Suggestion]:
    """Where a reader who looks around finds most: all of them lead to something."""
    found = await classes_shared(db, SUGGESTED)
    named = await codes.named(db, CLASSES, found)
    return [
        Suggestion(codes.label(named[code], locale), f"/instruments?class={_prefix(code)}")
        for code in found
        if code in named
    ]


def _prefix(code: str) -> str:
    return code.rstrip("0").ljust(2, "0") if code.endswith("0000") else code[:4]


async def disciplines(db: ReadSession, locale: Locale) -> Sequence[tuple[str, str]]:
    """First-level disciplines."""
    return await codes.options(db, DISCIPLINES, locale, level=1)


def countries(locale: Locale) -> list[tuple[str, str]]:
    """Countries by name."""
    return sorted(nations(locale).items(), key=lambda pair: pair[1].encode("gb18030"))


async def organisations(db: ReadSession, caller: Principal) -> list[Choice]:
    """The organisations the caller may register instruments for."""
    found = await owners(db, str(caller.tenant_id), organisations_of(caller))
    return [(str(owner.id), owner.name) for owner in found]
