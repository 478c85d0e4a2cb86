"""The second step of a sign-in: asked for, shown, refused, and never passed by."""

import re

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.identity import throttle
from app.identity.context import sign_in_context
from app.settings import Settings
from tests.support.factors import SECOND_FACTOR, code, give_totp, show
from tests.support.forms import form_to
from tests.support.oauth import (
    Pkce,
    as_sign_in,
    authorization_query,
    journal,
    make_client,
    password_sign_in,
)
from tests.support.people import PASSWORD, Person, make_person, sign_in

NAME = "shen.zhixing"
HTML = {"accept": "text/html"}


@pytest.fixture
async def person(database: Database, settings: Settings) -> Person:
    """Somebody with an authenticator app, and rights that ask for it."""
    made = await make_person(database, settings, login_name=NAME, roles=[Role.AUDITOR])
    await give_totp(database, settings, made)
    return made


@pytest.fixture
async def halfway(client: httpx2.AsyncClient, person: Person) -> httpx2.AsyncClient:
    """A browser after the password."""
    await password_sign_in(client, login_name=NAME, password=PASSWORD, next_path="/audit?kind=x")
    return client


async def test_the_password_leads_to_the_second_step_and_that_to_the_page_asked_for(
    client: httpx2.AsyncClient, database: Database, person: Person
) -> None:
    back = await password_sign_in(client, login_name=NAME, password=PASSWORD, next_path="/audit?kind=x")
    assert (back.status_code, back.headers["location"]) == (303, f"{SECOND_FACTOR}?next=%2Faudit%3Fkind%3Dx")
    assert (await client.get("/api/v1/me")).status_code == 401
    done = await show(client, next_path="/audit?kind=x", code=code())
    assert (done.status_code, done.headers["location"]) == (303, "/audit?kind=x")
    me = (await client.get("/api/v1/me")).json()
    assert (me["id"], me["roles"], me["withheld"]) == (str(person.id), ["auditor"], [])
    sessions = (await client.get("/api/v1/me/sessions")).json()
    assert [one["methods"] for one in sessions] == [["mfa", "otp", "pwd"]]
    assert (await journal(database, "310000"))[-2:] == [
        "identity.second_factor_asked",
        "identity.signed_in",
    ]


async def test_whoever_has_no_factor_is_not_asked(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    back = await password_sign_in(client, login_name=NAME, password=PASSWORD, next_path="/bookings")
    assert back.headers["location"] == "/bookings"
    sessions = (await client.get("/api/v1/me/sessions")).json()
    assert [one["methods"] for one in sessions] == [["pwd"]]


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/me/sessions", "/oauth/userinfo"])
async def test_halfway_is_nobody_at_the_api(halfway: httpx2.AsyncClient, path: str) -> None:
    assert (await halfway.get(path)).status_code == 401


async def test_halfway_is_nobody_at_the_authorization_endpoint(
    halfway: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    web = await make_client(database, settings)
    query = authorization_query(web.client_id, Pkce())
    sent = await halfway.get("/oauth/authorize", params=query)
    assert (sent.status_code, sent.headers["location"].partition("?")[0]) == (303, "/sign-in")
    silent = await halfway.get("/oauth/authorize", params={**query, "prompt": "none"})
    assert "error=login_required" in silent.headers["location"]


async def test_halfway_manages_no_factors(halfway: httpx2.AsyncClient) -> None:
    for path in ("/account/factors", "/account/factors/totp", "/account/sessions"):
        assert (await halfway.get(path, headers=HTML)).headers["location"].startswith("/sign-in?next=")


async def test_the_token_of_halfway_is_worth_nothing_afterwards(
    app: FastAPI, halfway: httpx2.AsyncClient
) -> None:
    fixed = halfway.cookies["commons_session"]
    assert (await show(halfway, code=code())).status_code == 303
    assert halfway.cookies["commons_session"] != fixed
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as attacker:
        attacker.cookies.set("commons_session", fixed, domain="testserver.local")
        assert (await attacker.get("/api/v1/me")).status_code == 401
        assert (await attacker.get(SECOND_FACTOR)).headers["location"].startswith("/sign-in?")


async def test_a_code_is_accepted_once(
    app: FastAPI, halfway: httpx2.AsyncClient, person: Person, database: Database
) -> None:
    seen = code()
    assert (await show(halfway, code=seen)).status_code == 303
    await password_sign_in(halfway, login_name=NAME, password=PASSWORD)
    again = await show(halfway, code=seen)
    assert again.status_code == 422
    assert "验证未通过" in again.text
    assert (await halfway.get("/api/v1/me")).status_code == 401
    assert (await journal(database, "310000"))[-1] == "identity.second_factor_failed"
    assert (await show(halfway, code=code(steps=1))).status_code == 303


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)], ids=str)
async def test_a_clock_may_be_one_step_off(halfway: httpx2.AsyncClient, steps: int, status: int) -> None:
    assert (await show(halfway, code=code(steps=steps))).status_code == status


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"code": ""},
        {"code": "000 000 0"},
        {"code": "\u0661\u0662\u0663\u0664\u0665\u0666"},
        {"code": "x" * 21},
        {"recovery_code": "A" * 61},
        {"answer": "{}"},
        {"answer": "[" * 20000},
        {"answer": "x" * 20001},
    ],
    ids=repr,
)
async def test_nothing_else_is_accepted(halfway: httpx2.AsyncClient, typed: dict[str, str]) -> None:
    assert (await show(halfway, **typed)).status_code == 422
    assert (await halfway.get("/api/v1/me")).status_code == 401


