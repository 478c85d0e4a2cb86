"""Tokens as JWT: access tokens (RFC 9068) and ID tokens (OpenID Connect Core 1.0 §2)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from app.identity.provider.keys import ALGORITHM, KeyRing
from app.settings import Settings

ACCESS_SECONDS = 15 * 60
ID_SECONDS = 10 * 60
MAXIMUM_LENGTH = 4096
ACCESS_TYPE = "at+jwt"
ONE_FACTOR, TWO_FACTORS = "aal1", "aal2"
"""`acr`: the authenticator assurance levels of NIST SP 800-63B-4 §2."""


class BadToken(Exception):  # noqa: N818 - "bad token" is the RFC's phrase
    """The token is forged, expired, malformed, or meant for another."""


def audience(settings: Settings) -> str:
    """The resource our access tokens are for."""
    return f"{settings.base_url}/api/v1"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What an access token says."""

    grant_id: UUID
    client_id: str
    subject: str
    scopes: tuple[str, ...]
    issued_at: int
    expires_at: int
    jkt: str | None
    """The key it is bound to (RFC 9449 §6.1)."""


def access_token(
    key: ECKey,
    settings: Settings,
    *,
    grant_id: UUID,
    client_id: str,
    subject: str,
    scopes: Sequence[str],
    jkt: str | None,
) -> str:
    """A signed access token for our API, good for 15 minutes or until its grant is revoked."""
    issued = int(time.time())
    claims: dict[str, Any] = {
        "iss": settings.base_url,
        "aud": audience(settings),
        "sub": subject,
        "client_id": client_id,
        "scope": " ".join(scopes),
        "iat": issued,
        "exp": issued + ACCESS_SECONDS,
        "jti": uuid4().hex,
        "grant_id": str(grant_id),
    }
    if jkt is not None:
        claims["cnf"] = {"jkt": jkt}
    return jwt.encode(_header(key, ACCESS_TYPE), claims, key, [ALGORITHM])


def id_token(
    key: ECKey,
    settings: Settings,
    *,
    client_id: str,
    subject: str,
    nonce: str | None,
    authenticated_at: datetime,
    methods: Sequence[str],
    session_id: UUID | None,
) -> str:
    """A signed statement for a client about who signed in, when and how (`amr`, RFC 8176)."""
    issued = int(time.time())
    claims: dict[str, Any] = {
        "iss": settings.base_url,
        "aud": client_id,
        "sub": subject,
        "iat": issued,
        "exp": issued + ID_SECONDS,
        "auth_time": int(authenticated_at.timestamp()),
        "acr": TWO_FACTORS if "mfa" in methods else ONE_FACTOR,
    }
    if methods:
        claims["amr"] = list(methods)
    if session_id is not None:
        claims["sid"] = str(session_id)
    if nonce is not None:
        claims["nonce"] = nonce
    return jwt.encode(_header(key, "JWT"), claims, key, [ALGORITHM])


def _header(key: ECKey, kind: str) -> dict[str, Any]:
    return {"alg": ALGORITHM, "kid": key.kid, "typ": kind}


async def read_access_token(value: str, ring: KeyRing, settings: Settings) -> AccessToken:
    """What an access token of ours says.

    Raises:
        BadToken: it is not one, or not for our API, or no longer good.
    """
    token = await _verified(value, ring)
    if str(token.header.get("typ", "")).lower().removeprefix("application/") != ACCESS_TYPE:
        raise BadToken
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": settings.base_url},
        aud={"essential": True, "value": audience(settings)},
        exp={"essential": True},
    )
    try:
        registry.validate(token.claims)
        return AccessToken(
            grant_id=UUID(token.claims["grant_id"]),
            client_id=token.claims["client_id"],
            subject=token.claims["sub"],
            scopes=tuple(token.claims["scope"].split()),
            issued_at=int(token.claims["iat"]),
            expires_at=int(token.claims["exp"]),
            jkt=token.claims["cnf"]["jkt"] if "cnf" in token.claims else None,
        )
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadToken from error


async def read_id_token_hint(value: str, ring: KeyRing, settings: Settings) -> tuple[str, str]:
    """The client and the subject of an ID token of ours, an expired one too (RP-Initiated Logout 1.0 §2).

    Raises:
        BadToken: it is not ours.
    """
    token = await _verified(value, ring)
    claims = token.claims
    client_id, subject = claims.get("aud"), claims.get("sub")
    if claims.get("iss") != settings.base_url or token.header.get("typ") != "JWT":
        raise BadToken
    if not isinstance(client_id, str) or not isinstance(subject, str):
        raise BadToken
    return client_id, subject


async def _verified(value: str, ring: KeyRing) -> jwt.Token:
    """The token, when one of our keys signed it; the algorithm is ours to choose, never the token's."""
    if len(value) > MAXIMUM_LENGTH:
        raise BadToken
    try:
        kid = jws.extract_compact(value.encode("ascii")).headers().get("kid")
        key = await ring.public(kid) if isinstance(kid, str) else None
        if key is None:
            raise BadToken
        return jwt.decode(value, key, [ALGORITHM])
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadToken from error
