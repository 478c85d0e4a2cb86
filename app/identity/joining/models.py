"""Applications of organisations, invitations and requests to join."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Own

OPEN = "status IN ('submitted', 'returned')"
STATES = "('draft', 'submitted', 'returned', 'approved', 'rejected', 'withdrawn')"


def _of_account(column: str = "account_id") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", column], ["account.tenant_id", "account.id"])


def _of_organisation() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]
    )


class OrganisationApplication(Owned, Base):
    """Somebody asks the province to register an organisation 单位入驻申请."""

    __tablename__ = "organisation_application"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        _of_account(),
        _of_organisation(),
        Index("ix_organisation_application_account_id", "account_id"),
        Index(
            "ix_organisation_application_open", "tenant_id", "uscc", unique=True, postgresql_where=text(OPEN)
        ),
        Index("ix_organisation_application_submitted_at", "tenant_id", "submitted_at", "id"),
        CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="name"),
        CheckConstraint(
            "kind IN ('university', 'institute', 'enterprise', 'medical', 'government', 'other')", name="kind"
        ),
        CheckConstraint("adcode ~ '^[0-9]{6}$' AND left(adcode, 2) = left(tenant_id, 2)", name="adcode"),
        CheckConstraint("website ~ '^https?://' AND char_length(website) <= 500", name="website"),
        CheckConstraint("char_length(uscc_override_reason) BETWEEN 1 AND 500", name="uscc_override_reason"),
        CheckConstraint(
            "char_length(contact_name) BETWEEN 1 AND 100 AND char_length(contact_phone) BETWEEN 1 AND 30",
            name="contact",
        ),
        CheckConstraint(f"status IN {STATES}", name="status"),
        CheckConstraint("(status = 'approved') = (organisation_id IS NOT NULL)", name="organisation"),
        CheckConstraint(
            "status = 'draft' OR status = 'withdrawn' OR submitted_at IS NOT NULL", name="submitted"
        ),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    account_id: Mapped[UUID]
    """The applicant."""
    uscc: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    adcode: Mapped[str]
    website: Mapped[str | None]
    uscc_override_reason: Mapped[str | None]
    contact_name: Mapped[str]
    contact_phone: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="draft")
    submitted_at: Mapped[datetime | None]
    """The last time."""
    organisation_id: Mapped[UUID | None]
    """What came of it."""
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class ApplicationStep(Owned, Base):
    """One step in an application's history, with what its applicant was told."""

    __tablename__ = "application_step"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["organisation_application.tenant_id", "organisation_application.id"],
        ),
        _of_account(),
        Index("ix_application_step_application_id", "application_id"),
        CheckConstraint(f"status IN {STATES}", name="status"),
        CheckConstraint("char_length(reason) BETWEEN 1 AND 1000", name="reason"),
        CheckConstraint(
            "jsonb_typeof(faults) = 'object' AND char_length(faults::text) <= 10000", name="faults"
        ),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    application_id: Mapped[UUID]
    account_id: Mapped[UUID]
    """Who did it."""
    status: Mapped[str]
    """The state it led to."""
    reason: Mapped[str | None]
    faults: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    """By field, what is to be corrected."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class ApplicationEvidence(Owned, Base):
    """A file that proves an application 证明材料; the bytes lie in `app.files` under its digest."""

    __tablename__ = "application_evidence"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["organisation_application.tenant_id", "organisation_application.id"],
        ),
        UniqueConstraint("application_id", "digest"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        CheckConstraint("media_type IN ('application/pdf', 'image/png', 'image/jpeg')", name="media_type"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="name"),
        CheckConstraint("size BETWEEN 1 AND 10485760", name="size"),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    application_id: Mapped[UUID]
    digest: Mapped[str]
    media_type: Mapped[str]
    name: Mapped[str]
    """What the sender called it; only shown."""
    size: Mapped[int]
    """In bytes."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class OrganisationInvitation(Owned, Base):
    """A person is asked into an organisation 邀请, by e-mail or by sign-in name."""

    __tablename__ = "organisation_invitation"
    __table_args__ = (
        UniqueConstraint("digest"),
        _of_organisation(),
        _of_account("invited_by"),
        _of_account(),
        ForeignKeyConstraint(["tenant_id", "accepted_by"], ["account.tenant_id", "account.id"]),
        Index(
            "ix_organisation_invitation_open",
            "organisation_id",
            "invitee",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_organisation_invitation_account_id", "account_id"),
        CheckConstraint("role IN ('member', 'manager')", name="role"),
        CheckConstraint("status IN ('open', 'accepted', 'declined', 'revoked')", name="status"),
        CheckConstraint(
            "invitee = lower(invitee) AND char_length(invitee) BETWEEN 3 AND 254", name="invitee"
        ),
        CheckConstraint("char_length(message) BETWEEN 1 AND 500", name="message"),
        CheckConstraint("octet_length(digest) = 32", name="digest"),
        CheckConstraint("(status = 'accepted') = (accepted_by IS NOT NULL)", name="accepted"),
        CheckConstraint("NOT by_email OR account_id IS NULL", name="by_email"),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    organisation_id: Mapped[UUID]
    invited_by: Mapped[UUID]
    by_email: Mapped[bool]
    invitee: Mapped[str]
    """The e-mail address or the sign-in name, in small letters."""
    account_id: Mapped[UUID | None]
    """Who has that sign-in name, if anybody of the province does: only they may accept."""
    role: Mapped[str]
    message: Mapped[str | None]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the token in the link; sending it again makes a new one."""
    status: Mapped[str] = mapped_column(server_default="open")
    accepted_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class JoinRequest(Owned, Base):
    """A person asks to belong to an organisation 加入申请."""

    __tablename__ = "join_request"
    __table_args__ = (
        _of_organisation(),
        _of_account(),
        _of_account("decided_by"),
        Index(
            "ix_join_request_open",
            "organisation_id",
            "account_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_join_request_account_id", "account_id"),
        CheckConstraint("status IN ('open', 'approved', 'declined', 'withdrawn')", name="status"),
        CheckConstraint("char_length(message) BETWEEN 1 AND 500", name="message"),
        CheckConstraint("char_length(reason) BETWEEN 1 AND 500", name="reason"),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    organisation_id: Mapped[UUID]
    account_id: Mapped[UUID]
    message: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="open")
    reason: Mapped[str | None]
    """Why it was declined."""
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
