"""Keyset pages: a list continues after the last row seen, at the same cost however far one reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.core.cursor import Cursors
from app.core.db import ReadSession

Row = TypeVar("Row")
DEFAULT_LIMIT = 20
MAXIMUM_LIMIT = 100
Limit = Annotated[int, Query(ge=1, le=MAXIMUM_LIMIT, description="每页条数")]
Cursor = Annotated[str | None, Query(max_length=1000, description="上一页返回的 next")]


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is ordered by: columns of one entity, the last of them unique, all in one direction."""

    columns: Sequence[InstrumentedAttribute[Any]]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a list is asked for."""

    cursors: Cursors
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """One page of rows, and the cursor of the following one."""

    items: list[Row]
    next: str | None


async def fetch(
    db: ReadSession, rows: Select[Row], order: Order, part: Part, *, bound_to: object
) -> Slice[Row]:
    """One page of the entities `rows` selects, by one statement; `bound_to` describes list, filter and order.

    Raises:
        Invalid: the cursor is forged, or of another list or filter.
    """
    key = tuple_(*order.columns)
    if part.cursor is not None:
        position = part.cursors.decode(part.cursor, bound_to=bound_to)
        after = tuple_(*(literal(v, c.type) for v, c in zip(position, order.columns, strict=True)))
        rows = rows.where(key < after if order.descending else key > after)
    rows = rows.order_by(*(c.desc() if order.descending else c.asc() for c in order.columns))
    found = list((await db.scalars(rows.limit(part.limit + 1))).all())
    items = found[: part.limit]
    if len(found) <= part.limit:
        return Slice(items, None)
    position = [_jsonable(getattr(items[-1], column.key)) for column in order.columns]
    return Slice(items, part.cursors.encode(position, bound_to=bound_to))


def _jsonable(value: Any) -> str | int | float | None:
    return str(value) if isinstance(value, UUID) else value


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    """Say in the Link header (RFC 8288) where the next page is."""
    if cursor is not None:
        query = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"] + [
            ("cursor", cursor)
        ]
        response.headers["Link"] = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
