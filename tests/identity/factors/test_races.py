"""A code or a recovery code sent twice at the same moment, with real commits."""

import asyncio
from collections import Counter

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity.context import sign_in_context
from app.identity.factors import queries, recovery_codes
from app.main import create_app
from app.settings import Settings
from tests.support.factors import SECOND_FACTOR, code, give_totp
from tests.support.forms import HTML, form_to
from tests.support.oauth import as_sign_in, password_sign_in
from tests.support.people import PASSWORD, Person, make_person

AT_ONCE = 4
NAME = "shen.zhixing"


@pytest.fixture
def fresh_app(fresh_settings: Settings, fresh_database: Database) -> FastAPI:
    return create_app(fresh_settings, fresh_database)


@pytest.fixture
async def person(fresh_app: FastAPI) -> Person:
    database, settings = fresh_app.state.database, fresh_app.state.settings
    made = await make_person(database, settings, login_name=NAME)
    await give_totp(database, settings, made)
    return made


async def halfway(app: FastAPI) -> tuple[httpx2.AsyncClient, str]:
    """A browser after the password, and the token of its page."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    browser = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
    await password_sign_in(browser, login_name=NAME, password=PASSWORD)
    page = await browser.get(f"{SECOND_FACTOR}?next=%2F", headers=HTML)
    return browser, dict(form_to(page.text, f"{SECOND_FACTOR}?next=%2F").fields)["csrf_token"]


async def send(browser: httpx2.AsyncClient, token: str, **typed: str) -> int:
    answer = await browser.post(SECOND_FACTOR, data={"csrf_token": token, **typed}, headers=HTML)
    return answer.status_code


async def test_one_code_lets_one_browser_in(fresh_app: FastAPI, person: Person) -> None:
    browsers = [await halfway(fresh_app) for _ in range(AT_ONCE)]
    seen = code()
    answers = await asyncio.gather(*(send(browser, token, code=seen) for browser, token in browsers))
    assert Counter(answers) == {303: 1, 422: AT_ONCE - 1}


async def test_one_recovery_code_lets_one_browser_in(
    fresh_app: FastAPI, person: Person, fresh_database: Database, fresh_settings: Settings
) -> None:
    async with fresh_database.transaction(sign_in_context(fresh_settings).info()) as session:
        account = (await session.scalars(queries.account_locked(person.id))).one()
        one, *_ = await recovery_codes.replace(session, account)
    browsers = [await halfway(fresh_app) for _ in range(AT_ONCE)]
    answers = await asyncio.gather(*(send(browser, token, recovery_code=one) for browser, token in browsers))
    assert Counter(answers) == {303: 1, 422: AT_ONCE - 1}
    used = "SELECT count(*) FROM recovery_code WHERE used_at IS NOT NULL"
    assert await as_sign_in(fresh_database, fresh_settings, used) == 1
