"""The public keys of applications that sign: kept with the application, or read from its own address."""

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
from fastapi import FastAPI
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, RSAKey

from app.core.logs import logger
from app.identity.provider.models import OAuthClient
from app.settings import Settings

ALGORITHMS = ("ES256", "ES384", "Ed25519", "EdDSA", "PS256", "RS256")
"""What a client may sign with; asymmetric, so that our copy of its key signs nothing."""
RSA_BITS = 2048
"""NIST SP 800-131A: shorter keys are no longer allowed."""
MOST_KEYS = 20
FETCH_SECONDS = 5.0
FETCH_BYTES = 64 * 1024
FRESH_SECONDS = 300
UNKNOWN_KEY_SECONDS = 10
"""A signature by an unknown key makes us look again, this often at most."""
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
log = logger(__name__)


def public_keys(jwks: Any) -> list[Key] | None:
    """The signing keys of a JWK set, or None where it is none: symmetric and short keys are left out.

    A set that shows a private key is none: its signatures prove nothing any more.
    """
    try:
        members = jwks["keys"]
        if not isinstance(members, list) or len(members) > MOST_KEYS or any(_PRIVATE & {*m} for m in members):
            return None
        meant = [m for m in members if m.get("kty") != "oct" and m.get("use", "sig") == "sig"]
        keys = KeySet.import_key_set({"keys": meant}).keys
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return [k for k in keys if not isinstance(k, RSAKey) or k.raw_value.key_size >= RSA_BITS] or None


@dataclass(slots=True)
class _Copy:
    keys: list[Key]
    read_at: float


@dataclass(slots=True)
class ClientKeys:
    """This process's copies of what applications publish, read again every five minutes."""

    settings: Settings
    _copies: dict[str, _Copy] = field(default_factory=dict)

    async def of(self, client: OAuthClient, kid: str | None) -> list[Key]:
        """The keys that may have signed: the one named, or all where none is. Call it outside a transaction."""
        if client.jwks_uri is None:
            return _named(public_keys(client.jwks) or [], kid)
        keys = _named(await self._published(client.jwks_uri, FRESH_SECONDS), kid)
        return keys or _named(await self._published(client.jwks_uri, UNKNOWN_KEY_SECONDS), kid)

    async def _published(self, uri: str, seconds: float) -> list[Key]:
        """The keys at an address; when it does not answer, those it had."""
        copy = self._copies.get(uri)
        if copy is None or time.monotonic() - copy.read_at > seconds:
            found = await self._fetched(uri)
            # Also after a failure: an address that is down is not asked for each request.
            copy = self._copies[uri] = _Copy(found or (copy.keys if copy else []), time.monotonic())
        return copy.keys

    async def _fetched(self, uri: str) -> list[Key] | None:
        keys = None
        if uri.startswith("https://") or not self.settings.https:
            with suppress(httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError, RecursionError):
                keys = public_keys(json.loads(await _body(uri)))
        if keys is None:
            log.warning("client_keys_unavailable", host=urlsplit(uri).hostname)
        return keys


async def _body(uri: str) -> bytes:
    """What an address answers.

    Raises:
        ValueError: not 200, which a redirect is not either, or too long.
        TimeoutError: too slow.
    """
    body = bytearray()
    async with (
        asyncio.timeout(FETCH_SECONDS),
        httpx2.AsyncClient(timeout=FETCH_SECONDS, follow_redirects=False) as http,
        http.stream("GET", uri, headers={"Accept": "application/json"}) as answer,
    ):
        if answer.status_code != httpx2.codes.OK:
            raise ValueError
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > FETCH_BYTES:
                raise ValueError
    return bytes(body)


def _named(keys: list[Key], kid: str | None) -> list[Key]:
    return [key for key in keys if kid is None or key.kid == kid]


def client_keys(app: FastAPI) -> ClientKeys:
    """The copies of an application process."""
    if not hasattr(app.state, "client_keys"):
        app.state.client_keys = ClientKeys(app.state.settings)
    copies: ClientKeys = app.state.client_keys
    return copies
