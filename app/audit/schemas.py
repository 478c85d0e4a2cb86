"""Journal events as auditors see them."""

from typing import Any, Self
from uuid import UUID

from pydantic import Field

from app.access.principal import Principal
from app.core.keyset import ListQuery
from app.core.schema import Instant, Output
from app.journal.public import JournalEvent

KIND = r"^[a-z_]+(\.[a-z_]+)?$"

WHO = ("actor_id", "client_id", "acting_for", "session_id", "address")
"""What tells of a person, and is told of the own people only."""


class AuditQuery(ListQuery):
    """Which events are asked for; newest first."""

    kind: str | None = Field(
        default=None,
        pattern=KIND,
        max_length=80,
        description="事件类型，或其前半部分",
        examples=["booking", "booking.created"],
    )
    subject_type: str | None = Field(default=None, pattern=r"^[a-z_]+$", max_length=40)
    subject_id: str | None = Field(default=None, pattern=r"^[0-9A-Za-z_-]+$", max_length=80)
    actor_id: UUID | None = Field(default=None, description="本省人员或系统客户端")
    client_id: UUID | None = Field(default=None, description="经由的应用；只含本省人员的操作")
    acting_for: UUID | None = Field(default=None, description="被代理人；只含本省人员的操作")
    address: str | None = Field(default=None, max_length=64, description="来源地址；只含本省人员的操作")
    since: Instant | None = None
    until: Instant | None = Field(default=None, description="不含此刻")


class AuditEventOut(Output):
    """One thing that happened."""

    id: UUID
    at: Instant
    kind: str = Field(examples=["organisation.registered"])
    subject_type: str = Field(examples=["organisation"])
    subject_id: str
    province: str = Field(examples=["330000"], description="对象所属省份")
    actor_province: str = Field(examples=["330000"])
    actor_id: UUID | None = Field(description="外省人员不显示")
    client_id: UUID | None = Field(description="经由的应用")
    acting_for: UUID | None = Field(description="被代理人")
    session_id: UUID | None = Field(description="登录会话或授权")
    address: str | None = Field(description="来源地址", examples=["10.1.2.3"])
    request_id: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def of(cls, event: JournalEvent, caller: Principal) -> Self:
        """The event as the caller's province sees it: an actor of another one is hidden."""
        shared = cls.model_fields.keys() - {"province", "actor_province", *WHO}
        own = event.actor_tenant_id == caller.tenant_id
        return cls(
            **{name: getattr(event, name) for name in shared},
            **{name: getattr(event, name) if own else None for name in WHO},
            province=event.tenant_id,
            actor_province=event.actor_tenant_id,
        )
