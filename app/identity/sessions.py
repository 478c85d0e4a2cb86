"""Browser sessions: opened at sign-in, listed and revoked by their person."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, update

from app.access.principal import Principal
from app.core.clock import now
from app.core.crypto import new_token, token_digest
from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.identity import queries
from app.identity.models import BrowserSession
from app.journal.public import record

LIFETIME = timedelta(days=14)
IDLE = timedelta(hours=24)
"""Unused for this long, a session ends; the broker's function knows the same figure."""
AWAITING = timedelta(minutes=10)
"""So long a browser may take to show the second factor."""
USER_AGENT_LENGTH, ADDRESS_LENGTH = 300, 64


@dataclass(frozen=True, slots=True)
class Device:
    """The browser behind a session, in its own words."""

    user_agent: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class SignedInSession:
    """One of a person's sessions."""

    id: UUID
    device: Device
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """How a session came to be: how and when its person was authenticated, and at which provider."""

    methods: Collection[str] = ()
    """Values of RFC 8176; `mfa` where it was by two factors."""
    authenticated_at: datetime | None = None
    """None: just now."""
    identity_provider_id: UUID | None = None
    provider_session: str | None = None
    """The provider's own session (`sid`)."""


async def open_session(
    session: Session,
    *,
    tenant_id: str,
    account_id: UUID,
    device: Device,
    origin: Origin = Origin(),
    awaiting_factor: bool = False,
) -> str:
    """Sign a browser in; the token for its cookie. Runs in the sign-in context.

    A session that awaits its second factor makes a visitor and lives ten minutes.
    """
    token = new_token()
    origin = origin or Origin()
    await session.execute(
        insert(BrowserSession).values(
            tenant_id=tenant_id,
            account_id=account_id,
            digest=token_digest(token),
            expires_at=now() + (AWAITING if awaiting_factor else LIFETIME),
            user_agent=_plain(device.user_agent, USER_AGENT_LENGTH),
            address=_plain(device.address, ADDRESS_LENGTH),
            methods=sorted(origin.methods),
            authenticated_at=origin.authenticated_at or now(),
            identity_provider_id=origin.identity_provider_id,
            provider_session=origin.provider_session,
            awaiting_factor=awaiting_factor,
        )
    )
    return token


def _plain(value: str, length: int) -> str:
    return "".join(c for c in value if c.isprintable())[:length]


async def own_sessions(db: ReadSession, *, caller: Principal) -> list[SignedInSession]:
    """The caller's live sessions, the latest used first."""
    rows = (await db.scalars(queries.live_sessions(caller.id, IDLE))).all()
    return [
        SignedInSession(
            id=row.id,
            device=Device(row.user_agent, row.address),
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=min(row.expires_at, row.last_seen_at + IDLE),
            current=row.id == caller.session_id,
        )
        for row in rows
    ]


async def revoke_session(db: Session, *, caller: Principal, session_id: UUID) -> None:
    """End one of the caller's sessions.

    Raises:
        NotFound: the caller has no such live session.
    """
    revoke = (
        update(BrowserSession)
        .where(
            BrowserSession.id == session_id,
            BrowserSession.account_id == caller.id,
            BrowserSession.revoked_at.is_(None),
        )
        .values(revoked_at=func.clock_timestamp())
        .returning(BrowserSession.id)
    )
    if await db.scalar(revoke) is None:
        raise NotFound
    kind = "identity.signed_out" if session_id == caller.session_id else "identity.session_revoked"
    await record(db, kind, subject=("browser_session", session_id))
