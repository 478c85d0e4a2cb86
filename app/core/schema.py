"""Bases of the API's models: unknown input is refused, output has no defaults, instants carry their offset."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

Item = TypeVar("Item")
_DATE = re.compile(r"\s*\d{4}-\d{2}-\d{2}(?!\d)")
FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Far from where arithmetic with dates overflows."""


class Input(BaseModel):
    """What a caller sends."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Output(BaseModel):
    """What we answer; built from rows or dataclasses by attribute."""

    model_config = ConfigDict(from_attributes=True, frozen=True, hide_input_in_errors=True)


class PageOf(Output, Generic[Item]):
    """One page of a list; `next` is the cursor of the following page, null on the last."""

    items: list[Item]
    next: str | None


def _to_utc(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError("datetime_out_of_range", "out of range")
    return value.astimezone(UTC)


def _written(kind: Literal["date", "datetime"]) -> BeforeValidator:
    """A date is written as one; a number, which could be seconds or milliseconds, is refused, in a text as well."""

    def check(value: object) -> object:
        if isinstance(value, date) or (isinstance(value, str) and _DATE.match(value)):
            return value
        fault = "parsing" if isinstance(value, str) else "type"
        raise PydanticCustomError(f"{kind}_{fault}", "not written as a date")

    return BeforeValidator(check)


Instant = Annotated[AwareDatetime, _written("datetime"), AfterValidator(_to_utc)]
"""An instant: a number, or input without an offset or outside the years we keep, is refused."""

Day = Annotated[date, _written("date"), Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31))]
"""A calendar day within the years we keep."""
RowVersion = Annotated[int, Field(ge=0, lt=2**63)]
"""The version of a row a form was filled in for; it fits bigint."""
