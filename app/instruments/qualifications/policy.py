"""Who defines, grants and takes away qualifications, and who reads of them; in SQL where lists need it."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select

from app.access.guards import Refusal, Verdict
from app.access.permissions import Role
from app.access.principal import Principal
from app.core.i18n import msg
from app.instruments.qualifications.models import (
    Qualification,
    QualificationRequirement,
    QualificationType,
)
from app.instruments.visibility import WHOLE_PROVINCE, visible_to


def defines(caller: Principal, *, organisation_id: UUID, tenant_id: str) -> bool:
    """Whether the caller says what an organisation teaches and recognises: its manager, its province's admin."""
    return caller.manages(organisation_id) or caller.administers(tenant_id)


def may_define(caller: Principal, *, organisation_id: UUID, tenant_id: str) -> Verdict:
    """`defines`, with the reason."""
    if defines(caller, organisation_id=organisation_id, tenant_id=tenant_id):
        return True
    return Refusal(msg("只有单位管理员和本省的省级管理员可以设置资格类型和互认"))


def may_grant(caller: Principal, holder_id: UUID, level: str, *, runs: bool, trains: bool) -> Verdict:
    """Those who run the type grant every level, its trainers all but their own; nobody grants to themselves.

    A deputy does not grant to whom they stand in for.
    """
    if not (runs or trains):
        return Refusal(msg("只有机组管理员、单位管理员、本省的省级管理员和该资格的培训人可以授予"))
    if holder_id in {caller.id, caller.acting_for}:
        return Refusal(msg("不能审核或授予自己的资格，请由另一位管理员或培训人办理"))
    if level == "trainer" and not runs:
        return Refusal(msg("培训人资格由机组管理员、单位管理员或省级管理员授予"))
    return True


def may_take(caller: Principal, holder_id: UUID, *, runs: bool) -> Verdict:
    """Those who run the type suspend, reinstate and revoke; nobody their own."""
    if not runs:
        return Refusal(msg("只有机组管理员、单位管理员和本省的省级管理员可以暂停、恢复或撤销资格"))
    if holder_id in {caller.id, caller.acting_for}:
        return Refusal(msg("不能更改自己的资格，请由另一位管理员办理"))
    return True


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
