"""The journal's one table."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Parties


class JournalEvent(Owned, Base):
    """One thing that happened 操作记录."""

    __tablename__ = "journal_event"
    __table_args__ = (
        CheckConstraint("kind ~ '^[a-z_]+\\.[a-z_]+$'", name="kind"),
        CheckConstraint(
            "subject_type ~ '^[a-z_]{1,50}$' AND char_length(subject_id) <= 200 AND char_length(request_id) <= 100",
            name="texts",
        ),
        Index("ix_journal_event_tenant_id_id", "tenant_id", "id"),
        Index("ix_journal_event_subject", "subject_type", "subject_id"),
        {"info": {"row_policy": Parties(("tenant_id", "actor_tenant_id"))}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    kind: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[str]
    actor_tenant_id: Mapped[str] = mapped_column(ForeignKey("province.code"))
    actor_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
