"""The register's forms as a browser sends them."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.core.errors import FieldError
from app.core.i18n import msg
from app.core.schema import RowVersion
from app.core.text import Line
from app.instruments.registry.schemas import (
    MOST_DISCIPLINES,
    Discipline,
    HoursIn,
    InstrumentChange,
    InstrumentFields,
    UnitIn,
)
from app.instruments.rules import cells, limits
from app.instruments.rules.cells import MOST_UNITS, Unreadable, wan_text
from app.instruments.rules.record import DEFAULTS
from app.instruments.rules.units import usual_label

MOST_ROWS = 100
"""Rows of a week's form: each day has as many as it has spans, and one to spare."""
NOT_IN_FORM = frozenset({"tz"})
"""Fields that only the API sets."""
IN_WAN = {"worth_fen": "worth_wan"}
"""Fields a person types in another unit."""


def _wan(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return cells.money(value, cells.FEN_PER_WAN)
    except Unreadable as error:
        raise PydanticCustomError(error.code, "{message}", {"message": error.reason}) from None


def _chosen(value: Any) -> Any:
    return [item for item in value if item] if isinstance(value, list) else value


class EntryForm(InstrumentFields):
    """The fields of an entry; 原值 in 万元, empty boxes are empty values."""

    worth_wan: Annotated[int | None, BeforeValidator(_wan), Field(le=10**15)] = None
    disciplines: Annotated[
        list[Discipline],
        BeforeValidator(_chosen),
        Field(max_length=MOST_DISCIPLINES),
        AfterValidator(lambda v: list(dict.fromkeys(v))),
    ] = Field(default_factory=list)

    def values(self) -> dict[str, Any]:
        """The entry as the register keeps it."""
        typed = self.given()
        worth = {"worth_fen": typed.pop("worth_wan", None)}
        blank = {name: value for name, value in DEFAULTS.items() if name not in NOT_IN_FORM}
        return {
            **blank,
            **{name: typed[name] for name in typed if name in InstrumentChange.model_fields},
            **worth,
        }


class NewForm(EntryForm):
    """A new entry: whose it is, and of how many units."""

    organisation_id: UUID
    unit_count: Annotated[int, Field(ge=1, le=MOST_UNITS)] = 1

    def units(self) -> list[UnitIn]:
        """Units numbered from one."""
        return [UnitIn(label=usual_label(number)) for number in range(1, self.unit_count + 1)]


class ChangeForm(EntryForm):
    """An entry's fields, and the version they were read at."""

    version: RowVersion


def filled(entry: Any) -> dict[str, Any]:
    """What the form shows of an entry."""
    shown = {name: getattr(entry, name) for name in InstrumentChange.model_fields if name not in NOT_IN_FORM}
    shown["worth_wan"] = wan_text(shown.pop("worth_fen"))
    return {
        **shown,
        "version": entry.version,
        "customs_supervised": "true" if shown["customs_supervised"] else None,
    }


class RetireForm(BaseModel):
    """Why an instrument goes out of service."""

    version: RowVersion
    reason: Annotated[str, Line(500)]


class UnitForm(BaseModel):
    """A new unit, or a unit's new name."""

    version: RowVersion
    label: Annotated[str, Line(limits.UNIT_LABEL)]
    serial: Annotated[str, Line(limits.UNIT_SERIAL, minimum=0)] = ""


class UnitStateForm(BaseModel):
    """Whether a unit is to be in use."""

    version: RowVersion
    active: bool


class StewardForm(BaseModel):
    """Who is to be a steward."""

    account_id: UUID


class WeekForm(BaseModel):
    """The week's opening hours, one entry of each list a row of the form."""

    version: RowVersion
    weekday: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(max_length=MOST_ROWS)]
    opens: Annotated[list[str], Field(max_length=MOST_ROWS)]
    closes: Annotated[list[str], Field(max_length=MOST_ROWS)]

    @model_validator(mode="after")
    def _whole_rows(self) -> Self:
        if not len(self.weekday) == len(self.opens) == len(self.closes):
            reason = msg("表单不完整，请重新打开此页再填")
            raise PydanticCustomError("rows_incomplete", "{message}", {"message": reason})
        return self

    def hours(self) -> tuple[dict[int, HoursIn], list[FieldError]]:
        """The rows that are filled in, by their place in the form, and what is wrong with the others."""
        found: dict[int, HoursIn] = {}
        faults: list[FieldError] = []
        for place, (weekday, opens, closes) in enumerate(
            zip(self.weekday, self.opens, self.closes, strict=True)
        ):
            if not opens and not closes:
                continue
            try:
                given = {"weekday": weekday, "opens": opens, "closes": closes}
                found[place] = HoursIn.model_validate(given)
            except ValueError:
                reason = msg("请把开始和结束时间都填上，例如 08:30 至 17:30")
                faults.append(FieldError(f"hours.{place}", "time_malformed", reason))
        return found, faults
