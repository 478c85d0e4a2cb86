"""Grants: what a client was given, and how it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, update

from app.access.principal import Principal
from app.core.clock import now
from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.core.i18n import Message, msg
from app.identity.provider import queries
from app.identity.provider.authorization import SignedIn
from app.identity.provider.models import DeviceCode, OAuthClient, OAuthCode, OAuthGrant
from app.journal.public import record

LIFETIME = timedelta(days=180)
"""With a refresh token; then the person is asked again."""
Reason = Literal["person", "client", "code_replayed", "refresh_token_reused", "narrowed"]
REASONS: dict[str, Message] = {
    "person": msg("本人断开"),
    "client": msg("应用自行撤销"),
    "code_replayed": msg("授权码被重复使用，可能已泄露"),
    "refresh_token_reused": msg("刷新令牌被重复使用，可能已被盗用"),
    "narrowed": msg("本人改为允许较少的权限"),
}
THEFTS = frozenset({"code_replayed", "refresh_token_reused"})
TOLD_FOR = timedelta(days=90)
"""How long a person is told of a theft."""


async def open_grant(
    session: Session,
    client: OAuthClient,
    *,
    scopes: Sequence[str],
    lifetime: timedelta,
    person: SignedIn | None = None,
    device: bool = False,
) -> UUID:
    """A new family of tokens, of a person or of the client itself."""
    # Signing in to the platform itself is no application that somebody connected; a command line is.
    ours = client.first_party and not device
    values = {
        "tenant_id": person.tenant_id if person else client.tenant_id,
        "client_id": client.id,
        "client_name": client.name,
        "first_party": ours,
        "account_id": person.account_id if person else None,
        "scopes": list(scopes),
        "methods": list(person.methods) if person else [],
        "authenticated_at": person.authenticated_at if person else now(),
        "browser_session_id": person.session_id if person else None,
        "expires_at": now() + lifetime,
    }
    grant_id = (await session.scalars(queries.NEW_GRANT, values)).one()
    if person is not None and not ours:
        await record(
            session,
            "oauth_grant.opened",
            subject=("oauth_grant", grant_id),
            tenant_id=person.tenant_id,
            actor_id=person.account_id,
            after={"scopes": list(scopes)},
        )
    return grant_id


async def revoke_grant(session: Session, grant_id: UUID, *, reason: Reason) -> bool:
    """End a family of tokens at once; whether it was alive.

    A theft is told on both sides: in the journal of the person's province, and without the person in the client's.
    """
    end = (
        update(OAuthGrant)
        .where(OAuthGrant.id == grant_id, OAuthGrant.revoked_at.is_(None))
        .values(revoked_at=func.clock_timestamp(), revoked_reason=reason)
        .returning(OAuthGrant.tenant_id, OAuthGrant.client_id)
    )
    ended = (await session.execute(end)).one_or_none()
    if ended is None:
        return False
    await record(
        session,
        "oauth_grant.revoked",
        subject=("oauth_grant", grant_id),
        tenant_id=ended.tenant_id,
        after={"reason": reason},
    )
    if reason in THEFTS:
        await record(
            session,
            "oauth_client.grant_revoked",
            subject=("oauth_client", ended.client_id),
            tenant_id=await session.scalar(queries.province_of_client(ended.client_id)),
            after={"reason": reason},
        )
    return True


async def end_wider(session: Session, *, account_id: UUID, client_id: UUID, scopes: Sequence[str]) -> None:
    """A person has approved an application with these scopes: what it was given before with more than these ends.

    That is its grants, and what it could still exchange for one. Approvals of one person happen one after the other.
    """
    await session.execute(queries.account_held(account_id))
    for row in (OAuthCode, DeviceCode):
        # One that is being exchanged now is waited for: then its grant is there.
        spent = update(row).where(queries.exceeds(row, account_id, client_id, scopes), row.used_at.is_(None))
        if row is DeviceCode:
            spent = spent.where(DeviceCode.decision == "allowed")
        await session.execute(spent.values(used_at=func.clock_timestamp()))
    for grant_id in (await session.scalars(queries.wider_grants(account_id, client_id, scopes))).all():
        await revoke_grant(session, grant_id, reason="narrowed")


@dataclass(frozen=True, slots=True)
class Connection:
    """An application a person connected."""

    id: UUID
    client_name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime


async def own_connections(db: ReadSession, *, caller: Principal) -> list[Connection]:
    """The applications the caller connected."""
    rows = (await db.scalars(queries.person_grants(caller.id))).all()
    return [Connection(g.id, g.client_name, tuple(g.scopes), g.created_at, g.expires_at) for g in rows]


@dataclass(frozen=True, slots=True)
class Theft:
    """An application whose tokens we ended because somebody else seemed to hold them."""

    client_name: str
    ended_at: datetime
    reason: Message


async def own_thefts(db: ReadSession, *, caller: Principal) -> list[Theft]:
    """What of the caller's was ended for theft of late, the latest first."""
    rows = (await db.scalars(queries.ended_grants(caller.id, THEFTS, TOLD_FOR))).all()
    return [Theft(g.client_name, g.revoked_at, REASONS[g.revoked_reason]) for g in rows]


async def disconnect(db: Session, *, caller: Principal, grant_id: UUID) -> None:
    """End what the caller allowed an application.

    Raises:
        NotFound: the caller allowed nothing of the kind.
    """
    own = {grant.id for grant in await own_connections(db, caller=caller)}
    if grant_id not in own or not await revoke_grant(db, grant_id, reason="person"):
        raise NotFound


async def disconnect_all(db: Session, *, caller: Principal) -> int:
    """End everything the caller allowed applications; how many it were."""
    ids = sorted(one.id for one in await own_connections(db, caller=caller))
    return sum([await revoke_grant(db, grant_id, reason="person") for grant_id in ids])
