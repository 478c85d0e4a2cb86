"""Who holds a role in the whole province: appointing auditors, dismissing, and never leaving it without an admin."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete

from app.access.permissions import ROLES, Role
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import Conflict, Forbidden, NotFound, on_violation
from app.core.i18n import msg
from app.identity.accounts import grant_role
from app.identity.appointments import queries
from app.identity.appointments.news import tell
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.models import Account, RoleGrant
from app.journal.public import record


class LastAdmin(Conflict):
    """Somebody must answer for the province: another admin comes first."""

    code = "identity.last_admin"
    title = msg("这是本省唯一的省级管理员，请先任命另一位")


class OneRoleEach(Conflict):
    """Separation of duties: who audits decides nothing."""

    code = "identity.one_role_each"
    title = msg("省级管理员和审计员不能由同一人担任，代理也不行；请先免去另一个角色")


class RoleHeld(Conflict):
    """There is nothing to appoint."""

    code = "identity.role_held"
    title = msg("对方已担任该角色")


class NotActive(Conflict):
    """Who is suspended holds no office."""

    code = "identity.account_not_active"
    title = msg("该账号已停用或注销")


on_violation("uq_role_grant_account_id", OneRoleEach)


async def admins_held(db: Session, *, tenant_id: str | None) -> Sequence[UUID]:
    """A province's active admins, none of whom is dismissed or suspended before this transaction ends."""
    await db.execute(queries.admins_locked(tenant_id))
    return (await db.scalars(queries.admins(tenant_id))).all()


async def admins_by_right(db: Session, *, caller: Principal) -> Sequence[UUID]:
    """The province's admins, locked; the caller is one of them, not as a deputy, and there now.

    Raises:
        Forbidden: the caller is no admin in their own right, or no longer.
        ReauthenticationRequired: the caller showed who they are too long ago.
    """
    admins = await admins_held(db, tenant_id=caller.tenant_id)
    if caller.id not in admins:
        raise Forbidden(msg("只有省级管理员本人可以任免；代理人不能代为办理"))
    await ensure_recently_authenticated(db, caller=caller)
    return admins


async def number_of_admins(db: ReadSession, *, caller: Principal) -> int:
    """How many active admins the caller's province has."""
    return len((await db.scalars(queries.admins(caller.tenant_id))).all())


async def account_held(db: Session, *, caller: Principal, account_id: UUID) -> Account:
    """An account of the caller's province, locked.

    Raises:
        NotFound: there is none; another province's looks the same.
    """
    account: Account | None = await db.scalar(queries.account_locked(caller.tenant_id, account_id))
    if account is None:
        raise NotFound
    return account


async def ensure_eligible(db: Session, *, account: Account, role: Role) -> None:
    """A locked account may be given a role in the whole province.

    Raises:
        NotActive: it is suspended or closed.
        RoleHeld: it has the role.
        OneRoleEach: it has another, or is deputy for one.
    """
    if account.status != "active":
        raise NotActive
    own = await db.scalar(queries.own_role(account.id))
    if own == role:
        raise RoleHeld
    if own is not None or set(await db.scalars(queries.lent_roles(account.id))) - {role}:
        raise OneRoleEach


async def appoint_auditor(db: Session, *, caller: Principal, account_id: UUID, reason: str) -> None:
    """Make an account of the caller's province an auditor.

    Raises:
        NotFound: the province has no such account.
        Forbidden: the caller is no admin in their own right, or means themselves.
        Conflict: the account is not active, has the role, or another that it may not have beside it.
    """
    await admins_by_right(db, caller=caller)
    account = await account_held(db, caller=caller, account_id=account_id)
    if account_id == caller.id:
        raise Forbidden(msg("不能任命自己"))
    await ensure_eligible(db, account=account, role=Role.AUDITOR)
    await grant_role(
        db, tenant_id=account.tenant_id, account_id=account_id, role=Role.AUDITOR, about={"reason": reason}
    )
    await tell(db, "appointed", [account_id], tenant_id=account.tenant_id)


async def dismiss(db: Session, *, caller: Principal, account_id: UUID, role: Role, reason: str) -> None:
    """Take a role in the whole province from an account; it counts from the next request of any session.

    Raises:
        NotFound: the province has no such account, or it has not this role.
        Forbidden: the caller is no admin in their own right.
        LastAdmin: nobody would administer the province.
    """
    admins = await admins_by_right(db, caller=caller)
    account = await account_held(db, caller=caller, account_id=account_id)
    if role is Role.PROVINCE_ADMIN and set(admins) <= {account_id}:
        raise LastAdmin(msg("{role}只能由另一位省级管理员接任之后免去", role=ROLES[Role.PROVINCE_ADMIN]))
    held = delete(RoleGrant).where(RoleGrant.account_id == account_id, RoleGrant.role == role)
    if await db.scalar(held.returning(RoleGrant.account_id)) is None:
        raise NotFound
    await record(
        db,
        "role.revoked",
        subject=("account", account_id),
        tenant_id=account.tenant_id,
        before={"role": role.value},
        after={"reason": reason},
    )
    await tell(db, "dismissed", {account_id} - {caller.id}, tenant_id=account.tenant_id)
