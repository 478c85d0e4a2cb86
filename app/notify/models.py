"""The outboxes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Outbox


class OutgoingMail(Owned, Base):
    """One mail 邮件; what it says is removed when it has been sent, and after a week in any case."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'failed')", name="state"),
        CheckConstraint(
            "(recipient IS NULL) = (subject IS NULL) AND (recipient IS NULL) = (paragraphs IS NULL)",
            name="text",
        ),
        CheckConstraint("char_length(recipient) BETWEEN 3 AND 254", name="recipient"),
        CheckConstraint(
            "char_length(subject) BETWEEN 1 AND 200 AND subject !~ '[[:cntrl:]]'", name="subject"
        ),
        CheckConstraint("pg_column_size(paragraphs) <= 20000", name="paragraphs"),
        CheckConstraint("char_length(link) <= 2000 AND char_length(action) <= 100", name="link"),
        CheckConstraint("locale IN ('zh', 'en')", name="locale"),
        Index("ix_outgoing_mail_created_at", "created_at"),
        {"info": {"row_policy": Outbox()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    state: Mapped[str] = mapped_column(server_default="queued")
    recipient: Mapped[str | None]
    subject: Mapped[str | None]
    paragraphs: Mapped[list[str] | None]
    link: Mapped[str | None]
    action: Mapped[str | None]
    """What the link does, on its button."""
    locale: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    ended_at: Mapped[datetime | None]


MOBILE = r"(\+861[3-9][0-9]{9}|\+(?!86)[1-9][0-9]{6,14})"
"""E.164: a plus sign and at most 15 digits; of the mainland's numbers the mobile ones."""


class OutgoingSms(Owned, Base):
    """One text message 短信; what it says is removed when it has been sent, and after a week in any case."""

    __tablename__ = "outgoing_sms"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'failed')", name="state"),
        CheckConstraint("(recipient IS NULL) = (body IS NULL)", name="text"),
        CheckConstraint(f"recipient ~ '^{MOBILE}$'", name="recipient"),
        CheckConstraint("char_length(body) BETWEEN 1 AND 300 AND body !~ '[[:cntrl:]]'", name="body"),
        Index("ix_outgoing_sms_created_at", "created_at"),
        {"info": {"row_policy": Outbox()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    state: Mapped[str] = mapped_column(server_default="queued")
    recipient: Mapped[str | None]
    body: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    """Afterwards it is better not sent at all."""
    ended_at: Mapped[datetime | None]
