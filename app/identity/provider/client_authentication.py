"""How an application proves who it is at the endpoints that are not for browsers (RFC 6749 §2.3, RFC 7523)."""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote_plus

from app.core.clock import now
from app.core.crypto import token_digest
from app.core.db import Session
from app.identity.provider import queries
from app.identity.provider.answers import Denied
from app.identity.provider.assertions import ASSERTION_TYPE, Assertion, claimed_client, read_assertion
from app.identity.provider.models import OAuthClient
from app.identity.provider.published_keys import ClientKeys

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
ONE_WAY = Denied("invalid_request", "Use one way of client authentication.")


async def find_client(session: Session, client_id: str | None) -> OAuthClient | None:
    """The active application with this id."""
    if client_id is None or not _CLIENT_ID.fullmatch(client_id):
        return None
    client: OAuthClient | None = await session.scalar(queries.ACTIVE_CLIENT, {"client_id": client_id})
    return client


@dataclass(frozen=True, slots=True)
class Shown:
    """How an application presents itself, read before the transaction in which it counts."""

    client_id: str | None
    secret: str | None
    assertion: Assertion | None
    challenge: bool

    async def client(self, session: Session) -> OAuthClient | Denied:
        """The application that calls. A public one names itself; the others prove who they are, each in its own way."""
        client = await find_client(session, self.client_id)
        if client is None or not await self._proved(session, client):
            return _refused(client, challenge=self.challenge)
        return client

    async def _proved(self, session: Session, client: OAuthClient) -> bool:
        if client.auth_method == "private_key_jwt":
            # Once shown it is used up, also where the rest of the request is refused.
            return self.assertion is not None and await self.assertion.first_use(session)
        if self.assertion is not None:
            return False
        if client.secret_digest is None:
            return self.secret is None
        return self.secret is not None and _holds(client, token_digest(self.secret))


def _holds(client: OAuthClient, digest: bytes) -> bool:
    """The secret, or until its time is over the one before the last rotation."""
    assert client.secret_digest is not None
    if hmac.compare_digest(digest, client.secret_digest):
        return True
    if client.previous_digest is None or client.previous_until is None or client.previous_until <= now():
        return False
    return hmac.compare_digest(digest, client.previous_digest)


async def shown(
    sessions: Callable[[], AbstractAsyncContextManager[Session]],
    keys: ClientKeys,
    authorization: str | None,
    form: Mapping[str, str],
) -> Shown | Denied:
    """Read how the application presents itself, one way only. Call it outside a transaction."""
    client_id, secret = form.get("client_id"), form.get("client_secret")
    signed = form.get("client_assertion")
    if signed is not None or "client_assertion_type" in form:
        if authorization is not None or secret is not None:
            return ONE_WAY
        if signed is None or form.get("client_assertion_type") != ASSERTION_TYPE:
            return _refused()
        return await _asserted(sessions, keys, signed, client_id)
    if authorization is not None:
        given = _basic(authorization)
        if given is None:
            return _refused(challenge=True)
        if secret is not None or (client_id is not None and client_id != given[0]):
            return ONE_WAY
        client_id, secret = given
    return Shown(client_id, secret, None, authorization is not None)


async def _asserted(
    sessions: Callable[[], AbstractAsyncContextManager[Session]],
    keys: ClientKeys,
    signed: str,
    client_id: str | None,
) -> Shown | Denied:
    claimed = claimed_client(signed)
    if claimed is None or client_id not in {None, claimed}:
        return _refused()
    async with sessions() as session:
        client = await find_client(session, claimed)
    if client is None or client.auth_method != "private_key_jwt":
        return _refused(client)
    assertion = await read_assertion(signed, client, keys, keys.settings)
    return _refused(client) if assertion is None else Shown(claimed, None, assertion, challenge=False)


def _refused(client: OAuthClient | None = None, *, challenge: bool = False) -> Denied:
    reason = "Client authentication failed."
    return Denied("invalid_client", reason, HTTPStatus.UNAUTHORIZED, challenge, client)


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
