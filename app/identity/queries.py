"""Every select of accounts, sign-in and sessions."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, Uuid, bindparam, column, func, select, text

from app.identity.models import BrowserSession

ACCOUNT_NAMES = (
    text("SELECT id, name FROM identity_account_names(:ids)")
    .bindparams(bindparam("ids", type_=ARRAY(Uuid)))
    .columns(column("id", Uuid), column("name", Text))
)


def live_sessions(account_id: UUID | None, idle: timedelta) -> Select[Any]:
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
