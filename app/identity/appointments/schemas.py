"""What the API takes and tells of appointments, delegations and suspended accounts."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.core.schema import Input, Instant, Output
from app.core.text import Line

Reason = Annotated[str, Line(500), Field(description="理由", examples=["接替调离的同事"])]
ProvinceRole = Literal["province_admin", "auditor"]


class ReasonIn(Input):
    """Why."""

    reason: Reason


class RoleIn(Input):
    """A role one admin gives; two make another admin, over `/appointments`."""

    role: Literal["auditor"]
    reason: Reason


class AppointmentIn(Input):
    """Who is proposed for admin of the caller's province."""

    account_id: UUID
    reason: Reason


class AppointmentOut(Output):
    """A proposal, and what became of it."""

    id: UUID
    account_id: UUID
    account_name: str
    role: Literal["province_admin"]
    delegation_id: UUID | None
    """The loan that waits for it; null where the role itself is proposed."""
    reason: str
    proposed_by: UUID
    proposer_name: str
    proposed_at: Instant
    expires_at: Instant
    state: Literal["open", "approved", "declined", "withdrawn", "expired"]
    decided_by: UUID | None
    decider_name: str | None
    decided_at: Instant | None


class NewId(Output):
    """What was made."""

    id: UUID


class DelegationIn(Input):
    """A role of the caller's own, and to whom it is lent until when."""

    role: Literal["province_admin", "auditor", "manager", "steward"]
    organisation_id: UUID | None = Field(default=None, description="role 为 manager 时：单位")
    instrument_id: UUID | None = Field(default=None, description="role 为 steward 时：仪器")
    deputy_id: UUID = Field(description="代理人的账号，须属本省")
    starts_at: Instant | None = Field(default=None, description="空：立即开始")
    ends_at: Instant = Field(description="最迟在开始之后 366 天")
    reason: Reason


class DelegationOut(Output):
    """A role lent."""

    id: UUID
    account_id: UUID
    account_name: str
    deputy_id: UUID
    deputy_name: str
    role: Literal["province_admin", "auditor", "manager", "steward"]
    organisation_id: UUID | None
    organisation_name: str | None
    instrument_id: UUID | None
    reason: str
    starts_at: Instant
    ends_at: Instant
    state: Literal["waiting", "coming", "live", "ended"]
    """waiting: for a second admin."""


class DelegationsOut(Output):
    """What the caller lent and was lent."""

    given: list[DelegationOut]
    received: list[DelegationOut]
