"""What other features use of code lists.

There is no cache: every function is one statement on a primary key or a small list, which costs what checking a cache's
version would. Ask once for all the codes of a page (`named`, `exists_all`).
"""

from collections.abc import Collection, Mapping, Sequence

from app.codes import queries
from app.codes.models import Code
from app.core.db import ReadSession
from app.core.i18n import Locale

__all__ = ["Code", "children", "exists_all", "label", "named", "options", "resolve"]


def label(entry: Code, locale: Locale) -> str:
    """The entry's name in the reader's language, or in the other one where it has none."""
    return (entry.name_en or entry.name_zh) if locale == "en" else (entry.name_zh or entry.name_en)


async def resolve(db: ReadSession, scheme: str, code: str) -> Code | None:
    """The entry of a code, current or historical."""
    found: Code | None = await db.scalar(queries.by_codes(scheme, [code]))
    return found


async def named(db: ReadSession, scheme: str, codes: Collection[str]) -> Mapping[str, Code]:
    """The entries of several codes, current or historical, by code."""
    if not codes:
        return {}
    return {entry.code: entry for entry in await db.scalars(queries.by_codes(scheme, set(codes)))}


async def children(db: ReadSession, scheme: str, parent: str | None = None) -> Sequence[Code]:
    """The current entries right below `parent`, or the top ones, by code."""
    return (await db.scalars(queries.children(scheme, parent))).all()


async def options(
    db: ReadSession, scheme: str, locale: Locale, *, level: int | None = None
) -> Sequence[tuple[str, str]]:
    """Code and name of the current entries of one level or all, by code: what a form offers."""
    return [
        (entry.code, label(entry, locale)) for entry in await db.scalars(queries.current(scheme, level=level))
    ]


async def exists_all(db: ReadSession, scheme: str, codes: Collection[str]) -> frozenset[str]:
    """Those of `codes` that are not in force; none means all may be used."""
    known = await named(db, scheme, codes)
    return frozenset(code for code in codes if code not in known or known[code].status != "current")
