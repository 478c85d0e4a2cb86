"""A code or a refresh token used five times at the same moment, with real commits."""

import asyncio
from collections import Counter

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity import throttle
from app.identity.context import sign_in_context
from app.main import create_app
from app.settings import Settings
from tests.support.oauth import Pkce, allow, as_sign_in, make_client, redeem, tokens_for
from tests.support.people import make_person, sign_in

AT_ONCE = 5
ROUNDS = 4


@pytest.fixture
def fresh_app(fresh_settings: Settings, fresh_database: Database) -> FastAPI:
    return create_app(fresh_settings, fresh_database)


@pytest.fixture
async def browser(fresh_app: FastAPI) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(fresh_app, raise_app_exceptions=False)
    client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
    person = await make_person(fresh_app.state.database, fresh_app.state.settings)
    await sign_in(client, fresh_app, person)
    return client


async def test_one_code_is_exchanged_once(
    browser: httpx2.AsyncClient, fresh_database: Database, fresh_settings: Settings
) -> None:
    web = await make_client(fresh_database, fresh_settings)
    for _ in range(ROUNDS):
        pkce = Pkce()
        code = (await allow(browser, web.client_id, pkce, prompt="consent"))["code"]
        answers = await asyncio.gather(*(redeem(browser, web, code, pkce) for _ in range(AT_ONCE)))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 400: AT_ONCE - 1}
    alive = "SELECT count(*) FROM oauth_grant WHERE revoked_at IS NULL"
    assert await as_sign_in(fresh_database, fresh_settings, alive) == 0
    assert await as_sign_in(fresh_database, fresh_settings, "SELECT count(*) FROM oauth_grant") == ROUNDS


async def test_one_refresh_token_is_turned_once_and_its_reuse_ends_the_family(
    browser: httpx2.AsyncClient, fresh_database: Database, fresh_settings: Settings
) -> None:
    web = await make_client(fresh_database, fresh_settings)
    for _ in range(ROUNDS):
        pkce = Pkce()
        code = (await allow(browser, web.client_id, pkce))["code"]
        token = (await redeem(browser, web, code, pkce)).json()["refresh_token"]
        answers = await asyncio.gather(
            *(
                tokens_for(browser, web, grant_type="refresh_token", refresh_token=token)
                for _ in range(AT_ONCE)
            )
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 400: AT_ONCE - 1}
    alive = "SELECT count(*) FROM oauth_grant WHERE revoked_at IS NULL"
    assert await as_sign_in(fresh_database, fresh_settings, alive) == 0


async def test_the_first_key_is_made_once(fresh_app: FastAPI, fresh_database: Database) -> None:
    settings: Settings = fresh_app.state.settings
    apps = [create_app(settings, fresh_database) for _ in range(AT_ONCE)]

    async def jwks(app: FastAPI) -> str:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://testserver"
        ) as http:
            return (await http.get("/oauth/jwks")).text

    assert len(set(await asyncio.gather(*(jwks(app) for app in apps)))) == 1
    assert await as_sign_in(fresh_database, settings, "SELECT count(*) FROM signing_key") == 2


async def test_guesses_at_the_same_moment_are_all_counted(
    fresh_app: FastAPI, fresh_database: Database
) -> None:
    settings: Settings = fresh_app.state.settings
    key = throttle.key_of(settings, "name", "somebody")

    async def guess() -> int:
        async with fresh_database.transaction(sign_in_context(settings).info()) as session:
            return await throttle.count(session, key, throttle.OF_NAME_THERE)

    waits = await asyncio.gather(*(guess() for _ in range(12)))
    assert sum(wait == 0 for wait in waits) == throttle.OF_NAME_THERE.free
