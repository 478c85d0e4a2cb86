"""The journal's tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Own, Parties


class JournalEvent(Owned, Base):
    """One thing that happened 操作记录."""

    __tablename__ = "journal_event"
    __table_args__ = (
        CheckConstraint("kind ~ '^[a-z_]+\\.[a-z_]+$'", name="kind"),
        CheckConstraint(
            "subject_type ~ '^[a-z_]{1,50}$' AND char_length(subject_id) <= 200 AND char_length(request_id) <= 100",
            name="texts",
        ),
        CheckConstraint("char_length(address) BETWEEN 1 AND 64", name="address"),
        Index("ix_journal_event_tenant_id_id", "tenant_id", "id"),
        Index("ix_journal_event_subject", "subject_type", "subject_id"),
        # A block range index costs the writer next to nothing; transactions lie in the table in their order.
        Index(
            "ix_journal_event_txid", "txid", postgresql_using="brin", postgresql_with={"autosummarize": True}
        ),
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
    client_id: Mapped[UUID | None]
    """The application through which it was done."""
    acting_for: Mapped[UUID | None]
    """Whose role a deputy carried."""
    session_id: Mapped[UUID | None]
    """The browser session or token grant."""
    address: Mapped[str | None]
    """Where the request came from, as the platform saw it; kept as long as the event."""
    salt: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
    """Keeps who acted from being guessed by the digest alone."""
    txid: Mapped[int] = mapped_column(server_default=text("(pg_current_xact_id()::text)::bigint"))
    """The transaction that wrote it: only what is older than every running one is sealed."""


class JournalSeal(Owned, Base):
    """One link of a province's chain: the digest of an event and of everything before it."""

    __tablename__ = "journal_seal"
    __table_args__ = (
        UniqueConstraint("tenant_id", "event_id"),
        CheckConstraint("sequence > 0", name="sequence"),
        CheckConstraint("octet_length(event_digest) = 32 AND octet_length(digest) = 32", name="digests"),
        {"info": {"row_policy": Own()}},
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[UUID]
    txid: Mapped[int]
    event_digest: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class JournalAnchor(Owned, Base):
    """The head of a province's chain at a moment, signed by the platform."""

    __tablename__ = "journal_anchor"
    __table_args__ = (
        CheckConstraint("sequence > 0", name="sequence"),
        CheckConstraint(
            "octet_length(digest) = 32 AND octet_length(key) = 32 AND octet_length(signature) = 64",
            name="lengths",
        ),
        {"info": {"row_policy": Own()}},
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    key: Mapped[bytes] = mapped_column(LargeBinary)
    """The public key, 32 bytes (Ed25519, RFC 8032)."""
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class JournalTally(Owned, Base):
    """How often one caller was refused, or read, the same thing since its event was written."""

    __tablename__ = "journal_tally"
    __table_args__ = (
        CheckConstraint("octet_length(key) = 32 AND repeats >= 0", name="values"),
        Index("ix_journal_tally_opened_at", "tenant_id", "opened_at"),
        {"info": {"row_policy": Own()}},
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    repeats: Mapped[int] = mapped_column(server_default="0")
    event: Mapped[dict[str, Any]]
