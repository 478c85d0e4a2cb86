"""What callers send and get."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from app.core.i18n import msg
from app.core.keyset import ListQuery
from app.core.schema import Input, Instant, Output
from app.core.text import Line, clean
from app.core.web_address import WebAddress
from app.organisations.models import Organisation
from app.organisations.rules.uscc import Standing, examine, normalise

Kind = Literal["university", "institute", "enterprise", "medical", "government", "other"]
Status = Literal["active", "suspended"]
Scope = Literal["organisation", "province", "region", "public"]
Sort = Literal["name", "-name", "created", "-created"]


def _code(value: Any) -> Any:
    return normalise(clean(value)) if isinstance(value, str) else value


def _ensure_code(value: str) -> str:
    if examine(value) is Standing.MALFORMED:
        message = msg("须为 18 位数字或大写字母（不含 I、O、S、V、Z）")
        raise PydanticCustomError("organisations.uscc_malformed", "{message}", {"message": message})
    return value


UsccText = Annotated[
    str, Field(examples=["12330000470095016Q"]), BeforeValidator(_code), AfterValidator(_ensure_code)
]
"""统一社会信用代码; spaces, hyphens, full-width and lower-case letters are understood."""
Name = Annotated[str, Line(200)]
Adcode = Annotated[
    str, Field(pattern=r"^[0-9]{6}$", examples=["330106"], description="所在市、县（GB/T 2260）")
]
Website = Annotated[str, WebAddress(500, http=True), Field(examples=["https://www.example.edu.cn/"])]
Reason = Annotated[str, Line(500)]


def _unset() -> Any:
    return None


class OrganisationCreate(Input):
    """A new organisation."""

    uscc: UsccText
    name: Name = Field(examples=["示例大学"])
    kind: Kind
    adcode: Adcode
    scope: Scope = "public"
    website: Website | None = None
    uscc_override_reason: Reason | None = Field(
        default=None, description="校验位不符的历史代码须说明依据", examples=["营业执照原件已核对"]
    )


class OrganisationChange(Input):
    """What is to change: fields left out stay as they are, and only the last two can be emptied by null."""

    uscc: UsccText = Field(default_factory=_unset)
    name: Name = Field(default_factory=_unset)
    kind: Kind = Field(default_factory=_unset)
    adcode: Adcode = Field(default_factory=_unset)
    scope: Scope = Field(default_factory=_unset)
    website: Website | None = Field(default_factory=_unset)
    uscc_override_reason: Reason | None = Field(default_factory=_unset)


class OrganisationQuery(ListQuery):
    """Which organisations are asked for."""

    q: Annotated[str, Line(100)] | None = Field(
        default=None, description="名称中的文字，或完整的统一社会信用代码"
    )
    province: Adcode | None = Field(default=None, description="省级代码，例如 330000")
    kind: Kind | None = None
    status: Status | None = None
    adcode: Adcode | None = Field(default=None, description="市、县代码；市代码包括所属各县")
    sort: Sort = "name"


class OrganisationOut(Output):
    """An organisation."""

    id: UUID
    province: str = Field(examples=["330000"])
    uscc: str = Field(examples=["12330000470095016Q"])
    uscc_standing: Literal["valid", "doubtful"] = Field(description="doubtful：校验位不符，由省级管理员核准")
    uscc_override_reason: str | None = Field(description="仅本省管理员与审计员可见")
    name: str = Field(examples=["示例大学"])
    kind: Kind
    adcode: str
    status: Status
    scope: Scope
    website: str | None
    version: int
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, organisation: Organisation, *, overseen: bool) -> Self:
        """The organisation as others see it, or as those who oversee it do."""
        shared = cls.model_fields.keys() - {"province", "uscc_standing", "uscc_override_reason"}
        return cls(
            **{name: getattr(organisation, name) for name in shared},
            province=organisation.tenant_id,
            uscc_standing="valid" if examine(organisation.uscc) is Standing.VALID else "doubtful",
            uscc_override_reason=organisation.uscc_override_reason if overseen else None,
        )
