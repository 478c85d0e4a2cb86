"""The tables of booking policies and special days."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Date,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.instruments.rules.policies import AUDIENCES
from app.tenancy.models import Owned
from app.tenancy.policies import Own

_NAMED = ", ".join(repr(name) for name in AUDIENCES)


class BookingPolicy(Owned, Base):
    """One version of a policy, never changed: `superseded_at` says since when another holds, or none."""

    __tablename__ = "booking_policy"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        ForeignKeyConstraint(["tenant_id", "instrument_id"], ["instrument.tenant_id", "instrument.id"]),
        ForeignKeyConstraint(["tenant_id", "unit_id"], ["instrument_unit.tenant_id", "instrument_unit.id"]),
        CheckConstraint("num_nonnulls(organisation_id, instrument_id, unit_id) <= 1", name="place"),
        CheckConstraint(f"audience IN ({_NAMED}) OR audience ~ '^[0-9]{{6}}$'", name="audience"),
        CheckConstraint("booking_settings_valid(settings)", name="settings"),
        CheckConstraint("char_length(reason) <= 500 AND version >= 1", name="texts"),
        Index(
            "ix_booking_policy_in_force",
            *("tenant_id", "organisation_id", "instrument_id", "unit_id", "audience"),
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "ix_booking_policy_instrument_id", "instrument_id", postgresql_where=text("superseded_at IS NULL")
        ),
        Index("ix_booking_policy_unit_id", "unit_id", postgresql_where=text("superseded_at IS NULL")),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    organisation_id: Mapped[UUID | None]
    instrument_id: Mapped[UUID | None]
    unit_id: Mapped[UUID | None]
    place: Mapped[str] = mapped_column(
        Computed(
            "CASE WHEN unit_id IS NOT NULL THEN 'unit' WHEN instrument_id IS NOT NULL THEN 'instrument' "
            "WHEN organisation_id IS NOT NULL THEN 'organisation' ELSE 'province' END",
            persisted=True,
        )
    )
    audience: Mapped[str] = mapped_column(server_default="")
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(server_default="")
    """What those read whom it refuses."""
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    superseded_at: Mapped[datetime | None]


class CalendarDay(Owned, Base):
    """A day that is not what its weekday says: of the whole province, of an organisation, or of one instrument."""

    __tablename__ = "calendar_day"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        ForeignKeyConstraint(["tenant_id", "instrument_id"], ["instrument.tenant_id", "instrument.id"]),
        CheckConstraint("num_nonnulls(organisation_id, instrument_id) <= 1", name="place"),
        CheckConstraint("acts_as BETWEEN 0 AND 7", name="acts_as"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name"),
        Index(
            "ix_calendar_day_place_day",
            *("tenant_id", "organisation_id", "instrument_id", "day"),
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    organisation_id: Mapped[UUID | None]
    instrument_id: Mapped[UUID | None]
    day: Mapped[date] = mapped_column(Date)
    acts_as: Mapped[int] = mapped_column(SmallInteger)
    """0 is closed; 1 to 7 keeps that weekday's hours."""
    name: Mapped[str]
