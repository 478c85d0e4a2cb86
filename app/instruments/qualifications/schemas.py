"""What the qualification API takes and gives."""

from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.core.keyset import ListQuery
from app.core.schema import Day, Input, Instant, Output
from app.core.text import Line, Prose
from app.instruments.rules.qualified import Level, Status

Recognised = Literal["observer", "assisted", "independent"]
Scope = Literal["organisation", "province", "region", "public"]
State = Literal["valid", "expiring", "expired", "suspended", "revoked"]
RequestStatus = Literal["open", "approved", "declined", "withdrawn"]
Months = Annotated[int, Field(ge=1, le=120, description="有效期（月）；不填为长期有效")]
Name = Annotated[str, Line(100)]
English = Annotated[str, Line(200, 0)]
Reason = Annotated[str, Line(500)]
Basis = Annotated[str, Line(500, 0)]
MOST_AT_ONCE = 200
"""People one training session is granted for at once."""


def _unset() -> Any:
    return None


class TypeIn(Input):
    """A type of qualification to be taught."""

    organisation_id: UUID
    name_zh: Name = Field(examples=["扫描电镜上机资格"])
    name_en: English = Field(default="", examples=["SEM operation"])
    description: Annotated[str, Prose(2000)] = ""
    scope: Scope = "region"
    validity_months: Months | None = Field(default=None, examples=[24])
    needs_evidence: bool = False


class TypeChange(Input):
    """What is to change of a type; fields left out stay as they are."""

    name_zh: Name = Field(default_factory=_unset)
    name_en: English = Field(default_factory=_unset)
    description: Annotated[str, Prose(2000)] = Field(default_factory=_unset)
    scope: Scope = Field(default_factory=_unset)
    validity_months: Months | None = Field(default_factory=_unset)
    needs_evidence: bool = Field(default_factory=_unset)
    active: bool = Field(default_factory=_unset)


class RequirementIn(Input):
    """The least level an instrument requires."""

    level: Level


class RecognitionIn(Input):
    """What the other organisation's holders count as here at most."""

    level: Recognised


class RequestIn(Input):
    """What one asks for."""

    type_id: UUID
    level: Level = "independent"
    message: Annotated[str, Prose(1000)] = Field(default="", examples=["已参加 11 月 12 日的培训"])


class Terms(Input):
    """From when to when something is granted, and on what."""

    valid_from: Day | None = Field(default=None, description="不填为今天；不能晚于今天")
    valid_to: Day | None = Field(default=None, description="最后一天；不填则按类型的有效期")
    basis: Basis = Field(default="", examples=["2026 年 11 月第 2 期培训签到表"])


class ApproveIn(Terms):
    """The terms a request is approved on."""

    level: Level | None = Field(default=None, description="不填则为所申请的级别")


class GrantIn(Terms):
    """A training session's list: people of the own province by account, anyone by their open request."""

    level: Level
    account_ids: list[UUID] = Field(default=[], max_length=MOST_AT_ONCE)
    request_ids: list[UUID] = Field(default=[], max_length=MOST_AT_ONCE)


class ReasonIn(Input):
    """Why."""

    reason: Reason = Field(examples=["未按规程操作"])


class QualificationQuery(ListQuery):
    """Which qualifications are asked for."""

    side: Literal["mine", "issued"] = "mine"
    type_id: UUID | None = None
    level: Level | None = None
    state: State | None = None
    q: Annotated[str, Line(100)] | None = Field(default=None, description="姓名、单位或资格名称中的文字")


class RequestQuery(ListQuery):
    """Which requests are asked for."""

    side: Literal["mine", "received"] = "mine"
    type_id: UUID | None = None
    status: RequestStatus | None = None
    q: Annotated[str, Line(100)] | None = Field(default=None, description="姓名、单位或资格名称中的文字")


class RequirementOut(Output):
    """An instrument that requires a type."""

    instrument_id: UUID
    instrument_name: str
    level: Level


class RecognitionOut(Output):
    """Another type that is recognised in place of this one."""

    type_id: UUID
    name: str | None = Field(description="该类型未向您开放时为空")
    province: str
    level: Recognised


class TypeItem(Output):
    """A type in a list."""

    id: UUID
    province: str
    organisation_id: UUID
    organisation_name: str | None
    name_zh: str
    name_en: str
    scope: Scope
    validity_months: int | None
    needs_evidence: bool
    active: bool
    version: int


class TypeOut(TypeItem):
    """A type, with the instruments that require it and what is recognised in its place."""

    description: str
    requirements: list[RequirementOut]
    recognitions: list[RecognitionOut]
    may_grant: bool
    may_define: bool


class QualificationOut(Output):
    """A person's qualification."""

    id: UUID
    type_id: UUID
    type_name: str
    issuer_name: str
    province: str
    holder_id: UUID
    holder_name: str
    holder_organisation: str
    holder_province: str
    level: Level
    valid_from: date
    valid_to: date | None = Field(description="最后一天")
    status: Status
    state: State = Field(description="由状态和日期得出；expiring 表示 30 天内到期")
    status_reason: str
    basis: str
    version: int
    updated_at: Instant

    @classmethod
    def of(cls, row: Any, state: str) -> Self:
        """A row, as it stands today."""
        return cls.model_validate(
            {
                **{name: getattr(row, name, None) for name in cls.model_fields},
                "province": row.tenant_id,
                "holder_province": row.holder_tenant_id,
                "state": state,
            }
        )


class EvidenceOut(Output):
    """A file of a request."""

    id: UUID
    name: str
    media_type: Literal["application/pdf", "image/png", "image/jpeg"]
    size: int = Field(description="字节")
    created_at: Instant


class RequestItem(Output):
    """A request in a list."""

    id: UUID
    type_id: UUID
    type_name: str
    issuer_name: str
    province: str
    holder_id: UUID
    holder_name: str
    holder_organisation: str
    holder_province: str
    level: Level
    message: str
    status: RequestStatus
    reason: str
    created_at: Instant
    decided_at: Instant | None

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """A row of requests."""
        names = cls.model_fields.keys() - {"province", "holder_province", *more}
        return cls(
            **{name: getattr(row, name) for name in names},
            province=row.tenant_id,
            holder_province=row.holder_tenant_id,
            **more,
        )


class RequestOut(RequestItem):
    """A request with its evidence."""

    evidence: list[EvidenceOut]


class GrantedOut(Output):
    """What became of one person of a list."""

    holder_id: UUID
    holder_name: str
    outcome: str = Field(
        description="granted 授予、renewed 续期、unchanged 已有、higher_held 已有更高级别、suspended 暂停中、revoked 已撤销、"
        "oneself 本人、closed 申请已处理、unknown 没有此人"
    )
    qualification_id: UUID | None


class DemandOut(Output):
    """What an instrument requires, and whether the caller meets it today."""

    type_id: UUID
    name: str | None = Field(description="该类型未向您开放时为空")
    level: Level
    met: bool | None = Field(description="未登录时为空")
    valid_to: date | None = Field(description="满足时，最后一天；长期有效为空")
