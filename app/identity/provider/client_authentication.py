"""How an application proves who it is at the token, revocation and introspection endpoints (RFC 6749 §2.3)."""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import unquote_plus

from app.core.crypto import token_digest
from app.core.db import Session
from app.identity.provider import queries
from app.identity.provider.answers import Denied
from app.identity.provider.models import OAuthClient

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
METHODS = ("client_secret_basic", "client_secret_post", "none")


async def find_client(session: Session, client_id: str | None) -> OAuthClient | None:
    """The active application with this id."""
    if client_id is None or not _CLIENT_ID.fullmatch(client_id):
        return None
    client: OAuthClient | None = await session.scalar(queries.active_client(client_id))
    return client


async def authenticated_client(
    session: Session, authorization: str | None, form: Mapping[str, str]
) -> OAuthClient | Denied:
    """The application that calls. A public one names itself; one that has a secret must show it, one way only."""
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if authorization is not None:
        given = _basic(authorization)
        if given is None:
            return _refused(challenge=True)
        if secret is not None or (client_id is not None and client_id != given[0]):
            return Denied("invalid_request", "Use one way of client authentication.")
        client_id, secret = given
    client = await find_client(session, client_id)
    if client is None or not _proved(client, secret):
        return _refused(challenge=authorization is not None)
    return client


def _proved(client: OAuthClient, secret: str | None) -> bool:
    if client.secret_digest is None:
        return secret is None
    return secret is not None and hmac.compare_digest(token_digest(secret), client.secret_digest)


def _refused(*, challenge: bool) -> Denied:
    return Denied("invalid_client", "Client authentication failed.", HTTPStatus.UNAUTHORIZED, challenge)


def _basic(authorization: str) -> tuple[str, str] | None:
    """Id and secret of an HTTP Basic header; both are form-encoded inside (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (unquote_plus(client_id), unquote_plus(secret)) if colon else None
