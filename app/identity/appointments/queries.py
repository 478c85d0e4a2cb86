"""Every select of appointments, delegations and who holds what."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, or_, select

from app.access.permissions import Role
from app.identity.appointments.models import Appointment
from app.identity.models import Account, Delegation, Membership, RoleGrant, Stewardship

OPEN = Appointment.outcome.is_(None), Appointment.expires_at > func.clock_timestamp()
"""Somebody may still decide it."""
LENT = Delegation.revoked_at.is_(None), Delegation.ends_at > func.clock_timestamp()
"""It counts, or will; revoking it still changes something."""
STATE: ColumnElement[str] = case(
    (Delegation.revoked_at.is_not(None), "ended"),
    (Delegation.ends_at <= func.clock_timestamp(), "ended"),
    (Delegation.confirmed_at.is_(None), "waiting"),
    (Delegation.starts_at > func.clock_timestamp(), "coming"),
    else_="live",
)
"""What the clock and the second person have made of a delegation."""
PROPOSAL_STATE: ColumnElement[str] = case(
    (Appointment.outcome.is_not(None), Appointment.outcome),
    (Appointment.expires_at <= func.clock_timestamp(), "expired"),
    else_="open",
)


def admins_locked(tenant_id: str | None) -> Select[UUID]:
    """Who has an admin's role in a province, locked: what counts on their number happens one at a time.

    Only a statement after this one sees who of them is active: one that waited for a suspension still sees them so.
    """
    held = select(RoleGrant.account_id).where(
        RoleGrant.tenant_id == tenant_id, RoleGrant.role == Role.PROVINCE_ADMIN
    )
    return held.order_by(RoleGrant.account_id).with_for_update()


def admins(tenant_id: str | None) -> Select[UUID]:
    """The active admins of a province in their own right."""
    held = select(RoleGrant.account_id).join(Account, Account.id == RoleGrant.account_id)
    return held.where(
        RoleGrant.tenant_id == tenant_id, RoleGrant.role == Role.PROVINCE_ADMIN, Account.status == "active"
    )


def account_locked(tenant_id: str | None, account_id: UUID | None) -> Select[Account]:
    """An account of a province, held while its roles change."""
    return (
        select(Account)
        .where(Account.tenant_id == tenant_id, Account.id == account_id)
        .with_for_update(key_share=True)
    )


def own_role(account_id: UUID | None) -> Select[str]:
    """The role an account has in its whole province, in its own right."""
    return select(RoleGrant.role).where(RoleGrant.account_id == account_id)


def lent_roles(deputy_id: UUID) -> Select[str]:
    """Roles in the whole province that were lent to a deputy, and are or may come to be in force."""
    whole = Delegation.organisation_id.is_(None), Delegation.instrument_id.is_(None)
    return select(Delegation.role).where(Delegation.deputy_id == deputy_id, *whole, *LENT)


def holding(
    account_id: UUID | None, role: Role, *, organisation_id: UUID | None, instrument_id: UUID | None
) -> Select[UUID]:
    """The row by which an account has a role in its own right, held while it is lent."""
    if role is Role.MANAGER:
        return (
            select(Membership.account_id)
            .where(
                Membership.account_id == account_id,
                Membership.organisation_id == organisation_id,
                Membership.role == Role.MANAGER,
            )
            .with_for_update(read=True)
        )
    if role is Role.STEWARD:
        return (
            select(Stewardship.account_id)
            .where(Stewardship.account_id == account_id, Stewardship.instrument_id == instrument_id)
            .with_for_update(read=True)
        )
    return (
        select(RoleGrant.account_id)
        .where(RoleGrant.account_id == account_id, RoleGrant.role == role)
        .with_for_update(read=True)
    )


def holdings(account_id: UUID | None) -> tuple[Select[str], Select[UUID], Select[UUID]]:
    """What an account has in its own right and may lend: province roles, organisations managed, instruments."""
    return (
        select(RoleGrant.role)
        .where(RoleGrant.account_id == account_id, RoleGrant.role != Role.OPERATOR)
        .order_by(RoleGrant.role),
        select(Membership.organisation_id)
        .where(Membership.account_id == account_id, Membership.role == Role.MANAGER)
        .order_by(Membership.organisation_id),
        select(Stewardship.instrument_id)
        .where(Stewardship.account_id == account_id)
        .order_by(Stewardship.instrument_id),
    )


def proposals(tenant_id: str | None) -> Select[Appointment, str]:
    """The province's proposals, the newest first, each with its state."""
    found = select(Appointment, PROPOSAL_STATE.label("state"))
    return found.where(Appointment.tenant_id == tenant_id).order_by(Appointment.id.desc())


def proposal(tenant_id: str | None, appointment_id: UUID) -> Select[Appointment]:
    """One proposal of the province."""
    return select(Appointment).where(Appointment.tenant_id == tenant_id, Appointment.id == appointment_id)


def delegations_of(account_id: UUID | None) -> Select[Delegation, str]:
    """What an account lent and was lent, the newest first, each with its state."""
    found = select(Delegation, STATE.label("state"))
    mine = or_(Delegation.account_id == account_id, Delegation.deputy_id == account_id)
    return found.where(mine).order_by(Delegation.id.desc())


def delegation(tenant_id: str | None, delegation_id: UUID) -> Select[Delegation]:
    """One delegation of the province."""
    return select(Delegation).where(Delegation.tenant_id == tenant_id, Delegation.id == delegation_id)
