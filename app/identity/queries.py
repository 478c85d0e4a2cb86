"""Every select of accounts, sign-in and sessions."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, Uuid, bindparam, column, func, select, text

from app.identity.models import Account, BrowserSession, Membership, Stewardship

ACCOUNT_NAMES = (
    text("SELECT id, name FROM identity_account_names(:ids)")
    .bindparams(bindparam("ids", type_=ARRAY(Uuid)))
    .columns(column("id", Uuid), column("name", Text))
)


def live_sessions(account_id: UUID | None, idle: timedelta) -> Select[BrowserSession]:
    """An account's sessions that still sign in."""
    return (
        select(BrowserSession)
        .where(
            BrowserSession.account_id == account_id,
            BrowserSession.revoked_at.is_(None),
            BrowserSession.expires_at > func.clock_timestamp(),
            BrowserSession.last_seen_at > func.clock_timestamp() - idle,
        )
        .order_by(BrowserSession.last_seen_at.desc(), BrowserSession.id)
    )


def stewards(instrument_id: UUID) -> Select[UUID, str]:
    """Accounts that are stewards of an instrument."""
    named = select(Account.id, Account.display_name).join(Stewardship, Stewardship.account_id == Account.id)
    return named.where(Stewardship.instrument_id == instrument_id).order_by(Stewardship.created_at, Account.id)


def members(organisation_id: UUID) -> Select[UUID, str]:
    """Active accounts that belong to an organisation."""
    named = select(Account.id, Account.display_name).join(Membership, Membership.account_id == Account.id)
    return named.where(Membership.organisation_id == organisation_id, Account.status == "active").order_by(
        Account.display_name, Account.id
    )
