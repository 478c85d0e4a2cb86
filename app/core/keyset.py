"""Keyset pages: a list continues after the last row seen, at the same cost however far one reads."""

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, Self, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field, model_validator
from sqlalchemy import BindParameter, Select, UnaryExpression, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.core.cursor import Cursors
from app.core.db import ReadSession
from app.core.errors import Invalid
from app.core.i18n import Locale, msg
from app.core.schema import Input

Row = TypeVar("Row")
DEFAULT_LIMIT = 20
MAXIMUM_LIMIT = 100
LONGEST_CURSOR = 1000
MOST_EXPORTED = 20_000
"""Rows in a file that is made while one waits."""
Limit = Annotated[int, Query(ge=1, le=MAXIMUM_LIMIT, description="每页条数")]
Cursor = Annotated[str | None, Query(max_length=LONGEST_CURSOR, description="上一页返回的 next")]


class ListQuery(Input):
    """The query of a list: its part; lists add their filters. A field of an HTML form left blank is no filter."""

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAXIMUM_LIMIT, description="每页条数")
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR, description="上一页返回的 next")
    lang: Locale | None = Field(default=None, description="语言，优先于 Accept-Language")

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: Any) -> Any:
        return {k: v for k, v in given.items() if v != ""} if isinstance(given, dict) else given

    def filters(self) -> dict[str, Any]:
        """What decides which rows are in the list and in which order; a cursor is bound to it."""
        return self.model_dump(exclude=set(ListQuery.model_fields))


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is ordered by: columns of one entity, the last of them unique, all in one direction."""

    columns: Sequence[InstrumentedAttribute[Any]]
    descending: bool = False

    def clauses(self) -> list[UnaryExpression[Any]]:
        """What a statement is ordered by."""
        return [column.desc() if self.descending else column.asc() for column in self.columns]


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a list is asked for."""

    cursors: Cursors
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    @classmethod
    def of(cls, request: Request, query: ListQuery) -> Self:
        """The part a request asks for."""
        return cls(Cursors(request.app.state.settings.secret), query.limit, query.cursor)


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
        after = tuple_(*(_typed(v, c) for v, c in zip(position, order.columns, strict=True)))
        rows = rows.where(key < after if order.descending else key > after)
    rows = rows.order_by(*order.clauses())
    found = list((await db.scalars(rows.limit(part.limit + 1))).all())
    items = found[: part.limit]
    if len(found) <= part.limit:
        return Slice(items, None)
    position = [_jsonable(getattr(items[-1], column.key)) for column in order.columns]
    return Slice(items, part.cursors.encode(position, bound_to=bound_to))


class ExportTooLarge(Invalid):
    """The list is longer than a file we are willing to make at once."""

    code = "export_too_large"
    title = msg("结果太多，请缩小筛选范围后再导出")

    def __init__(self) -> None:
        super().__init__(msg("一次最多导出 {most} 条", most=MOST_EXPORTED))


def must_fit_a_file(rows: Sized) -> None:
    """Nothing is left out of a file unsaid.

    Raises:
        ExportTooLarge: there are more than `MOST_EXPORTED`.
    """
    if len(rows) > MOST_EXPORTED:
        raise ExportTooLarge


async def fetch_all(db: ReadSession, rows: Select[Row], order: Order) -> list[Row]:
    """The whole list in order, for a file.

    Raises:
        ExportTooLarge: it has more than `MOST_EXPORTED` rows.
    """
    found = list((await db.scalars(rows.order_by(*order.clauses()).limit(MOST_EXPORTED + 1))).all())
    must_fit_a_file(found)
    return found


def _jsonable(value: Any) -> str | int | float | None:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _typed(value: Any, column: InstrumentedAttribute[Any]) -> BindParameter[Any]:
    """A cursor's value as the column's type; the cursor is signed, so it has that form."""
    kind = column.type.python_type
    if value is not None and issubclass(kind, date):
        value = kind.fromisoformat(value)
    return literal(value, column.type)


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    """Say in the Link header (RFC 8288) where the next page is."""
    if cursor is not None:
        query = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"] + [
            ("cursor", cursor)
        ]
        response.headers["Link"] = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
