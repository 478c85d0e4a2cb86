"""What callers send about families, and what they are told."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.core.keyset import ListQuery
from app.core.schema import Input, Instant, Output
from app.core.text import Line, Prose
from app.instruments.registry.schemas import Adcode
from app.instruments.rules import limits

Name = Annotated[str, Line(limits.FAMILY_NAME), Field(examples=["扫描电子显微镜"])]
Note = Annotated[str, Prose(limits.FAMILY_NOTE), Field(description="这一族仪器的共同点，例如共同的操作要求")]


def _unset() -> Any:
    return None


class FamilyIn(Input):
    """A new family of an organisation's instruments."""

    organisation_id: UUID = Field(description="所属单位")
    name: Name
    note: Note = ""


class FamilyChange(Input):
    """What is to change: fields left out stay as they are."""

    name: Name = Field(default_factory=_unset)
    note: Note = Field(default_factory=_unset)


class FamilyQuery(ListQuery):
    """Which families are asked for."""

    province: Adcode | None = Field(default=None, description="省级代码，例如 330000")
    organisation: UUID | None = Field(default=None, description="所属单位")


class FamilyOut(Output):
    """A family of instruments."""

    id: UUID
    version: int
    province: str = Field(examples=["330000"])
    organisation_id: UUID
    organisation_name: str
    name: str
    note: str
    instruments: int = Field(description="其中调用者能看到的、未报废的仪器台数")
    may_manage: bool = Field(description="调用者能否修改")
    updated_at: Instant
