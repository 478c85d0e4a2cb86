"""Finding instruments: from what was typed to a page of rows."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.access.principal import Principal
from app.core import clock
from app.core.db import ReadSession
from app.core.keyset import Part, Slice
from app.instruments.registry import queries
from app.instruments.registry.schemas import InstrumentFilter
from app.instruments.rules.search import phrase, words

LIST = "instruments"
CHUNK = 500


async def find(
    db: ReadSession, *, caller: Principal, wanted: InstrumentFilter, part: Part
) -> Slice[Row[Any]]:
    """A page of the instruments the caller may see: one query, and one more to know the organisations a word names.

    Raises:
        Invalid: the cursor is forged, or of another list, filter or order.
    """
    bound_to = [LIST, wanted.filters()]
    position = part.cursors.decode(part.cursor, bound_to=bound_to) if part.cursor is not None else None
    query = await text_query(db, wanted.q) if wanted.q else None
    if query == "":
        return Slice([], None)
    statement = queries.page(
        caller, wanted, query=query, at=clock.now(), after=_keys(position), limit=part.limit + 1
    )
    rows = (await db.execute(statement)).all()
    items = list(rows[: part.limit])
    if len(rows) <= part.limit:
        return Slice(items, None)
    return Slice(
        items, part.cursors.encode([_jsonable(key) for key in keys_of(items[-1])], bound_to=bound_to)
    )


async def every(
    db: ReadSession, *, caller: Principal, wanted: InstrumentFilter, columns: Sequence[Any]
) -> AsyncIterator[Sequence[Row[Any]]]:
    """All of a list's rows with these columns, some hundred at a time."""
    query = await text_query(db, wanted.q) if wanted.q else None
    at = clock.now()
    after: Sequence[Any] | None = None
    while query != "":
        statement = queries.page(
            caller, wanted, query=query, at=at, after=after, limit=CHUNK, columns=columns
        )
        rows = (await db.execute(statement)).all()
        yield rows
        if len(rows) < CHUNK:
            return
        after = keys_of(rows[-1])


async def text_query(db: ReadSession, typed: str) -> str:
    """The text query: every word is in the entry, or in its organisation's name; empty when nothing can be found."""
    phrases = {word: found for word in words(typed) if (found := phrase(word))}
    named = await queries.organisations_named(db, list(phrases)) if phrases else {}
    return " & ".join(_either(found, named.get(word, ())) for word, found in phrases.items())


def _either(found: str, organisations: Sequence[UUID]) -> str:
    return "(" + " | ".join([found, *(f"'@{identifier}'" for identifier in organisations)]) + ")"


def keys_of(row: Row[Any]) -> list[Any]:
    """The keys of the list's order in a row."""
    return [value for name, value in row._mapping.items() if name.startswith("key")]  # noqa: SLF001 - Row's public attribute


def _keys(position: Sequence[Any] | None) -> Sequence[Any] | None:
    """The keys in a cursor; the last is always an id. The cursor is signed, so it has that form."""
    return None if position is None else [*position[:-1], UUID(str(position[-1]))]


def _jsonable(key: Any) -> str | int | float | None:
    return str(key) if isinstance(key, UUID) else key
