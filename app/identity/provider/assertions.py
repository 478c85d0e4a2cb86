"""`private_key_jwt`: an application signs who it is (RFC 7523 §3, OpenID Connect Core 1.0 §9)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from app.core.db import Session
from app.identity.provider.client_keys import ALGORITHMS
from app.identity.provider.models import OAuthClient
from app.identity.provider.proofs import (
    MAXIMUM_LENGTH,
    SKEW_SECONDS,
    first_use,
    identifier,
    now_seconds,
    seconds,
)
from app.identity.provider.published_keys import ClientKeys
from app.settings import Settings

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_SECONDS = 10 * 60
"""How long an assertion may be good: as long we remember that it was used."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """A signed statement by an application that our copy of its keys confirms; whether it is the first use is still open."""

    client_id: str
    id: str
    expires_at: int

    async def first_use(self, session: Session) -> bool:
        """Whether nobody showed it before."""
        return await first_use(
            session, "assertion", self.client_id, self.id, until=self.expires_at + SKEW_SECONDS
        )


def claimed_client(value: str) -> str | None:
    """Who an assertion says it is of; nothing of it is proved yet."""
    try:
        claims = _unverified(value).claims
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else None


async def read_assertion(
    value: str, client: OAuthClient, keys: ClientKeys, settings: Settings
) -> Assertion | None:
    """The assertion, when this client signed it for us just now. Call it outside a transaction: keys may be fetched."""
    try:
        header = _unverified(value).header
        kid, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in ALGORITHMS or not isinstance(kid, str | None):
            return None
        found = await keys.of(client, kid)
        claims = next(filter(None, (_signed(value, key, algorithm) for key in found)), None)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return None if claims is None else _judged(claims, client, settings)


def _unverified(value: str) -> Any:
    if len(value) > MAXIMUM_LENGTH:
        raise ValueError
    read = jws.extract_compact(value.encode("ascii"))
    return jwt.Token(read.headers(), _object(read.payload))


def _object(payload: bytes) -> dict[str, Any]:
    claims = json.loads(payload)
    if not isinstance(claims, dict):
        raise TypeError
    return claims


def _signed(value: str, key: Any, algorithm: str) -> Mapping[str, Any] | None:
    try:
        return jwt.decode(value, key, [algorithm]).claims
    except (JoseError, ValueError, TypeError):
        return None


def _judged(claims: Mapping[str, Any], client: OAuthClient, settings: Settings) -> Assertion | None:
    now = now_seconds()
    expires, identity = seconds(claims.get("exp")), identifier(claims.get("jti"))
    issued, not_before = (seconds(claims.get(name, now)) for name in ("iat", "nbf"))
    named = claims.get("aud")
    audience = [named] if isinstance(named, str) else named
    ours = {settings.base_url, f"{settings.base_url}/oauth/token", f"{settings.base_url}/oauth/par"}
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
        return None
    if not isinstance(audience, list) or len(audience) != 1 or audience[0] not in ours:
        return None
    if expires is None or issued is None or not_before is None or identity is None:
        return None
    if not now - SKEW_SECONDS < expires <= now + LONGEST_SECONDS + SKEW_SECONDS:
        return None
    if max(issued, not_before) > now + SKEW_SECONDS:
        return None
    return Assertion(client.client_id, identity, expires)
