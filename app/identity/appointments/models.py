"""Appointments that two people decide."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Own

OPEN_FOR = "14 days"


class Appointment(Owned, Base):
    """A role, or the loan of one, that one admin proposed and another decides."""

    __tablename__ = "appointment"
    __table_args__ = (
        *(
            ForeignKeyConstraint(["tenant_id", column], ["account.tenant_id", "account.id"])
            for column in ("account_id", "proposed_by", "decided_by")
        ),
        ForeignKeyConstraint(["tenant_id", "delegation_id"], ["delegation.tenant_id", "delegation.id"]),
        CheckConstraint("role = 'province_admin'", name="role"),
        CheckConstraint("char_length(reason) BETWEEN 1 AND 500", name="reason"),
        CheckConstraint("account_id <> proposed_by", name="candidate"),
        CheckConstraint(f"expires_at = proposed_at + interval '{OPEN_FOR}'", name="expires"),
        CheckConstraint("outcome IN ('approved', 'declined', 'withdrawn')", name="outcome"),
        CheckConstraint(
            "(outcome IS NULL) = (decided_at IS NULL) AND (outcome IS NULL) = (decided_by IS NULL) "
            "AND decided_at >= proposed_at AND decided_at < expires_at",
            name="decided",
        ),
        CheckConstraint(
            "CASE outcome WHEN 'withdrawn' THEN decided_by = proposed_by "
            "ELSE decided_by <> proposed_by AND decided_by <> account_id END",
            name="two_persons",
        ),
        # One is open at a time: from its proposal until it is decided, or nobody may decide it any more.
        ExcludeConstraint(
            ("account_id", "="),
            ("role", "="),
            (text("coalesce(delegation_id, account_id)"), "="),
            (text("tstzrange(proposed_at, coalesce(decided_at, expires_at))"), "&&"),
            name="ex_appointment_open",
        ),
        Index("ix_appointment_tenant_id_id", "tenant_id", "id"),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    account_id: Mapped[UUID]
    """Who is to have the role; of a loan, the deputy."""
    role: Mapped[str]
    delegation_id: Mapped[UUID | None]
    """The loan that waits for a second person."""
    reason: Mapped[str]
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    outcome: Mapped[str | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
