"""The end of an account: asked for, a week to think again, then nothing personal is left that no law keeps."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.access.permissions import Role
from app.access.principal import Principal
from app.core.crypto import token_digest
from app.core.db import Database, ReadSession, Session
from app.core.errors import Conflict, NotFound
from app.core.i18n import msg
from app.identity.appointments.province_roles import admins_held
from app.identity.contacts import holdings, mails
from app.identity.contacts.models import AccountClosing
from app.identity.contacts.personal import erase, in_order, reasons_against
from app.identity.contacts.reach import write_to
from app.identity.contacts.recovery import end_grants, end_sessions
from app.identity.context import sign_in_context
from app.identity.members import managers_held
from app.identity.models import Account, BrowserSession, Membership, RoleGrant
from app.identity.queries import managed_by
from app.journal.public import record
from app.settings import Settings

__all__ = ["ask", "close", "due", "ends_at", "holdings", "is_closing", "undo"]
WEEK = timedelta(days=7)


class CannotClose(Conflict):
    """Something must be settled first; the page says what."""

    code = "identity.account_needed"
    title = msg("账号暂时不能注销")


async def ends_at(session: ReadSession, account_id: UUID | None) -> datetime | None:
    """When an account closes; None where nobody asked for it."""
    asked = select(AccountClosing.closes_at).where(AccountClosing.account_id == account_id)
    found: datetime | None = await session.scalar(asked)
    return found


async def is_closing(session: Session, token: str) -> bool:
    """Whether the account of a browser session is about to close."""
    asked = (
        select(AccountClosing.account_id)
        .join(BrowserSession, BrowserSession.account_id == AccountClosing.account_id)
        .where(BrowserSession.digest == token_digest(token))
    )
    return await session.scalar(asked) is not None


async def ask(session: Session, settings: Settings, *, caller: Principal) -> None:
    """Ask that the caller's account be closed in a week; everywhere they are signed out. Runs in the sign-in context.

    Asking again changes nothing: the week goes on.
    """
    assert caller.id is not None
    assert caller.tenant_id is not None
    values = {"tenant_id": caller.tenant_id, "account_id": caller.id}
    asked = insert(AccountClosing).values(**values, closes_at=func.clock_timestamp() + WEEK)
    made = asked.on_conflict_do_nothing().returning(AccountClosing.account_id)
    if await session.scalar(made) is None:
        return
    await end_sessions(session, caller.id)
    await end_grants(session, caller.id)
    mail = partial(mails.closing, settings=settings)
    await write_to(session, tenant_id=caller.tenant_id, account_id=caller.id, mail=mail)
    await _note(session, "account.closing_asked", caller.tenant_id, caller.id)


async def undo(session: Session, *, caller: Principal) -> None:
    """The caller has changed their mind. Runs in the sign-in context.

    Raises:
        NotFound: the account is not about to close.
    """
    assert caller.id is not None
    assert caller.tenant_id is not None
    taken = delete(AccountClosing).where(AccountClosing.account_id == caller.id)
    if await session.scalar(taken.returning(AccountClosing.account_id)) is None:
        raise NotFound
    await _note(session, "account.closing_undone", caller.tenant_id, caller.id)


async def _note(session: Session, kind: str, tenant_id: str, account_id: UUID) -> None:
    await record(session, kind, subject=("account", account_id), tenant_id=tenant_id)


async def due(database: Database, settings: Settings) -> list[tuple[str, UUID]]:
    """The accounts whose week is over: province and account."""
    over = select(AccountClosing.tenant_id, AccountClosing.account_id).where(
        AccountClosing.closes_at <= func.clock_timestamp()
    )
    async with database.transaction(sign_in_context(settings).info()) as session:
        return [(row.tenant_id, row.account_id) for row in await session.execute(over)]


async def close(database: Database, settings: Settings, tenant_id: str, account_id: UUID) -> None:
    """Close an account for good, or leave it where something new stands against it.

    Three transactions, each of which may be repeated: the account ends, features forget, identity forgets. The closing
    itself is forgotten last, so that a crash in between is taken up by the next run.
    """
    signs_in = sign_in_context(settings, tenant_id=tenant_id).info()
    async with database.transaction(signs_in) as session:
        account = await session.scalar(select(Account).where(Account.id == account_id))
        if account is None:
            return
        caller = await _principal(session, account)
    async with database.transaction(caller.context(read_only=True).info()) as reading:
        against = [] if account.status == "closed" else await reasons_against(reading, caller)
    if against:
        async with database.transaction(signs_in) as session:
            await _leave_open(session, settings, caller)
        return
    async with database.transaction(signs_in) as session:
        if not await _ended(session, settings, caller):
            return
    async with database.transaction(caller.context().info()) as session:
        for held in reversed(in_order()):
            if not held.signs_in:
                await erase(session, held, account_id)
    async with database.transaction(signs_in) as session:
        for held in reversed(in_order()):
            if held.signs_in:
                await erase(session, held, account_id)


async def _ended(session: Session, settings: Settings, caller: Principal) -> bool:
    """End the account for whoever has not changed their mind, and is not the last in an office; whether it is at an end."""
    assert caller.id is not None
    assert caller.tenant_id is not None
    asked = select(AccountClosing).where(AccountClosing.account_id == caller.id).with_for_update()
    if await session.scalar(asked) is None:
        return False
    if await _is_the_last(session, caller.tenant_id, caller.id):
        await _leave_open(session, settings, caller)
        return False
    ended = update(Account).where(Account.id == caller.id, Account.status != "closed")
    if await session.scalar(ended.values(status="closed").returning(Account.id)) is not None:
        await end_sessions(session, caller.id)
        await _note(session, "account.closed", caller.tenant_id, caller.id)
        await write_to(session, tenant_id=caller.tenant_id, account_id=caller.id, mail=mails.closed)
    return True


async def _is_the_last(session: Session, tenant_id: str, account_id: UUID) -> bool:
    """Whether nobody else would administer the province, or manage one of the person's organisations.

    Asked again under the locks of those who appoint and dismiss: two who leave at once must not each count on the other.
    """
    if await admins_held(session, tenant_id=tenant_id) == [account_id]:
        return True
    for organisation_id in (await session.scalars(managed_by(account_id))).all():
        if await managers_held(session, organisation_id) == [account_id]:
            return True
    return False


async def _leave_open(session: Session, settings: Settings, caller: Principal) -> None:
    await undo(session, caller=caller)
    assert caller.id is not None
    assert caller.tenant_id is not None
    mail = partial(mails.not_closed, settings=settings)
    await write_to(session, tenant_id=caller.tenant_id, account_id=caller.id, mail=mail)


async def _principal(session: Session, account: Account) -> Principal:
    """The person as the platform would recognise them."""
    roles = await session.scalars(select(RoleGrant.role).where(RoleGrant.account_id == account.id))
    memberships = await session.scalars(select(Membership).where(Membership.account_id == account.id))
    return Principal(
        kind="person",
        id=account.id,
        tenant_id=account.tenant_id,
        name=account.display_name,
        roles=frozenset(Role(role) for role in roles),
        organisations={m.organisation_id: Role(m.role) for m in memberships},
    )
