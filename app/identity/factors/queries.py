"""Every select of second factors."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import aliased

from app.identity.factors.models import Authenticator, RecoveryCode
from app.identity.models import Account, BrowserSession


def has_factor(account_id: UUID) -> Select[bool]:
    """Whether an account has a second factor."""
    return select(exists().where(Authenticator.account_id == account_id))


def presented(digest: bytes, idle: timedelta) -> Select[BrowserSession, Account]:
    """The live session of a token, also one that awaits its second factor, and its active account."""
    return (
        select(BrowserSession, Account)
        .join(Account, Account.id == BrowserSession.account_id)
        .where(
            BrowserSession.digest == digest,
            BrowserSession.revoked_at.is_(None),
            BrowserSession.expires_at > func.clock_timestamp(),
            BrowserSession.last_seen_at > func.clock_timestamp() - idle,
            Account.status == "active",
        )
    )


def at_home(account_id: UUID, address: str) -> Select[bool]:
    """Whether somebody has signed in to an account from an address, up to the last factor."""
    there = aliased(BrowserSession)
    return select(
        exists().where(
            there.account_id == account_id, there.address == address, there.awaiting_factor.is_(False)
        )
    )


def authenticators(account_id: UUID) -> Select[Authenticator]:
    """An account's authenticators, the oldest first."""
    return select(Authenticator).where(Authenticator.account_id == account_id).order_by(Authenticator.id)


def passkey(credential_id: bytes) -> Select[Authenticator, Account]:
    """A passkey and its active account."""
    return (
        select(Authenticator, Account)
        .join(Account, Account.id == Authenticator.account_id)
        .where(Authenticator.credential_id == credential_id, Account.status == "active")
    )


def unused_codes(account_id: UUID) -> Select[int]:
    """How many recovery codes an account has left."""
    return select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))


def account_locked(account_id: UUID) -> Select[Account]:
    """An account, locked: its factors are changed by one request at a time."""
    return select(Account).where(Account.id == account_id).with_for_update(key_share=True)


def authenticated_since(session_id: UUID | None, within: timedelta) -> Select[bool]:
    """Whether the person of a browser session showed who they are within this time."""
    return select(
        exists().where(
            BrowserSession.id == session_id,
            BrowserSession.authenticated_at > func.clock_timestamp() - within,
        )
    )
