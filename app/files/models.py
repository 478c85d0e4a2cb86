"""Which files are kept, and for what."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Own


class KeptFile(Owned, Base):
    """A row of some feature, the holder, needs a file: until it is released the file is not purged."""

    __tablename__ = "kept_file"
    __table_args__ = (
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        Index("ix_kept_file_digest", "digest"),
        {"info": {"row_policy": Own()}},
    )

    holder_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
