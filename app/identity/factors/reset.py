"""A person has lost every factor and every code: an admin of the province takes them away, so that new ones can be made."""

from uuid import UUID

from sqlalchemy import delete, func, update

from app.access.guards import Refusal, Verdict, ensure
from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import Session
from app.core.errors import Forbidden, NotFound
from app.core.i18n import msg
from app.identity.appointments.queries import own_role
from app.identity.factors import notices, queries
from app.identity.factors.models import Authenticator, RecoveryCode
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.models import Account, BrowserSession
from app.journal.public import record


def may_reset(caller: Principal, account: Account) -> Verdict:
    """An admin of the person's province, of anybody but themselves: else a stolen session could drop its own factor."""
    if not caller.administers(account.tenant_id):
        return Refusal(msg("只有本省的省级管理员可以重置验证方式"))
    if caller.id == account.id:
        return Refusal(msg("不能重置自己的验证方式，请由另一位省级管理员办理"))
    return True


async def resettable(session: Session, *, caller: Principal, account_id: UUID) -> Account:
    """The account of the caller's province, locked, which the caller may reset.

    Raises:
        NotFound: there is none in the caller's province.
        Forbidden: the caller is no admin there, or it is their own account, or an officer's and the caller a deputy.
    """
    account: Account | None = await session.scalar(queries.account_locked(account_id))
    if account is None or account.tenant_id != caller.tenant_id:
        raise NotFound
    ensure(may_reset(caller, account))
    officer = await session.scalar(own_role(account.id)) is not None
    if officer and await session.scalar(own_role(caller.id)) != Role.PROVINCE_ADMIN:
        raise Forbidden(msg("只有省级管理员本人可以重置省级管理员和审计员的验证方式"))
    return account


async def reset_factors(session: Session, *, caller: Principal, account_id: UUID) -> None:
    """Take away every authenticator and recovery code of a person, and sign them out everywhere.

    Runs in the sign-in context.

    Raises:
        NotFound: there is no such account in the caller's province.
        Forbidden: as `resettable`.
        ReauthenticationRequired: the caller showed who they are too long ago.
    """
    account = await resettable(session, caller=caller, account_id=account_id)
    await ensure_recently_authenticated(session, caller=caller)
    await session.execute(delete(Authenticator).where(Authenticator.account_id == account.id))
    await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    live = update(BrowserSession).where(
        BrowserSession.account_id == account.id, BrowserSession.revoked_at.is_(None)
    )
    await session.execute(live.values(revoked_at=func.clock_timestamp()))
    await record(
        session, "identity.factors_reset", subject=("account", account.id), tenant_id=account.tenant_id
    )
    await notices.tell(session, tenant_id=account.tenant_id, account_id=account.id, what=notices.RESET)
