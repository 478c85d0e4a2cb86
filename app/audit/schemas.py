"""Journal events as auditors see them."""

from typing import Any, Self
from uuid import UUID

from pydantic import Field

from app.access.principal import Principal
from app.core.keyset import ListQuery
from app.core.schema import Instant, Output
from app.journal.public import JournalEvent

KIND = r"^[a-z_]+(\.[a-z_]+)?$"


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
    request_id: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def of(cls, event: JournalEvent, caller: Principal) -> Self:
        """The event as the caller's province sees it: an actor of another one is hidden."""
        shared = cls.model_fields.keys() - {"province", "actor_province", "actor_id"}
        return cls(
            **{name: getattr(event, name) for name in shared},
            province=event.tenant_id,
            actor_province=event.actor_tenant_id,
            actor_id=event.actor_id if event.actor_tenant_id == caller.tenant_id else None,
        )
