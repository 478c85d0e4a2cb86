"""Appointing and dismissing the members of an organisation."""

from uuid import UUID

from app.access.guards import ensure
from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.identity import queries
from app.identity.accounts import add_membership, remove_membership
from app.identity.policy import may_appoint
from app.organisations.public import Organisation, get


async def appoint(
    db: Session, *, caller: Principal, organisation_id: UUID, account_id: UUID, role: Role
) -> None:
    """Make an account of the organisation's province a member or manager of it.

    Raises:
        NotFound: no such organisation, or no such account in its province.
        Forbidden: the caller does not appoint here, or not to this role.
    """
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    await _ensure_may_change(db, caller, organisation, account_id, role)
    await add_membership(
        db,
        tenant_id=organisation.tenant_id,
        account_id=account_id,
        organisation_id=organisation_id,
        role=role,
    )


async def dismiss(db: Session, *, caller: Principal, organisation_id: UUID, account_id: UUID) -> None:
    """End a membership.

    Raises:
        NotFound: no such organisation, or the account is no member of it.
        Forbidden: the caller does not dismiss here, or not a member of this role.
    """
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    if await _ensure_may_change(db, caller, organisation, account_id, Role.MEMBER) is None:
        raise NotFound
    await remove_membership(db, account_id=account_id, organisation_id=organisation_id)


async def _ensure_may_change(
    db: ReadSession, caller: Principal, organisation: Organisation, account_id: UUID, role: Role
) -> Role | None:
    """The account's present role; a manager is made, changed and dismissed only by whom may make one."""
    ensure(may_appoint(caller, organisation, role))
    present = await db.scalar(queries.member_role(organisation.id, account_id))
    if present is None:
        return None
    ensure(may_appoint(caller, organisation, Role(present)))
    return Role(present)
