"""What a provider signed: the ID token of a sign-in and the logout token of its end."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from app.identity.federation.metadata import PublicKey

ALGORITHMS = ["ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]
"""Signatures by a public key; `none` and shared secrets are not among them."""
LONGEST_SUBJECT = 255
MAXIMUM_LENGTH = 32 * 1024
BAD_JOSE = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_SECONDS = 600
"""How old a logout token may be; the standard asks for minutes (Back-Channel Logout 1.0 §2.4)."""


class BadToken(Exception):  # noqa: N818 - "bad token" is the RFC's phrase
    """The token is forged, expired, malformed, or meant for another."""


class UnknownKey(BadToken):
    """No key we know signed it: the provider may have a new one."""


def verified(value: object, keys: Sequence[PublicKey]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims of a token one of the provider's keys signed, by an algorithm that fits that very key.

    The token's `kid` is compared with those of the keys and used for nothing else; keys or addresses that it brings
    itself (`jwk`, `jku`, `x5u`) are not looked at.

    Raises:
        UnknownKey: it names none of the keys.
        BadToken: it is malformed, or the signature is not that key's.
    """
    if not isinstance(value, str) or len(value) > MAXIMUM_LENGTH:
        raise BadToken
    try:
        header = jws.extract_compact(value.encode("ascii")).headers()
    except BAD_JOSE as error:
        raise BadToken from error
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise BadToken
    fitting = [key for key in keys if key.get("alg") in {None, algorithm}]
    named = [key for key in fitting if key.get("kid") == kid] if kid is not None else fitting
    if not named:
        raise UnknownKey
    for key in named:
        try:
            return header, jwt.decode(value, key, [str(algorithm)]).claims
        except BAD_JOSE:
            continue
    # The key may have been replaced under its old name, or the token does not say which it is.
    raise UnknownKey


def ensure_id_token(claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, skew: int) -> None:
    """OpenID Connect Core 1.0 §3.1.3.7.

    Raises:
        BadToken: a claim is missing or not what it must be.
    """
    _ensure(
        claims, issuer, client_id, skew, nonce={"essential": True, "value": nonce}, sub={"essential": True}
    )
    shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if shared else client_id) != client_id or not usable_subject(claims["sub"]):
        raise BadToken


def ensure_access_token_meant(
    header: Mapping[str, Any], claims: Mapping[str, Any], access_token: object
) -> None:
    """`at_hash`, where it is there, is that of the access token beside it (OpenID Connect Core 1.0 §3.1.3.6).

    Raises:
        BadToken: it is another's.
    """
    given = claims.get("at_hash")
    if given is None:
        return
    algorithm = str(header["alg"])
    digest = hashlib.new(
        f"sha{algorithm[-3:]}" if algorithm[-3:].isdigit() else "sha512", str(access_token).encode()
    )
    half = digest.digest()[: digest.digest_size // 2]
    expected = base64.urlsafe_b64encode(half).rstrip(b"=")
    if not hmac.compare_digest(expected, str(given).encode()):
        raise BadToken


def ensure_logout_token(
    header: Mapping[str, Any], claims: Mapping[str, Any], *, issuer: str, client_id: str, skew: int
) -> None:
    """Back-Channel Logout 1.0 §2.6: of this provider, for us, recent, about a session or a person, and no ID token.

    Raises:
        BadToken: it is not so.
    """
    kind = str(header.get("typ", "logout+jwt")).lower().removeprefix("application/")
    if kind not in {"logout+jwt", "jwt"} or "nonce" in claims:
        raise BadToken
    _ensure(claims, issuer, client_id, skew, jti={"essential": True})
    events, jti = claims.get("events"), claims["jti"]
    event = events.get(LOGOUT_EVENT) if isinstance(events, dict) else None
    told = [claims[name] for name in ("sid", "sub") if name in claims]
    if not isinstance(event, dict) or not told or not all(map(usable_subject, [jti, *told])):
        raise BadToken
    if claims["iat"] < time.time() - LOGOUT_SECONDS - skew:
        raise BadToken


def _ensure(claims: Mapping[str, Any], issuer: str, client_id: str, skew: int, **further: Any) -> None:
    registry = jwt.JWTClaimsRegistry(
        leeway=skew,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        **further,
    )
    try:
        registry.validate(dict(claims))
    except BAD_JOSE as error:
        raise BadToken from error


def usable_subject(value: object) -> bool:
    """At most 255 characters, as the standard says, and none that a database or a log would trip over."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_SUBJECT and value.isprintable()
