"""Tokens bound to a key (RFC 9449): what a proof must say, what happens without it, and that each counts once."""

import asyncio
import time
from collections import Counter
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from joserfc.jwk import OctKey

from app.core.db import Database
from app.identity.public import Credentials
from app.main import create_app
from app.settings import Settings
from tests.support.jose import BASE, new_key, proof, signed
from tests.support.oauth import REDIRECT_URI, Pkce, allow, make_client
from tests.support.people import Person, make_person, sign_in

TOKEN, ME = "/oauth/token", "/api/v1/me"
KEY, STRANGER = new_key(), new_key()


@pytest.fixture
async def public(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings, "public")


@pytest.fixture
async def person(app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings) -> Person:
    made = await make_person(database, settings)
    await sign_in(client, app, made)
    return made


async def ask(http: httpx2.AsyncClient, form: dict[str, str], *proofs: str) -> httpx2.Response:
    return await http.post(TOKEN, data=form, headers=[("DPoP", one) for one in proofs])


async def code_form(http: httpx2.AsyncClient, client: Credentials, **changes: str) -> dict[str, str]:
    pkce = Pkce()
    return {
        "grant_type": "authorization_code",
        "client_id": client.client_id,
        "code": (await allow(http, client.client_id, pkce, **changes))["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": pkce.verifier,
    }


@pytest.fixture
async def bound(client: httpx2.AsyncClient, person: Person, public: Credentials) -> dict[str, Any]:
    """Tokens of a public client, bound to KEY."""
    answer = await ask(client, await code_form(client, public), proof(KEY, "POST", TOKEN))
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "DPoP"
    tokens: dict[str, Any] = answer.json()
    return tokens


async def me(http: httpx2.AsyncClient, token: str, *proofs: str, scheme: str = "DPoP") -> httpx2.Response:
    headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", one) for one in proofs)]
    return await http.get(ME, headers=headers)


async def test_a_bound_token_opens_with_its_proof(
    client: httpx2.AsyncClient, person: Person, bound: dict[str, Any]
) -> None:
    token = bound["access_token"]
    answer = await me(client, token, proof(KEY, "GET", ME, access_token=token))
    assert (answer.status_code, answer.json()["id"]) == (200, str(person.id))
    with_query = f"{BASE}{ME}?x=1#y"
    assert (
        await me(client, token, proof(KEY, "GET", ME, access_token=token, htu=with_query))
    ).status_code == 200


async def test_a_bound_token_is_no_bearer_token(client: httpx2.AsyncClient, bound: dict[str, Any]) -> None:
    token = bound["access_token"]
    for proofs in ((), (proof(KEY, "GET", ME, access_token=token),)):
        refused = await me(client, token, *proofs, scheme="Bearer")
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")


async def test_a_bearer_token_does_not_pass_for_a_bound_one(
    client: httpx2.AsyncClient, person: Person, public: Credentials
) -> None:
    token = (await ask(client, await code_form(client, public))).json()["access_token"]
    refused = await me(client, token, proof(KEY, "GET", ME, access_token=token))
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    assert refused.headers["www-authenticate"].startswith('DPoP error="invalid_token", algs="ES256 ')


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "POST"},
        {"htm": "get"},
        {"htu": f"{BASE}/api/v1/organisations"},
        {"htu": f"{BASE}/api/v1/me/"},
        {"htu": "https://other.example/api/v1/me"},
        {"htu": "/api/v1/me"},
        {"htu": 7},
        {"ath": "x"},
        {"ath": None},
        {"jti": None},
        {"jti": "x" * 201},
        {"jti": "\ud800"},
        {"iat": None},
        {"iat": "now"},
        {"header": {"typ": "JWT"}},
        {"header": {"jwk": KEY.as_dict(private=True)}},
        {"header": {"jwk": STRANGER.as_dict(private=False)}},
        {"header": {"jwk": OctKey.import_key("x" * 32).as_dict(private=True)}},
    ],
)
async def test_every_part_of_a_proof_counts(
    client: httpx2.AsyncClient, bound: dict[str, Any], changes: dict[str, Any]
) -> None:
    token = bound["access_token"]
    refused = await me(client, token, proof(KEY, "GET", ME, **({"access_token": token} | changes)))
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_dpop_proof")
    assert 'error="invalid_dpop_proof"' in refused.headers["www-authenticate"]


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "x" * 9000, "e30.e30.e30"])
async def test_garbage_is_no_proof(client: httpx2.AsyncClient, bound: dict[str, Any], value: str) -> None:
    assert (await me(client, bound["access_token"], value)).json()["code"] == "invalid_dpop_proof"
    token = await ask(client, {"grant_type": "refresh_token"}, value)
    assert (token.status_code, token.json()["error"]) == (400, "invalid_dpop_proof")


