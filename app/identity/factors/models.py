"""Authenticators, recovery codes, and the challenges that were answered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Hidden


class Authenticator(Owned, Base):
    """Something a person has 验证方式: an app that shows codes, or a passkey."""

    __tablename__ = "authenticator"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        UniqueConstraint("credential_id"),
        Index("ix_authenticator_account_id", "account_id"),
        CheckConstraint("kind IN ('totp', 'passkey')", name="kind"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 50", name="name"),
        CheckConstraint("(kind = 'passkey') = (credential_id IS NOT NULL)", name="credential_id"),
        CheckConstraint("octet_length(key) <= 4096 AND octet_length(credential_id) <= 1023", name="lengths"),
        {"info": {"row_policy": Hidden()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    account_id: Mapped[UUID]
    kind: Mapped[str]
    name: Mapped[str]
    key: Mapped[bytes] = mapped_column(LargeBinary)
    """The app's secret, encrypted; the passkey's public key (COSE)."""
    counter: Mapped[int]
    """The last time step that was accepted (RFC 6238 §5.2), or the passkey's signature counter: it only goes up."""
    credential_id: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Owned, Base):
    """A code that stands in for a lost authenticator, once; the row holds its digest."""

    __tablename__ = "recovery_code"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        {"info": {"row_policy": Hidden()}},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    used_at: Mapped[datetime | None]


class SpentChallenge(Base):
    """A WebAuthn challenge that was answered, until it would have expired anyway."""

    __tablename__ = "spent_challenge"
    __table_args__ = (
        Index("ix_spent_challenge_expires_at", "expires_at"),
        {"info": {"row_policy": Hidden()}},
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime]
