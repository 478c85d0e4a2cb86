"""The import's forms as a browser sends them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import UploadFile
from pydantic import BaseModel, Field

from app.core.errors import FieldError, Invalid
from app.core.i18n import msg
from app.core.problems import understood
from app.core.text import Line
from app.instruments.importing.schemas import MOST_JOINED, FieldSource, ImportMapping, Mode
from app.instruments.rules.columns import BY_FIELD
from app.instruments.rules.record import TOLD_WHEN_OPEN

FIXABLE = (
    "organisation",
    "adcode",
    "class_code",
    "service_status",
    "scope",
    "booking_mode",
    "technical",
    "function",
    "requirement",
)
"""Fields that often are the same for a whole file, in the order they are shown."""
IGNORED = ""
NAMES = {"fields.name_zh": "target", "id_from": "fields.inner_id"}
"""Where the page asks for what only a column can give, and for what the id is made of."""


class UploadForm(BaseModel):
    """A file to import."""

    file: UploadFile


class RereadForm(BaseModel):
    """Another way to read the file."""

    encoding: Annotated[str, Line(40)] | None = None
    sheet: Annotated[str, Line(100)] | None = None
    header_row: Annotated[int, Field(ge=1, le=1_000)] | None = None


class ApplyForm(BaseModel):
    """How to apply a checked file."""

    mode: Mode


class MappingForm(BaseModel):
    """What each column means, in the order of the file, and what is the same for the whole file."""

    target: list[str] = Field(default_factory=list)
    id_from: Literal["column", "row_number", "columns"] = "column"
    id_prefix: Annotated[str, Line(20, minimum=0)] = ""
    id_columns: list[str] = Field(default_factory=list)
    fixed_field: list[str] = Field(default_factory=list)
    fixed_value: list[Annotated[str, Line(1500, minimum=0)]] = Field(default_factory=list)

    def mapping(self, columns: list[str]) -> ImportMapping:
        """The mapping of a file with these columns.

        Raises:
            Invalid: two columns are to be the same field, there is no such field, or too many columns make the id.
        """
        found, faults = self._by_column(columns)
        for name, value in zip(self.fixed_field, self.fixed_value, strict=False):
            if value and name in FIXABLE:
                found[name] = {**found.get(name, {}), "fixed": value}
        if self.id_from == "row_number":
            found["inner_id"] = {"row_number": self.id_prefix}
        elif self.id_from == "columns":
            found["inner_id"] = {"columns": self.id_columns}
            if not 1 <= len(self.id_columns) <= MOST_JOINED:
                reason = msg("请选择 1 至 {most} 列来组成编号", most=MOST_JOINED)
                faults.append(FieldError("id_columns", "too_many", reason))
        if faults:
            raise Invalid(errors=faults)
        return understood(ImportMapping, fields=found)

    def _by_column(self, columns: list[str]) -> tuple[dict[str, dict[str, Any]], list[FieldError]]:
        found: dict[str, dict[str, Any]] = {}
        faults: list[FieldError] = []
        for place, (column, target) in enumerate(zip(columns, self.target, strict=False)):
            if target == IGNORED:
                continue
            if target not in BY_FIELD:
                faults.append(FieldError(f"column.{place}", "field_unknown", msg("没有这个字段")))
            elif target in found:
                reason = msg("有两列都对应到「{field}」", field=BY_FIELD[target].title)
                faults.append(FieldError(f"column.{place}", "target_repeated", reason))
            found[target] = {"column": column}
        return found, faults


def shown(mapping: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    """What the form shows of a mapping."""
    sources = {name: FieldSource.model_validate(source) for name, source in mapping.items()}
    targets = {source.column: name for name, source in sources.items() if source.column is not None}
    identity = sources.get("inner_id")
    by_number = identity is not None and identity.row_number is not None
    joined = identity.columns if identity is not None and identity.columns else []
    return {
        "targets": [targets.get(column, IGNORED) for column in columns],
        "fixed": {name: source.fixed for name, source in sources.items() if source.fixed is not None},
        "id_from": "row_number" if by_number else ("columns" if joined else "column"),
        "id_prefix": identity.row_number if identity is not None and by_number else "",
        "id_columns": joined,
    }


def sourced(given: Mapping[str, Any]) -> set[str]:
    """The fields that what the form shows gives already."""
    found = {*given["targets"], *(name for name, value in given["fixed"].items() if value)}
    return found | {"inner_id"} if given["id_from"] != "column" else found


def required_when_open(given: Mapping[str, Any]) -> tuple[str, ...]:
    """What must be given besides, as long as the form leaves instruments open to others."""
    status = given["fixed"].get("service_status")
    if status == "open" or (not status and "service_status" not in given["targets"]):
        return tuple(TOLD_WHEN_OPEN)
    return ()
