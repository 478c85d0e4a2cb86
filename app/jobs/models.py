"""The workers that are alive."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.policies import Platform


class WorkerHeartbeat(Base):
    """One worker process, and when it was last heard of."""

    __tablename__ = "worker_heartbeat"
    __table_args__ = ({"info": {"row_policy": Platform()}},)

    worker_id: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
