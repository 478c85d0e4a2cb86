"""Suspending an account of one's own province, and giving it back."""

from uuid import UUID

from sqlalchemy import func, select, update

from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import Conflict, Forbidden
from app.core.i18n import msg
from app.identity.appointments import queries
from app.identity.appointments.news import tell
from app.identity.appointments.province_roles import account_held, admins_held
from app.identity.models import Account
from app.journal.public import record


class StatusUnchanged(Conflict):
    """It is so already, or the account is closed for good."""

    code = "identity.status_unchanged"
    title = msg("该账号的状态已经改变，请刷新后再看")


async def suspend(db: Session, *, caller: Principal, account_id: UUID, reason: str) -> None:
    """Let an account of the caller's province sign in no more; its sessions and its applications' tokens end at once.

    Raises:
        NotFound: the province has no such account.
        Forbidden: the caller means themselves, or a deputy an officer of the province.
        StatusUnchanged: it is not active.
    """
    if account_id == caller.id:
        raise Forbidden(msg("不能停用自己的账号"))
    await _change(db, caller, account_id, before="active", after="suspended", reason=reason)
    await db.execute(select(func.identity_end_sessions(account_id)))


async def reactivate(db: Session, *, caller: Principal, account_id: UUID, reason: str) -> None:
    """Let a suspended account of the caller's province sign in again, with the roles it had.

    Raises:
        NotFound: the province has no such account.
        Forbidden: the caller is a deputy, and the account an officer's.
        StatusUnchanged: it is not suspended.
    """
    await _change(db, caller, account_id, before="suspended", after="active", reason=reason)


async def live_sessions(db: ReadSession, *, account_id: UUID) -> int:
    """In how many browsers a person of the caller's province is signed in."""
    return int(await db.scalar(select(func.identity_live_sessions(account_id))))


async def _change(
    db: Session, caller: Principal, account_id: UUID, *, before: str, after: str, reason: str
) -> None:
    admins = await admins_held(db, tenant_id=caller.tenant_id)
    account = await account_held(db, caller=caller, account_id=account_id)
    if caller.id not in admins and await db.scalar(queries.own_role(account_id)) is not None:
        raise Forbidden(msg("只有省级管理员本人可以停用或恢复省级管理员和审计员的账号"))
    change = (
        update(Account)
        .where(Account.id == account_id, Account.status == before)
        .values(status=after, version=Account.version + 1)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    if await db.scalar(change) is None:
        raise StatusUnchanged
    await record(
        db,
        "account.suspended" if after == "suspended" else "account.reactivated",
        subject=("account", account_id),
        tenant_id=account.tenant_id,
        before={"status": before},
        after={"status": after, "reason": reason},
    )
    await tell(
        db, "suspended" if after == "suspended" else "reactivated", [account_id], tenant_id=account.tenant_id
    )
