"""What callers send and get."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.core.keyset import ListQuery
from app.core.schema import Input, Instant, Output
from app.core.text import Line, Prose
from app.identity.joining.rules import MOST_FILES, State
from app.organisations.public import Adcode, Kind, Reason, UsccText, Website

Field_ = Literal["uscc", "name", "kind", "adcode", "website", "contact_name", "contact_phone", "evidence"]
"""What a reviewer can ask to be corrected."""
Status = Literal["open", "accepted", "declined", "revoked"]
Role = Literal["member", "manager"]
EMAIL_LENGTH = 254


def _unset() -> Any:
    return None


class ApplicationIn(Input):
    """The organisation that applies, and whom to ask about it."""

    uscc: UsccText
    name: Annotated[str, Line(200)] = Field(examples=["钱塘示例科技有限公司"])
    kind: Kind
    adcode: Adcode
    website: Website | None = None
    uscc_override_reason: Reason | None = Field(
        default=None, description="校验位不符的历史代码须说明依据", examples=["营业执照原件已核对"]
    )
    contact_name: Annotated[str, Line(100)] = Field(examples=["沈知行"])
    contact_phone: Annotated[str, Line(30)] = Field(examples=["0571-00000000"])


class ApplicationChange(Input):
    """What is to change; fields left out stay as they are."""

    uscc: UsccText = Field(default_factory=_unset)
    name: Annotated[str, Line(200)] = Field(default_factory=_unset)
    kind: Kind = Field(default_factory=_unset)
    adcode: Adcode = Field(default_factory=_unset)
    website: Website | None = Field(default_factory=_unset)
    uscc_override_reason: Reason | None = Field(default_factory=_unset)
    contact_name: Annotated[str, Line(100)] = Field(default_factory=_unset)
    contact_phone: Annotated[str, Line(30)] = Field(default_factory=_unset)


class ReturnIn(Input):
    """Why an application goes back to its applicant, and what is wrong with which field."""

    reason: Annotated[str, Prose(1000, 1)] = Field(examples=["请补充清晰的执照扫描件"])
    faults: dict[Field_, Annotated[str, Line(200)]] = Field(default={}, examples=[{"evidence": "看不清"}])


class RejectIn(Input):
    """Why an application is turned down for good."""

    reason: Annotated[str, Prose(1000, 1)] = Field(examples=["该单位不在本省登记"])


class ApplicationQuery(ListQuery):
    """Which applications of the province are asked for."""

    status: Literal["submitted", "returned", "approved", "rejected", "withdrawn"] | None = None
    kind: Kind | None = None
    older_than_days: int | None = Field(default=None, ge=1, le=365, description="提交已超过的天数")


class EvidenceOut(Output):
    """A file of an application."""

    id: UUID
    name: str
    media_type: Literal["application/pdf", "image/png", "image/jpeg"]
    size: int = Field(description="字节")
    created_at: Instant


class StepOut(Output):
    """A step of an application's history."""

    status: State
    reason: str | None
    faults: dict[str, str]
    created_at: Instant


class ApplicationItem(Output):
    """An application in a list."""

    id: UUID
    uscc: str
    name: str
    kind: Kind
    adcode: str
    status: State
    submitted_at: Instant | None
    created_at: Instant
    version: int


class ApplicationOut(ApplicationItem):
    """An application."""

    website: str | None
    uscc_override_reason: str | None
    contact_name: str
    contact_phone: str
    organisation_id: UUID | None = Field(description="批准后登记的单位")
    evidence: list[EvidenceOut] = Field(max_length=MOST_FILES)
    history: list[StepOut]


class InvitationIn(Input):
    """Who is asked into the organisation, by e-mail address or by sign-in name: one of the two."""

    invitee: Annotated[str, Line(EMAIL_LENGTH, 3)] = Field(examples=["colleague@example.edu.cn"])
    by: Literal["email", "login_name"] = "email"
    role: Role = "member"
    message: Annotated[str, Prose(500, 1)] | None = None


class InvitationOut(Output):
    """An invitation, for those who manage the organisation."""

    id: UUID
    organisation_id: UUID
    invitee: str
    by_email: bool
    role: Role
    status: Status
    message: str | None
    expires_at: Instant
    created_at: Instant


class MyInvitationOut(Output):
    """An invitation to the caller."""

    id: UUID
    organisation_id: UUID
    organisation_name: str
    role: Role
    message: str | None
    expires_at: Instant


class JoinedOut(Output):
    """The organisation that was joined."""

    organisation_id: UUID


class TokenIn(Input):
    """The token of an invitation's link."""

    token: Annotated[str, Line(100)]


class JoinRequestIn(Input):
    """What one says of oneself."""

    message: Annotated[str, Prose(500, 1)] | None = Field(default=None, examples=["材料学院，沈知行"])


class DeclineIn(Input):
    """Why a request is declined."""

    reason: Annotated[str, Prose(500, 1)] | None = None


class JoinRequestOut(Output):
    """A request to join."""

    id: UUID
    organisation_id: UUID
    account_id: UUID
    account_name: str | None
    message: str | None
    status: Literal["open", "approved", "declined", "withdrawn"]
    reason: str | None
    created_at: Instant
