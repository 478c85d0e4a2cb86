"""Finding instruments: from what was typed to a page of rows, their number, or all of them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.access.principal import Principal
from app.core import clock
from app.core.db import ReadSession
from app.core.keyset import Part, Slice
from app.instruments.registry import meanings, queries
from app.instruments.registry.schemas import InstrumentFilter
from app.instruments.rules.search import phrase, words
from app.instruments.rules.short_names import alternatives

LIST = "instruments"
CHUNK = 500
MOST_COUNTED = 1_000
"""Counting further costs more than the figure tells."""


@dataclass(frozen=True, slots=True)
class Search:
    """Who asks for which instruments, and when."""

    caller: Principal
    wanted: InstrumentFilter
    query: str | None
    """The text query: None when nothing was typed, empty when nothing can be found."""
    at: datetime


async def search(db: ReadSession, *, caller: Principal, wanted: InstrumentFilter) -> Search:
    """Understand what was typed; one query, where a word was, for the organisations and places it names."""
    query = await _text_query(db, caller, wanted.q) if wanted.q else None
    return Search(caller, wanted, query, clock.now())


async def find(db: ReadSession, asked: Search, part: Part) -> Slice[Row[Any]]:
    """A page of the instruments the caller may see: one query.

    Raises:
        Invalid: the cursor is forged, or of another list, filter or order.
    """
    bound_to = [LIST, asked.wanted.filters()]
    position = part.cursors.decode(part.cursor, bound_to=bound_to) if part.cursor is not None else None
    if asked.query == "":
        return Slice([], None)
    statement = queries.page(
        asked.caller,
        asked.wanted,
        query=asked.query,
        at=asked.at,
        after=_keys(position),
        limit=part.limit + 1,
    )
    rows = (await db.execute(statement)).all()
    items = list(rows[: part.limit])
    if len(rows) <= part.limit:
        return Slice(items, None)
    return Slice(
        items, part.cursors.encode([_jsonable(key) for key in keys_of(items[-1])], bound_to=bound_to)
    )


async def count(db: ReadSession, asked: Search) -> int:
    """How many instruments there are; 1,001 says more than 1,000."""
    if asked.query == "":
        return 0
    return await queries.counted(
        db, asked.caller, asked.wanted, query=asked.query, at=asked.at, most=MOST_COUNTED
    )


async def every(
    db: ReadSession, asked: Search, *, columns: Sequence[Any]
) -> AsyncIterator[Sequence[Row[Any]]]:
    """All of a list's rows with these columns, some hundred at a time."""
    after: Sequence[Any] | None = None
    while asked.query != "":
        statement = queries.page(
            asked.caller,
            asked.wanted,
            query=asked.query,
            at=asked.at,
            after=after,
            limit=CHUNK,
            columns=columns,
        )
        rows = (await db.execute(statement)).all()
        yield rows
        if len(rows) < CHUNK:
            return
        after = keys_of(rows[-1])


async def _text_query(db: ReadSession, caller: Principal, typed: str) -> str:
    """Every word is in the entry, or in the name of its organisation or place; empty when nothing can be found."""
    phrases = {word: found for word in words(typed) if (found := phrase(word))}
    named = await meanings.named(db, caller, list(phrases)) if phrases else {}
    return " & ".join(_either(_said(word), named.get(word, ())) for word in phrases)


def _said(word: str) -> str:
    """The text query of a word in all the ways a register may say it."""
    ways = ([phrase(part) for part in parts] for parts in alternatives(word))
    return " | ".join(f"({' & '.join(filter(None, way))})" for way in ways if all(way))


def _either(found: str, lexemes: Sequence[str]) -> str:
    return "(" + " | ".join([found, *(f"'{lexeme}'" for lexeme in lexemes)]) + ")"


def keys_of(row: Row[Any]) -> list[Any]:
    """The keys of the list's order in a row."""
    return [value for name, value in row._mapping.items() if name.startswith("key")]  # noqa: SLF001 - Row's public attribute


def _keys(position: Sequence[Any] | None) -> Sequence[Any] | None:
    """The keys in a cursor; the last is always an id. The cursor is signed, so it has that form."""
    return None if position is None else [*position[:-1], UUID(str(position[-1]))]


def _jsonable(key: Any) -> str | int | float | None:
    return str(key) if isinstance(key, UUID) else key