async def test_the_code_of_another_account_is_refused(
    halfway: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    other = await make_person(database, settings, login_name="lin.yan")
    secret = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"
    await give_totp(database, settings, other, secret=secret)
    assert (await show(halfway, code=code(secret))).status_code == 422


async def test_guessing_gets_slower(
    halfway: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    assert [(await show(halfway, code="000000")).status_code for _ in range(5)] == [422] * 5
    delay = "SELECT round(max(extract(epoch FROM free_at - last_at))) FROM login_attempt"
    assert await as_sign_in(database, settings, delay) == 1
    longer = "UPDATE login_attempt SET free_at = free_at + interval '1 minute' WHERE free_at > last_at"
    await as_sign_in(database, settings, longer)
    late = await show(halfway, code=code())
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) >= 1
    failed = [kind for kind in await journal(database, "310000") if kind == "identity.second_factor_failed"]
    assert len(failed) == 5


async def test_an_outsider_who_knows_the_password_cannot_make_the_owner_wait_at_home(
    app: FastAPI, client: httpx2.AsyncClient, person: Person, database: Database, settings: Settings
) -> None:
    await sign_in(client, app, person)  # from 127.0.0.1, where the person is at home
    everywhere = throttle.Keys.of(settings, f"second-factor {person.id}", "").name
    async with database.transaction(sign_in_context(settings).info()) as session:
        await throttle.count(session, everywhere, throttle.OF_FACTOR)
    wait = "UPDATE login_attempt SET free_at = clock_timestamp() + interval '9 minutes' WHERE key = :key"
    await as_sign_in(database, settings, wait, key=everywhere)
    transport = httpx2.ASGITransport(app, client=("203.0.113.9", 4711))
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as thief:
        await password_sign_in(thief, login_name=NAME, password=PASSWORD)
        assert (await show(thief, code=code())).status_code == 429
    await password_sign_in(client, login_name=NAME, password=PASSWORD)
    assert (await show(client, code=code())).status_code == 303


async def test_halfway_ends_after_ten_minutes(
    halfway: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    left = "SELECT max(expires_at) - clock_timestamp() BETWEEN interval '9 minutes' AND interval '10 minutes' FROM browser_session"
    assert await as_sign_in(database, settings, left) is True
    await as_sign_in(database, settings, "UPDATE browser_session SET expires_at = clock_timestamp()")
    assert (await halfway.get(SECOND_FACTOR)).headers["location"].startswith("/sign-in?")


async def test_a_finished_sign_in_lasts_as_long_as_any(
    halfway: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await show(halfway, code=code())
    left = "SELECT max(expires_at) - clock_timestamp() > interval '13 days' FROM browser_session"
    assert await as_sign_in(database, settings, left) is True


async def test_without_a_session_there_is_nothing_to_show(client: httpx2.AsyncClient) -> None:
    page = await client.get(SECOND_FACTOR, params={"next": "/bookings"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Fbookings")


async def test_it_leads_nowhere_else(halfway: httpx2.AsyncClient) -> None:
    evil = f"{SECOND_FACTOR}?next=//evil.example"
    page = await halfway.get(evil)
    assert "evil" not in page.text.partition("<main")[2].partition("</main>")[0]
    token = dict(form_to(page.text, f"{SECOND_FACTOR}?next=%2F").fields)["csrf_token"]
    done = await halfway.post(evil, data={"csrf_token": token, "code": code()})
    assert (done.status_code, done.headers["location"]) == (303, "/")


async def test_a_code_is_told_in_the_demonstration_alone(halfway: httpx2.AsyncClient, app: FastAPI) -> None:
    assert "演示环境" not in (await halfway.get(SECOND_FACTOR)).text
    app.state.settings = app.state.settings.model_copy(update={"demonstration": True})
    told = re.search(r"演示环境：当前验证码 (\d{6})", (await halfway.get(SECOND_FACTOR)).text)
    assert told is not None
    assert (await show(halfway, code=told[1])).status_code == 303
