"""Pushed authorization requests (RFC 9126): good once, for a minute, of one client."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity.public import Credentials
from app.settings import Settings
from tests.support.jose import assertion_form, jwks_of, new_key, proof
from tests.support.oauth import (
    REDIRECT_URI,
    Pkce,
    answer_of,
    as_sign_in,
    authorization_query,
    make_client,
    redeem,
    submit,
    tokens_for,
)
from tests.support.people import Person, make_person, sign_in

AUTHORIZE, PAR = "/oauth/authorize", "/oauth/par"


@pytest.fixture
async def web(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings, require_par=True)


@pytest.fixture
async def person(app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings) -> Person:
    made = await make_person(database, settings)
    await sign_in(client, app, made)
    return made


async def push(
    http: httpx2.AsyncClient, client: Credentials, pkce: Pkce, **changes: str | None
) -> httpx2.Response:
    form = authorization_query(client.client_id, pkce, **changes)
    return await http.post(PAR, data=form, auth=(client.client_id, str(client.secret)))


async def opened(http: httpx2.AsyncClient, client: Credentials, uri: str) -> httpx2.Response:
    """What a browser sees that comes with a request_uri."""
    sent = await http.get(AUTHORIZE, params={"client_id": client.client_id, "request_uri": uri})
    while sent.status_code == 303 and sent.headers["location"].startswith(AUTHORIZE):
        sent = await http.get(sent.headers["location"])
    return sent


async def test_a_pushed_request_is_answered_like_any_other(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    pkce = Pkce()
    pushed = await push(client, web, pkce)
    assert (pushed.status_code, pushed.json()["expires_in"]) == (201, 60)
    assert pushed.json()["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    page = await opened(client, web, pushed.json()["request_uri"])
    answer = answer_of(await submit(client, page, decision="allow"))
    assert (answer["state"], answer["iss"]) == ("state-of-the-client", "http://testserver")
    assert (await redeem(client, web, answer["code"], pkce)).status_code == 200


async def test_a_pushed_request_opens_once_and_is_answered_once(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    uri = (await push(client, web, Pkce())).json()["request_uri"]
    page = await opened(client, web, uri)
    assert page.status_code == 200
    again = await opened(client, web, uri)
    assert (again.status_code, again.json()["code"]) == (400, "identity.request_over")
    assert "code" in answer_of(await submit(client, page, decision="allow"))
    twice = await submit(client, page, decision="allow")
    assert (twice.status_code, twice.json()["code"]) == (400, "identity.request_over")


async def test_a_no_is_an_answer_too(client: httpx2.AsyncClient, person: Person, web: Credentials) -> None:
    page = await opened(client, web, (await push(client, web, Pkce())).json()["request_uri"])
    assert answer_of(await submit(client, page, decision="deny"))["error"] == "access_denied"
    assert (await submit(client, page, decision="allow")).status_code == 400


async def test_a_pushed_request_is_good_for_a_minute(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    uri = (await push(client, web, Pkce())).json()["request_uri"]
    past = "UPDATE pushed_request SET expires_at = expires_at - interval '61 seconds'"
    await as_sign_in(database, settings, past)
    assert (await opened(client, web, uri)).status_code == 400


async def test_a_pushed_request_belongs_to_its_client(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    other = await make_client(database, settings)
    uri = (await push(client, web, Pkce())).json()["request_uri"]
    assert (await opened(client, other, uri)).status_code == 400
    assert (await opened(client, web, uri)).status_code == 200


async def test_signing_in_meanwhile_keeps_the_request(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, web: Credentials
) -> None:
    uri = (await push(client, web, Pkce())).json()["request_uri"]
    sent = await opened(client, web, uri)
    assert sent.headers["location"].startswith("/sign-in?")
    await sign_in(client, app, await make_person(database, settings))
    assert (await client.get(answer_of(sent)["next"])).status_code == 200


async def test_a_client_that_must_push_is_refused_in_the_address_bar(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    query = authorization_query(web.client_id, Pkce())
    assert answer_of(await client.get(AUTHORIZE, params=query))["error"] == "invalid_request"


async def test_nothing_in_the_address_bar_changes_a_pushed_request(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    uri = (await push(client, web, Pkce(), scope="openid")).json()["request_uri"]
    changed = {"client_id": web.client_id, "request_uri": uri, "scope": "openid profile", "state": "evil"}
    sent = await client.get(AUTHORIZE, params=changed)
    page = await client.get(sent.headers["location"])
    assert "读取本人的姓名和所在省份" not in page.text
    assert answer_of(await submit(client, page, decision="allow"))["state"] == "state-of-the-client"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "request_uri_not_supported"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"resource": "https://other.example"}, "invalid_target"),
        ({"nonce": "n" * 1001}, "invalid_request"),
        ({"x": "y" * 6000}, "invalid_request"),
        ({"ui_locales": "zh\0"}, "invalid_request"),
    ],
)
async def test_a_bad_request_is_refused_when_it_is_pushed(
    client: httpx2.AsyncClient, web: Credentials, changes: dict[str, Any], error: str
) -> None:
    refused = await push(client, web, Pkce(), **changes)
    assert (refused.status_code, refused.json()["error"]) == (400, error)


async def test_only_the_client_itself_pushes(
    client: httpx2.AsyncClient, database: Database, settings: Settings, web: Credentials
) -> None:
    query = authorization_query(web.client_id, Pkce())
    assert (await client.post(PAR, data=query)).status_code == 401
    key = new_key()
    signing = await make_client(database, settings, jwks=jwks_of(key))
    query = authorization_query(signing.client_id, Pkce())
    pushed = await client.post(PAR, data=query | assertion_form(signing.client_id, key))
    assert pushed.status_code == 201
    kept = await as_sign_in(database, settings, "SELECT parameters FROM pushed_request")
    assert not {name for name in kept if name.startswith("client_assertion")}


async def test_a_proof_with_the_push_binds_the_code(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    key, thief, pkce = new_key(), new_key(), Pkce()
    form, auth = authorization_query(web.client_id, pkce), (web.client_id, str(web.secret))
    for changes, status in ({"dpop_jkt": thief.thumbprint()}, 400), ({}, 201):
        pushed = await client.post(
            PAR, data=form | changes, auth=auth, headers={"DPoP": proof(key, "POST", PAR)}
        )
        assert pushed.status_code == status, pushed.text
    page = await opened(client, web, pushed.json()["request_uri"])
    code = answer_of(await submit(client, page, decision="allow"))["code"]
    exchange = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": pkce.verifier,
    }
    stolen = {"DPoP": proof(thief, "POST", "/oauth/token")}
    refused = await client.post("/oauth/token", data=exchange, auth=auth, headers=stolen)
    assert refused.json()["error"] == "invalid_grant"
    assert (await tokens_for(client, web, **exchange)).json()["error"] == "invalid_grant"
