"""Introspection (RFC 7662) and revocation (RFC 7009): a client asks about, or ends, its own tokens."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.crypto import token_digest
from app.core.db import Session
from app.identity.provider import queries
from app.identity.provider.grants import revoke_grant
from app.identity.provider.keys import KeyRing
from app.identity.provider.models import OAuthClient
from app.identity.provider.tokens import AccessToken, BadToken, audience, read_access_token
from app.settings import Settings

INACTIVE: dict[str, Any] = {"active": False}


@dataclass(frozen=True, slots=True)
class Presented:
    """A token as a client shows it: an access token of ours, or else perhaps a refresh token."""

    value: str
    access: AccessToken | None

    @classmethod
    async def read(cls, value: str, ring: KeyRing, settings: Settings) -> "Presented":
        """Read the token. Call it outside a transaction: a new signing key may have to be fetched."""
        try:
            return cls(value, await read_access_token(value, ring, settings))
        except BadToken:
            return cls(value, None)


async def introspect(
    session: Session, settings: Settings, client: OAuthClient, token: Presented
) -> dict[str, Any]:
    """What the client may know of its own live token; of any other that it is not active."""
    found = await _grant_and_expiry(session, token)
    if found is None:
        return INACTIVE
    grant_id, expires_at = found
    asked = {"grant_id": grant_id, "client_id": client.id}
    row = (await session.execute(queries.LIVE_GRANT, asked)).one_or_none()
    if row is None:
        return INACTIVE
    about: dict[str, Any] = {
        "active": True,
        "iss": settings.base_url,
        "aud": audience(settings),
        "client_id": client.client_id,
        "sub": str(row.account_id or client.client_id),
        "scope": " ".join(token.access.scopes if token.access else row.scopes),
        "exp": expires_at,
    }
    if token.access is None:
        return about | {"token_type": "refresh_token"}
    about |= {"iat": token.access.issued_at, "token_type": "DPoP" if token.access.jkt else "Bearer"}
    return about | ({"cnf": {"jkt": token.access.jkt}} if token.access.jkt else {})


async def revoke(session: Session, client: OAuthClient, token: Presented) -> None:
    """End the family of the client's own token; of another's nothing happens."""
    found = await _grant_and_expiry(session, token)
    if found is None:
        return
    asked = {"grant_id": found[0], "client_id": client.id}
    if (await session.execute(queries.LIVE_GRANT, asked)).one_or_none() is not None:
        await revoke_grant(session, found[0], reason="client")


async def _grant_and_expiry(session: Session, token: Presented) -> tuple[UUID, int] | None:
    if token.access is not None:
        return token.access.grant_id, token.access.expires_at
    row = (await session.execute(queries.refresh_token_grant(token_digest(token.value)))).one_or_none()
    return None if row is None else (row.grant_id, int(row.expires_at.timestamp()))
