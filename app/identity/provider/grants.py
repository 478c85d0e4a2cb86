"""Grants: what a client was given, and how it ends."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, update

from app.access.principal import Principal
from app.core.clock import now
from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.identity.provider import queries
from app.identity.provider.models import OAuthClient, OAuthGrant
from app.journal.public import record

LIFETIME = timedelta(days=180)
"""With a refresh token; then the person is asked again."""


async def open_grant(
    session: Session,
    client: OAuthClient,
    *,
    tenant_id: str,
    account_id: UUID | None,
    scopes: Sequence[str],
    authenticated_at: datetime,
    methods: Collection[str] = (),
    lifetime: timedelta,
) -> UUID:
    """A new family of tokens."""
    new = (
        insert(OAuthGrant)
        .values(
            tenant_id=tenant_id,
            client_id=client.id,
            client_name=client.name,
            first_party=client.first_party,
            account_id=account_id,
            scopes=list(scopes),
            authenticated_at=authenticated_at,
            methods=sorted(methods),
            expires_at=now() + lifetime,
        )
        .returning(OAuthGrant.id)
    )
    return (await session.scalars(new)).one()


async def revoke_grant(session: Session, grant_id: UUID, *, reason: str) -> bool:
    """End a family of tokens at once; whether it was alive."""
    end = (
        update(OAuthGrant)
        .where(OAuthGrant.id == grant_id, OAuthGrant.revoked_at.is_(None))
        .values(revoked_at=func.clock_timestamp())
        .returning(OAuthGrant.tenant_id)
    )
    tenant_id = await session.scalar(end)
    if tenant_id is None:
        return False
    await record(
        session,
        "oauth_grant.revoked",
        subject=("oauth_grant", grant_id),
        tenant_id=tenant_id,
        after={"reason": reason},
    )
    return True


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


async def disconnect(db: Session, *, caller: Principal, grant_id: UUID) -> None:
    """End what the caller allowed an application.

    Raises:
        NotFound: the caller allowed nothing of the kind.
    """
    own = {grant.id for grant in await own_connections(db, caller=caller)}
    if grant_id not in own or not await revoke_grant(db, grant_id, reason="person"):
        raise NotFound
