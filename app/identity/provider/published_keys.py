"""The keys an application publishes at its own address, read with the same care as a province's provider."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2
from fastapi import FastAPI
from joserfc.jwk import Key

from app.core.logs import logger
from app.identity.federation.fetching import Guarded
from app.identity.provider.client_keys import public_keys
from app.identity.provider.models import OAuthClient
from app.settings import Settings

FRESH_SECONDS = 300
UNKNOWN_KEY_SECONDS = 10
"""A signature by an unknown key makes us look again, this often at most."""
OUTAGE_SECONDS = 3600
"""How long the last good answer serves while the address does not answer."""
log = logger(__name__)


@dataclass(slots=True)
class _Copy:
    keys: list[Key]
    good_at: float
    asked_at: float


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
        now, copy = time.monotonic(), self._copies.get(uri)
        if copy is not None and now - copy.asked_at <= seconds:
            return copy.keys
        found = await self._fetched(uri)
        if found is not None:
            copy = _Copy(found, now, now)
        elif copy is not None and now - copy.good_at <= OUTAGE_SECONDS:
            # Also after a failure: an address that is down is not asked for each request.
            copy = _Copy(copy.keys, copy.good_at, now)
        else:
            copy = _Copy([], now, now)
        self._copies[uri] = copy
        return copy.keys

    async def _fetched(self, uri: str) -> list[Key] | None:
        keys = None
        with suppress(httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError):
            async with httpx2.AsyncClient(transport=Guarded(self.settings), follow_redirects=False) as http:
                keys = public_keys((await http.get(uri)).raise_for_status().json())
        if keys is None:
            log.warning("client_keys_unavailable", host=urlsplit(uri).hostname)
        return keys


def _named(keys: list[Key], kid: str | None) -> list[Key]:
    return [key for key in keys if kid is None or key.kid == kid]


def client_keys(app: FastAPI) -> ClientKeys:
    """The copies of an application process."""
    if not hasattr(app.state, "client_keys"):
        app.state.client_keys = ClientKeys(app.state.settings)
    copies: ClientKeys = app.state.client_keys
    return copies
