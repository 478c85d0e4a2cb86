"""What the entry point remembers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Personal, Platform


class IdempotencyKey(Owned, Base):
    """A change carried out, and its answer; kept for a day."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        CheckConstraint("char_length(key) BETWEEN 1 AND 200", name="key"),
        Index("ix_idempotency_key_created_at", "created_at"),
        {"info": {"row_policy": Personal("caller_id")}},
    )

    caller_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    status: Mapped[int] = mapped_column(server_default="0")
    headers: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    body: Mapped[bytes] = mapped_column(LargeBinary, server_default="")


class RateLimit(Base):
    """What all processes together admitted of somebody in a window; a digest says of whom, a crash forgets it."""

    __tablename__ = "rate_limit"
    __table_args__ = (
        CheckConstraint("octet_length(key) = 32", name="key"),
        CheckConstraint("started_at < ends_at", name="window"),
        CheckConstraint("quota > 0 AND taken >= 0", name="taken"),
        {"info": {"row_policy": Platform()}, "prefixes": ["UNLOGGED"]},
    )

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    started_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    quota: Mapped[int]
    taken: Mapped[int]
