"""Who approves an application again with less takes the rest back: no older grant, code or device keeps it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity.public import Credentials
from app.main import create_app
from app.settings import Settings
from tests.identity.test_device_grant import begin, decide, poll, seen
from tests.support.oauth import (
    Pkce,
    allow,
    answer_of,
    as_sign_in,
    authorization_query,
    journal,
    make_client,
    redeem,
    submit,
    tokens_for,
)
from tests.support.people import Person, make_person, sign_in

ALL, LESS = "openid profile bookings.read", "openid profile"
WITHDRAWN = "您以前允许过、现在将收回"
ENDED = "SELECT string_agg(revoked_reason, ' ') FROM oauth_grant"


@pytest.fixture
async def web(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings)


@pytest.fixture
async def person(app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings) -> Person:
    made = await make_person(database, settings)
    await sign_in(client, app, made)
    return made


async def approve(http: httpx2.AsyncClient, client: Credentials, scope: str) -> dict[str, Any]:
    """The tokens of an approval that the person was asked for."""
    pkce = Pkce()
    told = await allow(http, client.client_id, pkce, scope=scope, prompt="consent")
    tokens: dict[str, Any] = (await redeem(http, client, told["code"], pkce)).json()
    return tokens


async def bookings(http: httpx2.AsyncClient, tokens: dict[str, Any]) -> int:
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    return (await http.get("/api/v1/bookings", headers=header)).status_code


async def refresh(http: httpx2.AsyncClient, client: Credentials, tokens: dict[str, Any]) -> int:
    answer = await tokens_for(http, client, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    return answer.status_code


async def test_the_older_grant_ends_and_the_page_says_so(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    first = await approve(client, web, ALL)
    assert await bookings(client, first) == 200
    pkce = Pkce()
    query = authorization_query(web.client_id, pkce, scope=LESS, prompt="consent")
    page = await client.get("/oauth/authorize", params=query)
    assert page.text.index(WITHDRAWN) < page.text.index("读取与本人有关的预约")
    told = answer_of(await submit(client, page, decision="allow"))
    assert (await bookings(client, first), await refresh(client, web, first)) == (401, 400)
    second = (await redeem(client, web, told["code"], pkce)).json()
    assert (second["scope"], await bookings(client, second)) == (LESS, 403)
    assert await as_sign_in(database, settings, ENDED) == "narrowed"
    told_of = [kind for kind in await journal(database, "310000") if kind.startswith("oauth_grant")]
    assert told_of == ["oauth_grant.opened", "oauth_grant.revoked", "oauth_grant.opened"]


async def test_more_and_the_same_leave_it(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    first = await approve(client, web, LESS)
    query = authorization_query(web.client_id, Pkce(), scope=ALL, prompt="consent")
    page = (await client.get("/oauth/authorize", params=query)).text
    assert WITHDRAWN not in page
    assert page.count("新增") == 1
    await approve(client, web, ALL)
    assert await refresh(client, web, first) == 200
    assert await as_sign_in(database, settings, ENDED) is None


async def test_only_a_yes_of_this_person_to_this_application_counts(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    person: Person,
    web: Credentials,
) -> None:
    first = await approve(client, web, ALL)
    # Asked for less without asking the person, refused, another application, another person.
    quiet = await client.get(
        "/oauth/authorize", params=authorization_query(web.client_id, Pkce(), scope=LESS)
    )
    assert "code" in answer_of(quiet)
    query = authorization_query(web.client_id, Pkce(), scope=LESS, prompt="consent")
    await submit(client, await client.get("/oauth/authorize", params=query), decision="deny")
    await approve(client, await make_client(database, settings), LESS)
    await sign_in(client, app, await make_person(database, settings, name="别人"))
    await approve(client, web, LESS)
    assert (await bookings(client, first), await refresh(client, web, first)) == (200, 200)


async def test_a_code_on_its_way_is_worth_nothing(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    pkce = Pkce()
    told = await allow(client, web.client_id, pkce, scope=ALL)
    await approve(client, web, LESS)
    late = await redeem(client, web, told["code"], pkce)
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")


async def test_by_a_device(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person
) -> None:
    terminal = await make_client(database, settings, "public", device_grant=True)
    first, late, less = [await begin(client, terminal, scope=scope) for scope in (ALL, ALL, LESS)]
    await decide(client, first["user_code"], "allow")
    tokens = (await poll(client, terminal, first)).json()
    await decide(client, late["user_code"], "allow")
    assert WITHDRAWN in (await seen(client, less["user_code"])).text
    await decide(client, less["user_code"], "allow")
    assert await bookings(client, tokens) == 401
    assert (await poll(client, terminal, late)).json()["error"] == "invalid_grant"
    assert (await poll(client, terminal, less)).json()["scope"] == LESS


@pytest.fixture
async def browsers(
    fresh_database: Database, fresh_settings: Settings
) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """Two browsers of one person, on a database with real commits."""
    app = create_app(fresh_settings, fresh_database)
    made = await make_person(fresh_database, fresh_settings)
    clients = []
    for _ in range(2):
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        clients.append(httpx2.AsyncClient(transport=transport, base_url="http://testserver"))
        await sign_in(clients[-1], app, made)
    yield clients
    for one in clients:
        await one.aclose()


async def test_at_once_with_the_exchange_of_a_wider_code(
    browsers: list[httpx2.AsyncClient], fresh_database: Database, fresh_settings: Settings
) -> None:
    """Whichever is first: nothing wider than what was approved last is alive afterwards."""
    web = await make_client(fresh_database, fresh_settings)
    wide = "SELECT count(*) FROM oauth_grant WHERE revoked_at IS NULL AND scopes ? 'bookings.read'"
    for _ in range(10):
        pkce = Pkce()
        told = await allow(browsers[0], web.client_id, pkce, scope=ALL, prompt="consent")
        query = authorization_query(web.client_id, Pkce(), scope=LESS, prompt="consent")
        page = await browsers[1].get("/oauth/authorize", params=query)
        await asyncio.gather(
            redeem(browsers[0], web, told["code"], pkce), submit(browsers[1], page, decision="allow")
        )
        assert await as_sign_in(fresh_database, fresh_settings, wide) == 0
