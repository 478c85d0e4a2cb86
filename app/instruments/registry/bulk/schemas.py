"""What callers send to change several instruments, and what they are told."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.core.i18n import msg
from app.core.schema import Input, Output, RowVersion
from app.core.text import Line
from app.instruments.registry.schemas import BookingMode, Email, InUse, Phone, Scope
from app.instruments.rules import limits

MOST = 100
"""Instruments changed at once: as many as a page of a list has."""


def _unset() -> Any:
    return None


class BulkChange(Input):
    """What is to change of each: fields left out stay as they are."""

    service_status: InUse = Field(default_factory=_unset)
    scope: Scope = Field(default_factory=_unset)
    booking_mode: BookingMode = Field(default_factory=_unset)
    department: Annotated[str, Line(limits.ENTRY["department"], minimum=0)] = Field(default_factory=_unset)
    family_id: UUID | None = Field(default_factory=_unset)
    contact_name: Annotated[str, Line(limits.ENTRY["contact_name"], minimum=0)] = Field(
        default_factory=_unset
    )
    contact_phone: Phone = Field(default_factory=_unset)
    contact_email: Email = Field(default_factory=_unset)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError(
                "nothing_to_change", "{message}", {"message": msg("请至少选择一项要修改的内容")}
            )
        return self


class BulkItem(Input):
    """An instrument, and the version the change was thought out for."""

    instrument_id: UUID
    version: RowVersion


def _each_once(items: list[BulkItem]) -> list[BulkItem]:
    if len({item.instrument_id for item in items}) < len(items):
        raise PydanticCustomError("repeated", "{message}", {"message": msg("有重复的项")})
    return items


class BulkEdit(Input):
    """The instruments to change, and what to change of each."""

    instruments: Annotated[list[BulkItem], Field(min_length=1, max_length=MOST), AfterValidator(_each_once)]
    changes: BulkChange = Field(examples=[{"service_status": "suspended"}])
    dry_run: bool = Field(default=False, description="true：只预览，不修改")


class BulkFault(Output):
    """Why an instrument cannot be changed so."""

    field: str
    code: str
    message: str


class BulkRow(Output):
    """What becomes of one instrument; nothing where `before` is empty."""

    instrument_id: UUID
    version: int
    name: str
    before: dict[str, str | None]
    after: dict[str, str | None]
    errors: list[BulkFault]


class BulkOut(Output):
    """What becomes of all of them, in the order of their names."""

    applied: bool
    items: list[BulkRow]
