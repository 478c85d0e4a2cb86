"""The token endpoint and what its tokens open."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from app.core.db import Database
from app.identity.provider.keys import key_ring
from app.identity.public import Credentials
from app.settings import Settings
from tests.support.oauth import (
    Pkce,
    allow,
    as_sign_in,
    journal,
    make_client,
    redeem,
    tokens_for,
)
from tests.support.people import Person, make_person, sign_in


@pytest.fixture
async def web(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings)


@pytest.fixture
async def system(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings, "system", scopes=("bookings.read", "instruments.read"))


@pytest.fixture
async def person(app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings) -> Person:
    made = await make_person(database, settings)
    await sign_in(client, app, made)
    return made


async def granted(client: httpx2.AsyncClient, web: Credentials, **changes: str | None) -> dict[str, Any]:
    """Tokens of a person who allowed the application."""
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce, **changes))["code"]
    response = await redeem(client, web, code, pkce)
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


async def me(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    return await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


def error_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


async def test_a_code_becomes_tokens(client: httpx2.AsyncClient, person: Person, web: Credentials) -> None:
    tokens = await granted(client, web)
    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == (
        "Bearer",
        900,
        "openid profile bookings.read",
    )
    known = await me(client, tokens["access_token"])
    assert known.status_code == 200
    assert known.json() == {
        "id": str(person.id),
        "kind": "person",
        "name": "沈知行",
        "province": "310000",
        "roles": [],
        "withheld": [],
        "memberships": [],
        "stewardships": [],
        "scopes": ["bookings.read", "openid", "profile"],
    }


async def test_tokens_verify_with_the_published_keys(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    tokens = await granted(client, web)
    jwks = (await client.get("/oauth/jwks")).json()
    assert all("d" not in key for key in jwks["keys"])
    keys = KeySet.import_key_set(jwks)
    access = jwt.decode(tokens["access_token"], keys, ["ES256"])
    assert access.header["typ"] == "at+jwt"
    assert access.claims["iss"] == "http://testserver"
    assert access.claims["aud"] == "http://testserver/api/v1"
    assert access.claims["sub"] == str(person.id)
    assert access.claims["client_id"] == web.client_id
    assert access.claims["exp"] - access.claims["iat"] == 900
    identity = jwt.decode(tokens["id_token"], keys, ["ES256"])
    assert identity.claims["aud"] == web.client_id
    assert identity.claims["nonce"] == "nonce-of-the-client"
    assert identity.claims["auth_time"] <= identity.claims["iat"]


async def test_tokens_are_not_to_be_cached(client: httpx2.AsyncClient, system: Credentials) -> None:
    response = await tokens_for(client, system, grant_type="client_credentials")
    assert response.headers["cache-control"] == "no-store"


async def test_a_code_is_good_once_and_its_replay_kills_the_tokens(
    client: httpx2.AsyncClient, database: Database, person: Person, web: Credentials
) -> None:
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce))["code"]
    tokens = (await redeem(client, web, code, pkce)).json()
    assert (await me(client, tokens["access_token"])).status_code == 200
    assert error_of(await redeem(client, web, code, pkce)) == (400, "invalid_grant")
    assert (await me(client, tokens["access_token"])).status_code == 401
    refreshed = await tokens_for(
        client, web, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert error_of(refreshed) == (400, "invalid_grant")
    assert (await journal(database, "310000"))[-1] == "oauth_grant.revoked"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "wrong-" * 10},
        {"code_verifier": None},
        {"code_verifier": "short"},
        {"redirect_uri": "https://client.example/other"},
        {"redirect_uri": None},
    ],
)
async def test_a_code_wants_its_verifier_and_redirect_uri(
    client: httpx2.AsyncClient, person: Person, web: Credentials, changes: dict[str, str | None]
) -> None:
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce))["code"]
    assert error_of(await redeem(client, web, code, pkce, **changes)) == (400, "invalid_grant")
    assert error_of(await redeem(client, web, code, pkce)) == (400, "invalid_grant")


@pytest.mark.parametrize("code", ["", "unknown", "a\0b", "x" * 5000])
async def test_an_unknown_code_is_refused(client: httpx2.AsyncClient, web: Credentials, code: str) -> None:
    assert error_of(await redeem(client, web, code, Pkce())) == (400, "invalid_grant")


async def test_a_code_lives_a_minute(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce))["code"]
    left = await as_sign_in(
        database, settings, "SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM oauth_code"
    )
    assert 50 < left <= 60
    await as_sign_in(database, settings, "UPDATE oauth_code SET expires_at = clock_timestamp()")
    assert error_of(await redeem(client, web, code, pkce)) == (400, "invalid_grant")


async def test_a_code_of_another_client_is_refused_and_stays_good(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    other = await make_client(database, settings)
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce))["code"]
    assert error_of(await redeem(client, other, code, pkce)) == (400, "invalid_grant")
    assert (await redeem(client, web, code, pkce)).status_code == 200


async def test_a_suspended_account_gets_no_tokens_and_its_tokens_end(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    tokens = await granted(client, web)
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce, prompt="consent"))["code"]
    await as_sign_in(database, settings, "UPDATE account SET status = 'suspended'")
    assert error_of(await redeem(client, web, code, pkce)) == (400, "invalid_grant")
    assert (await me(client, tokens["access_token"])).status_code == 401
    refreshed = await tokens_for(
        client, web, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert error_of(refreshed) == (400, "invalid_grant")
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_refresh_token_turns_into_the_next(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    first = await granted(client, web)
    second = await tokens_for(client, web, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert (await me(client, second.json()["access_token"])).status_code == 200
    third = await tokens_for(
        client, web, grant_type="refresh_token", refresh_token=second.json()["refresh_token"]
    )
    assert third.status_code == 200


async def test_a_stolen_refresh_token_kills_the_family(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    first = await granted(client, web)
    thief = await tokens_for(client, web, grant_type="refresh_token", refresh_token=first["refresh_token"])
    victim = await tokens_for(client, web, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert error_of(victim) == (400, "invalid_grant")
    next_theft = await tokens_for(
        client, web, grant_type="refresh_token", refresh_token=thief.json()["refresh_token"]
    )
    assert error_of(next_theft) == (400, "invalid_grant")
    assert (await me(client, thief.json()["access_token"])).status_code == 401
    assert (await journal(database, "310000"))[-1] == "oauth_grant.revoked"


async def test_a_refresh_can_narrow_but_not_widen(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    first = await granted(client, web, scope="openid profile")
    wider = await tokens_for(
        client,
        web,
        grant_type="refresh_token",
        refresh_token=first["refresh_token"],
        scope="openid bookings.read",
    )
    assert error_of(wider) == (400, "invalid_scope")
    narrower = await tokens_for(
        client, web, grant_type="refresh_token", refresh_token=first["refresh_token"], scope="profile"
    )
    assert narrower.json()["scope"] == "profile"


async def test_a_refresh_token_belongs_to_its_client(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    other = await make_client(database, settings)
    first = await granted(client, web)
    stolen = await tokens_for(client, other, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert error_of(stolen) == (400, "invalid_grant")


async def test_a_system_gets_a_token_of_its_own(client: httpx2.AsyncClient, system: Credentials) -> None:
    response = await tokens_for(client, system, grant_type="client_credentials", scope="bookings.read")
    assert response.status_code == 200
    assert set(response.json()) == {"access_token", "token_type", "expires_in", "scope"}
    # The matrix gives systems no profile, whatever their token says: the token is good, the role is not.
    assert (await me(client, response.json()["access_token"])).status_code == 403


async def test_a_scope_beyond_the_registration_is_clipped(
    client: httpx2.AsyncClient, system: Credentials
) -> None:
    clipped = await tokens_for(
        client, system, grant_type="client_credentials", scope="bookings.read audit.read"
    )
    assert clipped.json()["scope"] == "bookings.read"
    refused = await tokens_for(client, system, grant_type="client_credentials", scope="audit.read")
    assert error_of(refused) == (400, "invalid_scope")


async def test_grant_types_are_per_client(
    client: httpx2.AsyncClient, web: Credentials, system: Credentials
) -> None:
    assert error_of(await tokens_for(client, web, grant_type="client_credentials")) == (
        400,
        "unauthorized_client",
    )
    assert error_of(await tokens_for(client, system, grant_type="password")) == (
        400,
        "unsupported_grant_type",
    )
    assert error_of(await tokens_for(client, system)) == (400, "invalid_request")


async def test_a_client_with_a_secret_must_show_it(client: httpx2.AsyncClient, web: Credentials) -> None:
    form = {"grant_type": "authorization_code", "code": "x"}
    missing = await client.post("/oauth/token", data=form | {"client_id": web.client_id})
    assert error_of(missing) == (401, "invalid_client")
    wrong = await client.post("/oauth/token", data=form, auth=(web.client_id, "wrong"))
    assert error_of(wrong) == (401, "invalid_client")
    assert wrong.headers["www-authenticate"].startswith("Basic")
    in_body = await client.post(
        "/oauth/token", data=form | {"client_id": web.client_id, "client_secret": str(web.secret)}
    )
    assert error_of(in_body) == (400, "invalid_grant")
    both = await client.post(
        "/oauth/token", data=form | {"client_secret": str(web.secret)}, auth=(web.client_id, str(web.secret))
    )
    assert error_of(both) == (400, "invalid_request")
    unknown = await client.post("/oauth/token", data=form | {"client_id": "nobody"})
    assert error_of(unknown) == (401, "invalid_client")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Bearer x", "Basic \xff"])
async def test_a_malformed_authorization_is_refused(client: httpx2.AsyncClient, header: str) -> None:
    refused = await client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers=[(b"Authorization", header.encode("latin-1"))],
    )
    assert error_of(refused) == (401, "invalid_client")


async def test_a_public_client_may_not_bring_a_secret(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    public = await make_client(database, settings, "public")
    form = {"grant_type": "authorization_code", "client_id": public.client_id, "client_secret": "made up"}
    assert error_of(await client.post("/oauth/token", data=form)) == (401, "invalid_client")


async def test_the_token_endpoint_takes_forms_only(client: httpx2.AsyncClient, system: Credentials) -> None:
    as_json = await client.post("/oauth/token", json={"grant_type": "client_credentials"})
    assert error_of(as_json) == (400, "invalid_request")
    twice = await client.post(
        "/oauth/token",
        content=b"grant_type=client_credentials&grant_type=client_credentials",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert error_of(twice) == (400, "invalid_request")
    assert (await client.get("/oauth/token")).status_code == 405


def forged(header: dict[str, Any], claims: dict[str, Any], key: Any, algorithm: str) -> str:
    return jwt.encode({"alg": algorithm, **header}, claims, key, [algorithm])


def unsigned(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{part(claims)}."


@pytest.mark.parametrize(
    "fault",
    [
        "expired",
        "audience",
        "issuer",
        "id_token",
        "none",
        "hs256_with_public_key",
        "another_key",
        "kid_of_another",
        "no_kid",
        "unknown_grant",
        "no_grant",
        "tampered",
    ],
)
async def test_a_bad_access_token_is_told_so(
    app: FastAPI, client: httpx2.AsyncClient, person: Person, web: Credentials, fault: str
) -> None:
    tokens = await granted(client, web)
    good = jwt.decode(
        tokens["access_token"], KeySet.import_key_set((await client.get("/oauth/jwks")).json()), ["ES256"]
    )
    key = await key_ring(app).signing()
    stranger = ECKey.generate_key("P-256")
    claims, header = dict(good.claims), {"kid": key.kid, "typ": "at+jwt"}
    without_grant = {name: value for name, value in claims.items() if name != "grant_id"}
    head, payload, signature = tokens["access_token"].split(".")
    public = OctKey.import_key(json.dumps(key.as_dict(private=False)))
    bad: dict[str, Callable[[], str]] = {
        "expired": lambda: forged(header, claims | {"exp": int(time.time()) - 1}, key, "ES256"),
        "audience": lambda: forged(header, claims | {"aud": "https://other.example/api"}, key, "ES256"),
        "issuer": lambda: forged(header, claims | {"iss": "https://evil.example"}, key, "ES256"),
        "id_token": lambda: tokens["id_token"],
        "none": lambda: unsigned(claims),
        "hs256_with_public_key": lambda: forged(header, claims, public, "HS256"),
        "another_key": lambda: forged({"kid": "stranger", "typ": "at+jwt"}, claims, stranger, "ES256"),
        "kid_of_another": lambda: forged(header, claims, stranger, "ES256"),
        "no_kid": lambda: forged({"typ": "at+jwt"}, claims, key, "ES256"),
        "unknown_grant": lambda: forged(header, claims | {"grant_id": str(uuid4())}, key, "ES256"),
        "no_grant": lambda: forged(header, without_grant, key, "ES256"),
        "tampered": lambda: f"{head}.{payload[:-4]}AAAA.{signature}",
    }
    refused = await me(client, bad[fault]())
    assert refused.status_code == 401
    assert refused.json()["code"] == "invalid_token"
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    "value", ["", "x", "a.b.c", "....", "\xe9", "x" * 20000, "e30.e30.e30", "W" * 4000 + ".e30.AA"]
)
async def test_garbage_is_no_access_token(client: httpx2.AsyncClient, person: Person, value: str) -> None:
    header = [(b"Authorization", f"Bearer {value}".encode("latin-1"))]
    refused = await client.get("/api/v1/me", headers=header)
    assert refused.status_code == 401
    assert refused.json()["code"] == "invalid_token"


async def test_a_deeply_nested_header_is_no_access_token(client: httpx2.AsyncClient) -> None:
    nested = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 2500 + b"]" * 300).decode().rstrip("=")
    assert (await me(client, f"{nested}.e30.AA")).status_code == 401


async def test_a_token_opens_no_more_than_its_scopes(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    tokens = await granted(client, web, scope="bookings.read")
    assert "id_token" not in tokens
    refused = await me(client, tokens["access_token"])
    assert refused.status_code == 403
    sessions = await client.get(
        "/api/v1/me/sessions", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    assert sessions.status_code == 403
