"""Whose requests, qualifications and types a caller reads and decides about, inside what row-level security lets through."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select

from app.access.permissions import Role
from app.access.principal import Principal
from app.instruments.qualifications.models import (
    Qualification,
    QualificationRequirement,
    QualificationType,
)
from app.instruments.visibility import WHOLE_PROVINCE, visible_to


def runs(caller: Principal, row: Any) -> ColumnElement[bool]:
    """Whether the caller runs the type of a row with type_id (or id), organisation_id and tenant_id.

    They are the organisation's manager, the province's admin, or the steward of an instrument that requires it.
    """
    type_id = row.id if row is QualificationType else row.type_id
    found: list[ColumnElement[bool]] = [row.organisation_id.in_(caller.managed)]
    if caller.stewardships:
        required = select(QualificationRequirement.type_id).where(
            QualificationRequirement.instrument_id.in_(caller.stewardships)
        )
        found.append(type_id.in_(required))
    if Role.PROVINCE_ADMIN in caller.roles:
        found.append(row.tenant_id == caller.tenant_id)
    return or_(*found)


def trains(caller: Principal, row: Any, today: date) -> ColumnElement[bool]:
    """Whether the caller is a trainer of the type of a row today, in the province that grants it."""
    if caller.kind != "person" or caller.tenant_id is None:
        return false()
    type_id = row.id if row is QualificationType else row.type_id
    mine = select(Qualification.type_id).where(
        Qualification.tenant_id == caller.tenant_id,
        Qualification.holder_tenant_id == caller.tenant_id,
        Qualification.holder_id == caller.id,
        Qualification.level == "trainer",
        Qualification.status == "active",
        Qualification.valid_from <= today,
        func.coalesce(Qualification.valid_to >= today, literal(value=True)),
    )
    return and_(row.tenant_id == caller.tenant_id, type_id.in_(mine))


def at_desk(caller: Principal, row: Any, today: date) -> ColumnElement[bool]:
    """Requests and qualifications the caller decides about; auditors read those of their province."""
    found = [runs(caller, row), trains(caller, row, today)]
    if Role.AUDITOR in caller.roles:
        found.append(row.tenant_id == caller.tenant_id)
    return or_(*found)


def held_by(caller: Principal, row: Any) -> ColumnElement[bool]:
    """The caller's own."""
    if caller.kind != "person":
        return false()
    return and_(row.holder_tenant_id == caller.tenant_id, row.holder_id == caller.id)


def readable_by(caller: Principal, row: Any, today: date) -> ColumnElement[bool]:
    """The caller's own, those at their desk, and for officers those of their province's people."""
    found = [held_by(caller, row), at_desk(caller, row, today)]
    if caller.roles & WHOLE_PROVINCE:
        found.append(row.holder_tenant_id == caller.tenant_id)
    return or_(*found)


def type_seen(caller: Principal, today: date) -> ColumnElement[bool]:
    """Types that are shared with the caller, and those they have to do with."""
    return or_(
        visible_to(caller, QualificationType),
        runs(caller, QualificationType),
        trains(caller, QualificationType, today),
    )
