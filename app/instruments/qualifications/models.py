"""Types of qualification, what instruments require, who holds what, and who recognises whom."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Parent, Parties, ScopedAmongMembers

LEVEL = "level IN ('observer', 'assisted', 'independent', 'trainer')"
BOTH = Parties(("tenant_id", "holder_tenant_id"))


def _type() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "type_id"], ["qualification_type.tenant_id", "qualification_type.id"]
    )


def _holder() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["holder_tenant_id", "holder_id"], ["account.tenant_id", "account.id"])


def _officer(column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", column], ["account.tenant_id", "account.id"])


class QualificationType(Owned, Base):
    """A qualification 上机资格 that an organisation teaches and grants; `validity_months` None: it does not expire."""

    __tablename__ = "qualification_type"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("organisation_id", "name_zh"),
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        CheckConstraint(
            "char_length(name_zh) BETWEEN 1 AND 100 AND char_length(name_en) <= 200", name="names"
        ),
        CheckConstraint("char_length(description) <= 2000", name="description"),
        CheckConstraint("validity_months BETWEEN 1 AND 120", name="validity"),
        CheckConstraint("scope IN ('organisation', 'province', 'region', 'public')", name="scope"),
        {"info": {"row_policy": ScopedAmongMembers()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    organisation_id: Mapped[UUID]
    scope: Mapped[str] = mapped_column(server_default="region")
    name_zh: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    description: Mapped[str] = mapped_column(server_default="")
    validity_months: Mapped[int | None] = mapped_column(SmallInteger)
    needs_evidence: Mapped[bool] = mapped_column(server_default="false")
    active: Mapped[bool] = mapped_column(server_default="true")
    """Whether it is still granted; who holds it keeps it."""
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class QualificationRequirement(Owned, Base):
    """What running an instrument requires 上机要求: a type of its own organisation, at a level or above."""

    __tablename__ = "qualification_requirement"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "instrument_id"], ["instrument.tenant_id", "instrument.id"], ondelete="CASCADE"
        ),
        _type(),
        CheckConstraint(LEVEL, name="level"),
        Index("ix_qualification_requirement_type_id", "type_id"),
        {"info": {"row_policy": Parent("instrument", "instrument_id")}},
    )

    instrument_id: Mapped[UUID] = mapped_column(primary_key=True)
    type_id: Mapped[UUID] = mapped_column(primary_key=True)
    level: Mapped[str]


class QualificationRecognition(Owned, Base):
    """The accepting side recognises another organisation's type 互认 in place of its own, up to `level`."""

    __tablename__ = "qualification_recognition"
    __table_args__ = (
        _type(),
        ForeignKeyConstraint(
            ["other_tenant_id", "other_type_id"],
            ["qualification_type.tenant_id", "qualification_type.id"],
        ),
        CheckConstraint("level IN ('observer', 'assisted', 'independent')", name="level"),
        CheckConstraint("type_id <> other_type_id", name="other"),
        Index("ix_qualification_recognition_other_type_id", "other_type_id"),
        {"info": {"row_policy": Parent("qualification_type", "type_id")}},
    )

    type_id: Mapped[UUID] = mapped_column(primary_key=True)
    other_type_id: Mapped[UUID] = mapped_column(primary_key=True)
    other_tenant_id: Mapped[str]
    level: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Qualification(Owned, Base):
    """A person's qualification: owned by the province that grants it, read by the holder's too.

    The names are what was agreed when it was granted: the holder's side discloses the first two, the type and its
    organisation stay readable to the holder when they are no longer shared. Days are of Asia/Shanghai.
    """

    __tablename__ = "qualification"
    __table_args__ = (
        UniqueConstraint("type_id", "holder_id"),
        UniqueConstraint("tenant_id", "id"),
        _type(),
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        _holder(),
        _officer("granted_by"),
        CheckConstraint(LEVEL, name="level"),
        CheckConstraint("status IN ('active', 'suspended', 'revoked')", name="status"),
        CheckConstraint("(status = 'active') = (status_reason = '')", name="reason"),
        CheckConstraint("valid_to >= valid_from", name="valid"),
        CheckConstraint("granted_by <> holder_id", name="two_persons"),
        CheckConstraint("reminded_days IN (7, 30)", name="reminded_days"),
        CheckConstraint(
            "char_length(holder_name) <= 100 AND char_length(holder_organisation) <= 200 "
            "AND char_length(type_name) <= 100 AND char_length(type_name_en) <= 200 "
            "AND char_length(issuer_name) <= 200",
            name="names",
        ),
        CheckConstraint("char_length(basis) <= 500 AND char_length(status_reason) <= 500", name="texts"),
        Index("ix_qualification_holder", "holder_tenant_id", "holder_id"),
        Index("ix_qualification_organisation_id_id", "organisation_id", "id"),
        Index(
            "ix_qualification_valid_to", "tenant_id", "valid_to", postgresql_where=text("status = 'active'")
        ),
        {"info": {"row_policy": BOTH}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    type_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    """Who grants it."""
    holder_tenant_id: Mapped[str]
    holder_id: Mapped[UUID]
    holder_name: Mapped[str]
    holder_organisation: Mapped[str] = mapped_column(server_default="")
    type_name: Mapped[str]
    type_name_en: Mapped[str] = mapped_column(server_default="")
    issuer_name: Mapped[str]
    level: Mapped[str]
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    """The last day; None: it does not expire."""
    status: Mapped[str] = mapped_column(server_default="active")
    status_reason: Mapped[str] = mapped_column(server_default="")
    """Why it is suspended or revoked."""
    granted_by: Mapped[UUID]
    basis: Mapped[str] = mapped_column(server_default="")
    """What it was granted on: the training, the test."""
    reminded_days: Mapped[int | None] = mapped_column(SmallInteger)
    """The last reminder that this term's end was told by."""
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class QualificationRequest(Owned, Base):
    """A person asks for a qualification 资格申请: owned by the province that grants it, written by both parties."""

    __tablename__ = "qualification_request"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        _type(),
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        _holder(),
        _officer("decided_by"),
        CheckConstraint(LEVEL, name="level"),
        CheckConstraint("status IN ('open', 'approved', 'declined', 'withdrawn')", name="status"),
        CheckConstraint(
            "(decided_by IS NOT NULL) = (status IN ('approved', 'declined')) "
            "AND (decided_at IS NULL) = (status = 'open')",
            name="decided",
        ),
        CheckConstraint("decided_by <> holder_id", name="two_persons"),
        CheckConstraint(
            "char_length(holder_name) <= 100 AND char_length(holder_organisation) <= 200 "
            "AND char_length(type_name) <= 100 AND char_length(type_name_en) <= 200 "
            "AND char_length(issuer_name) <= 200",
            name="names",
        ),
        CheckConstraint("char_length(message) <= 1000 AND char_length(reason) <= 500", name="texts"),
        Index(
            "ix_qualification_request_open",
            "type_id",
            "holder_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_qualification_request_holder", "holder_tenant_id", "holder_id"),
        Index("ix_qualification_request_organisation_id_id", "organisation_id", "id"),
        {"info": {"row_policy": BOTH}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    type_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    """Who is asked."""
    holder_tenant_id: Mapped[str]
    holder_id: Mapped[UUID]
    holder_name: Mapped[str]
    holder_organisation: Mapped[str] = mapped_column(server_default="")
    type_name: Mapped[str]
    type_name_en: Mapped[str] = mapped_column(server_default="")
    issuer_name: Mapped[str]
    level: Mapped[str]
    message: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="open")
    reason: Mapped[str] = mapped_column(server_default="")
    """Why it was declined."""
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class QualificationEvidence(Owned, Base):
    """A file that proves a request 证明材料; the bytes lie in `app.files` under its digest."""

    __tablename__ = "qualification_evidence"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "request_id"], ["qualification_request.tenant_id", "qualification_request.id"]
        ),
        UniqueConstraint("request_id", "digest"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        CheckConstraint("media_type IN ('application/pdf', 'image/png', 'image/jpeg')", name="media_type"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="name"),
        CheckConstraint("size BETWEEN 1 AND 10485760", name="size"),
        {"info": {"row_policy": BOTH}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    request_id: Mapped[UUID]
    holder_tenant_id: Mapped[str]
    digest: Mapped[str]
    media_type: Mapped[str]
    name: Mapped[str]
    """What the sender called it; only shown."""
    size: Mapped[int]
    """In bytes."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
