"""Every select of booking policies and special days."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select

from app.access.principal import Principal
from app.core.db import ReadSession
from app.instruments.models import Instrument, InstrumentUnit
from app.instruments.policies.models import BookingPolicy, CalendarDay
from app.instruments.visibility import visible_to
from app.organisations.models import Organisation


def at(table: Any, **place: UUID | None) -> list[ColumnElement[bool]]:
    """The rows of a place; a missing name is the whole province's."""
    return [getattr(table, name).is_not_distinct_from(value) for name, value in place.items()]


async def in_force(session: ReadSession, tenant_id: str, **place: UUID | None) -> Sequence[BookingPolicy]:
    """The policies that hold at a place itself, by audience."""
    rows = select(BookingPolicy).where(
        BookingPolicy.tenant_id == tenant_id,
        BookingPolicy.superseded_at.is_(None),
        *at(BookingPolicy, **place),
    )
    return (await session.scalars(rows.order_by(BookingPolicy.audience))).all()


async def history(session: ReadSession, tenant_id: str, **place: UUID | None) -> Sequence[BookingPolicy]:
    """Every version at a place, the newest first."""
    rows = select(BookingPolicy).where(BookingPolicy.tenant_id == tenant_id, *at(BookingPolicy, **place))
    return (await session.scalars(rows.order_by(BookingPolicy.id.desc()))).all()


async def owner_of_unit(session: ReadSession, caller: Principal, unit_id: UUID) -> Row[Any] | None:
    """The instrument of a unit the caller sees: its id, owner and province."""
    columns = (Instrument.id, Instrument.organisation_id, Instrument.tenant_id)
    rows = select(*columns).join(InstrumentUnit, InstrumentUnit.instrument_id == Instrument.id)
    return (await session.execute(rows.where(InstrumentUnit.id == unit_id, visible_to(caller)))).one_or_none()


async def owner_of_instrument(
    session: ReadSession, caller: Principal, instrument_id: UUID
) -> Row[Any] | None:
    """An instrument the caller sees: its id, owner and province."""
    columns = (Instrument.id, Instrument.organisation_id, Instrument.tenant_id)
    rows = select(*columns).where(Instrument.id == instrument_id, visible_to(caller))
    return (await session.execute(rows)).one_or_none()


async def organisation(session: ReadSession, organisation_id: UUID) -> Row[Any] | None:
    """An organisation's id and province."""
    rows = select(Organisation.id, Organisation.tenant_id).where(Organisation.id == organisation_id)
    return (await session.execute(rows)).one_or_none()


async def days(
    session: ReadSession, tenant_id: str, since: date, until: date, **place: UUID | None
) -> Sequence[CalendarDay]:
    """The special days of a place itself in [since, until]."""
    rows = select(CalendarDay).where(
        CalendarDay.tenant_id == tenant_id, CalendarDay.day.between(since, until), *at(CalendarDay, **place)
    )
    return (await session.scalars(rows.order_by(CalendarDay.day))).all()