async def test_one_proof_of_the_right_key(client: httpx2.AsyncClient, bound: dict[str, Any]) -> None:
    token = bound["access_token"]
    assert (await me(client, token)).json()["code"] == "invalid_dpop_proof"
    stolen = await me(client, token, proof(STRANGER, "GET", ME, access_token=token))
    assert stolen.json()["code"] == "invalid_token"
    two = [proof(KEY, "GET", ME, access_token=token) for _ in range(2)]
    assert (await me(client, token, *two)).json()["code"] == "invalid_dpop_proof"
    symmetric = signed({"typ": "dpop+jwt"}, {}, OctKey.import_key("x" * 32), "HS256")
    assert (await me(client, token, symmetric)).json()["code"] == "invalid_dpop_proof"


async def test_a_clock_that_is_off_goes_by_our_nonce(
    client: httpx2.AsyncClient, bound: dict[str, Any]
) -> None:
    token, late = bound["access_token"], int(time.time()) - 3600
    refused = await me(client, token, proof(KEY, "GET", ME, access_token=token, iat=late))
    assert (refused.status_code, refused.json()["code"]) == (401, "use_dpop_nonce")
    nonce = refused.headers["dpop-nonce"]
    again = await me(client, token, proof(KEY, "GET", ME, access_token=token, iat=late, nonce=nonce))
    assert again.status_code == 200
    for forged in ("x", f"{int(time.time())}.AAAA", nonce[:-1] + "?", 7, ""):
        wrong = await me(client, token, proof(KEY, "GET", ME, access_token=token, nonce=forged))
        assert wrong.json()["code"] == "use_dpop_nonce"


async def test_the_token_endpoint_gives_nonces_too(
    client: httpx2.AsyncClient, person: Person, public: Credentials
) -> None:
    form, late = await code_form(client, public), int(time.time()) + 3600
    refused = await ask(client, form, proof(KEY, "POST", TOKEN, iat=late))
    assert (refused.status_code, refused.json()["error"]) == (400, "use_dpop_nonce")
    nonce = refused.headers["dpop-nonce"]
    answer = await ask(client, form, proof(KEY, "POST", TOKEN, iat=late, nonce=nonce))
    assert answer.status_code == 200
    assert "dpop-nonce" in answer.headers


async def test_the_refresh_token_of_a_public_client_is_bound_too(
    client: httpx2.AsyncClient, public: Credentials, bound: dict[str, Any]
) -> None:
    form = {
        "grant_type": "refresh_token",
        "client_id": public.client_id,
        "refresh_token": bound["refresh_token"],
    }
    assert (await ask(client, form)).json()["error"] == "invalid_grant"
    assert (await ask(client, form, proof(STRANGER, "POST", TOKEN))).json()["error"] == "invalid_grant"
    renewed = await ask(client, form, proof(KEY, "POST", TOKEN))
    assert (renewed.status_code, renewed.json()["token_type"]) == (200, "DPoP")


async def test_introspection_tells_the_key(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    system = await make_client(database, settings, "system", scopes=("organisations.read",), dpop_bound=True)
    auth = (system.client_id, str(system.secret))
    form = {"grant_type": "client_credentials"}
    without = await client.post(TOKEN, data=form, auth=auth)
    assert (without.status_code, without.json()["error"]) == (400, "invalid_dpop_proof")
    headers = {"DPoP": proof(KEY, "POST", TOKEN)}
    token = (await client.post(TOKEN, data=form, auth=auth, headers=headers)).json()["access_token"]
    about = (await client.post("/oauth/introspect", data={"token": token}, auth=auth)).json()
    assert (about["token_type"], about["cnf"]) == ("DPoP", {"jkt": KEY.thumbprint()})


async def test_a_code_bound_at_the_authorization_endpoint(
    client: httpx2.AsyncClient, person: Person, public: Credentials
) -> None:
    for key, status in (STRANGER, 400), (KEY, 200):
        form = await code_form(client, public, dpop_jkt=KEY.thumbprint())
        assert (await ask(client, form, proof(key, "POST", TOKEN))).status_code == status
    unproved = await code_form(client, public, dpop_jkt=KEY.thumbprint())
    assert (await ask(client, unproved)).json()["error"] == "invalid_grant"


async def test_a_proof_counts_once_in_all_processes(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    apps = [create_app(fresh_settings, fresh_database) for _ in range(2)]
    clients = [httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE) for app in apps]
    await sign_in(clients[0], apps[0], await make_person(fresh_database, fresh_settings))
    public = await make_client(fresh_database, fresh_settings, "public")
    form = await code_form(clients[0], public)
    token = (await ask(clients[0], form, proof(KEY, "POST", TOKEN))).json()["access_token"]
    for _ in range(5):
        once = proof(KEY, "GET", ME, access_token=token)
        answers = await asyncio.gather(*(me(one, token, once) for one in clients * 3))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 5}
    for one in clients:
        await one.aclose()
