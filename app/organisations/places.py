"""Where organisations sit, in words: cities and counties of GB/T 2260, a county with its city before it."""

from collections.abc import Collection, Mapping

from app.codes.public import label, named, options
from app.core.db import ReadSession
from app.core.i18n import Locale

SCHEME = "gb2260"
CITY, COUNTY = 2, 3
"""Levels of the scheme; districts of a municipality are counties right below it."""


async def is_place_of(db: ReadSession, adcode: str, tenant_id: str) -> bool:
    """Whether the code is a city or county of the province that is in force."""
    entry = (await named(db, SCHEME, [adcode])).get(adcode)
    if entry is None or entry.status != "current" or entry.level not in {CITY, COUNTY}:
        return False
    return adcode[:2] == tenant_id[:2]


async def place_choices(db: ReadSession, tenant_id: str, locale: Locale) -> list[tuple[str, str]]:
    """Code and name of a province's cities and counties in force, by one statement."""
    names = {code: name for code, name in await options(db, SCHEME, locale) if code[:2] == tenant_id[:2]}
    return [
        (code, _full(code, names, locale))
        for code in names
        if code != tenant_id and len(code) == len(tenant_id)
    ]


async def place_names(db: ReadSession, codes: Collection[str], locale: Locale) -> dict[str, str]:
    """The names of places by code, historical ones too, by one statement."""
    entries = await named(db, SCHEME, {*codes, *(_city(code) for code in codes)})
    names = {code: label(entry, locale) for code, entry in entries.items()}
    return {code: _full(code, names, locale) for code in codes if code in names}


def _city(code: str) -> str:
    return f"{code[:4]}00"


def _full(code: str, names: Mapping[str, str], locale: Locale) -> str:
    """杭州市西湖区; Xihu District, Hangzhou."""
    city = names.get(_city(code)) if code != _city(code) else None
    if city is None:
        return names[code]
    return f"{city}{names[code]}" if locale == "zh" else f"{names[code]}, {city}"
