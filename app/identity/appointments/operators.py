"""The platform's operators, and a province's first admins: made on the server, by whoever runs it."""

from uuid import UUID

from sqlalchemy import delete, func, select, update

from app.access.permissions import Role
from app.core.db import Session
from app.core.errors import Conflict, NotFound
from app.core.i18n import msg
from app.identity.accounts import create_account, grant_role
from app.identity.appointments import queries
from app.identity.appointments.province_roles import admins_held, ensure_eligible
from app.identity.models import Account, LocalCredential, RoleGrant
from app.identity.queries import account_named
from app.journal.public import record
from app.tenancy.policies import PLATFORM

ENOUGH = 2
"""From so many admins on they make further ones themselves."""


class ProvinceAdministered(Conflict):
    """The province decides for itself."""

    code = "identity.province_administered"
    title = msg("该省已有两位省级管理员，由他们在平台上任命其他人")


async def add_operator(session: Session, *, login_name: str, display_name: str, password_hash: str) -> UUID:
    """A new account of the platform's own tenant that operates it. Runs in the sign-in context.

    Raises:
        Invalid: the login name is malformed.
        Conflict: the login name is taken (when the transaction is flushed).
    """
    account_id = await create_account(
        session,
        tenant_id=PLATFORM,
        display_name=display_name,
        login_name=login_name,
        password_hash=password_hash,
    )
    await grant_role(session, tenant_id=PLATFORM, account_id=account_id, role=Role.OPERATOR)
    return account_id


async def remove_operator(session: Session, *, login_name: str) -> None:
    """Let an operator operate no more: the role is taken and the account closed. Runs in the sign-in context.

    Raises:
        NotFound: there is no operator of this login name.
    """
    theirs = select(LocalCredential.account_id).where(LocalCredential.login_name == login_name.lower())
    held = delete(RoleGrant).where(RoleGrant.tenant_id == PLATFORM, RoleGrant.account_id.in_(theirs))
    account_id = await session.scalar(held.returning(RoleGrant.account_id))
    if account_id is None:
        raise NotFound
    await session.execute(update(Account).where(Account.id == account_id).values(status="closed"))
    await record(
        session,
        "role.revoked",
        subject=("account", account_id),
        tenant_id=PLATFORM,
        before={"role": Role.OPERATOR.value},
    )


async def appoint_first_admin(session: Session, *, tenant_id: str, login_name: str) -> UUID:
    """Make an account of a province its admin, while it has fewer than two. Runs in the sign-in context.

    Raises:
        NotFound: the province has no active account of this login name.
        ProvinceAdministered: two admins can appoint a third themselves.
        Conflict: the account has the role, or another it may not have beside it.
    """
    # The second of two commands at once sees what the first one made.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"first-admins-{tenant_id}"))))
    admins = await admins_held(session, tenant_id=tenant_id)
    if len(admins) >= ENOUGH:
        raise ProvinceAdministered
    account_id: UUID | None = await session.scalar(account_named(tenant_id, login_name.lower()))
    if account_id is None:
        raise NotFound
    account = (await session.scalars(queries.account_locked(tenant_id, account_id))).one()
    await ensure_eligible(session, account=account, role=Role.PROVINCE_ADMIN)
    await grant_role(
        session,
        tenant_id=tenant_id,
        account_id=account_id,
        role=Role.PROVINCE_ADMIN,
        about={"reason": "commons admin appoint"},
    )
    return account_id
