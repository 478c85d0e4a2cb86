"""Browser sessions: opened at sign-in, listed and revoked by their person."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, update

from app.access.principal import TWO_FACTORS, Principal
from app.core.clock import now
from app.core.crypto import new_token, token_digest
from app.core.db import ReadSession, Session
from app.core.errors import NotFound, Unauthorized
from app.identity import queries
from app.identity.devices import Device
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.models import BrowserSession, IdentityProvider
from app.identity.new_device import tell_of_new_device
from app.journal.public import Event, record, record_all

LIFETIME = timedelta(days=14)
IDLE = timedelta(hours=24)
"""Unused for this long, a session ends; the broker's function knows the same figure."""
AWAITING = timedelta(minutes=10)
"""So long a browser may take to show the second factor."""


@dataclass(frozen=True, slots=True)
class SignedInSession:
    """One of a person's sessions."""

    id: UUID
    device: Device
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool
    methods: frozenset[str]
    """How the person was authenticated (RFC 8176)."""
    provider: IdentityProvider | None
    """Where they signed in; None where by passkey, or at a provider their province does not see."""


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
    device = device.as_kept()
    await session.execute(
        insert(BrowserSession).values(
            tenant_id=tenant_id,
            account_id=account_id,
            digest=token_digest(token),
            expires_at=now() + (AWAITING if awaiting_factor else LIFETIME),
            user_agent=device.user_agent,
            address=device.address,
            methods=sorted(origin.methods),
            authenticated_at=origin.authenticated_at or now(),
            identity_provider_id=origin.identity_provider_id,
            provider_session=origin.provider_session,
            awaiting_factor=awaiting_factor,
        )
    )
    return token


async def strengthen(session: Session, held: BrowserSession, method: str) -> str:
    """The person of this browser has shown a second factor: the new token for its cookie; the old one is dead.

    Runs in the sign-in context.

    Raises:
        Unauthorized: the session ended meanwhile, or another request of this browser was faster.
    """
    token = new_token()
    methods = sorted({*held.methods, method, TWO_FACTORS})
    awaited = held.awaiting_factor
    if awaited:
        device = Device(held.user_agent, held.address)
        await tell_of_new_device(session, tenant_id=held.tenant_id, account_id=held.account_id, device=device)
    strong = (
        update(BrowserSession)
        .where(
            BrowserSession.id == held.id,
            BrowserSession.digest == held.digest,
            BrowserSession.revoked_at.is_(None),
            BrowserSession.expires_at > func.clock_timestamp(),
        )
        .values(
            digest=token_digest(token),
            methods=methods,
            authenticated_at=func.clock_timestamp(),
            last_seen_at=func.clock_timestamp(),
            awaiting_factor=False,
            expires_at=now() + LIFETIME if awaited else held.expires_at,
        )
        .returning(BrowserSession.id)
    )
    if await session.scalar(strong) is None:
        raise Unauthorized
    await record(
        session,
        "identity.signed_in" if awaited else "identity.reauthenticated",
        subject=("account", held.account_id),
        tenant_id=held.tenant_id,
        actor_id=held.account_id,
        after={"identity_provider_id": held.identity_provider_id, "methods": methods},
    )
    return token


async def own_sessions(db: ReadSession, *, caller: Principal) -> list[SignedInSession]:
    """The caller's live sessions, the latest used first."""
    rows = await db.execute(queries.live_sessions(caller.id, IDLE))
    return [_described(row.BrowserSession, row.IdentityProvider, caller) for row in rows]


def _described(held: BrowserSession, provider: IdentityProvider | None, caller: Principal) -> SignedInSession:
    return SignedInSession(
        id=held.id,
        device=Device(held.user_agent, held.address),
        created_at=held.created_at,
        last_seen_at=held.last_seen_at,
        expires_at=min(held.expires_at, held.last_seen_at + IDLE),
        current=held.id == caller.session_id,
        methods=frozenset(held.methods),
        provider=provider,
    )


async def revoke_session(db: Session, *, caller: Principal, session_id: UUID) -> None:
    """End one of the caller's sessions; another than the one they call from only for who was there of late (ASVS 5.0 V7.5.2).

    Raises:
        NotFound: the caller has no such live session.
        ReauthenticationRequired: the caller showed who they are too long ago, or calls by an access token.
    """
    if session_id != caller.session_id:
        await ensure_recently_authenticated(db, caller=caller)
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


async def revoke_other_sessions(db: Session, *, caller: Principal) -> int:
    """End all of the caller's sessions but the one they call from; how many there were.

    Raises:
        ReauthenticationRequired: the caller showed who they are too long ago, or calls by an access token.
    """
    await ensure_recently_authenticated(db, caller=caller)
    revoke = (
        update(BrowserSession)
        .where(
            BrowserSession.account_id == caller.id,
            BrowserSession.id != caller.session_id,
            BrowserSession.revoked_at.is_(None),
        )
        .values(revoked_at=func.clock_timestamp())
        .returning(BrowserSession.id)
    )
    ended = (await db.scalars(revoke)).all()
    await record_all(
        db, [Event("identity.session_revoked", ("browser_session", session_id)) for session_id in ended]
    )
    return len(ended)
