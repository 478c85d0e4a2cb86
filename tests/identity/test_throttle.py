"""Guessing passwords gets slower, and nobody keeps others out by it."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity.throttle import OF_ADDRESS, OF_NAME, OF_NAME_THERE, Keys
from app.settings import Settings
from tests.identity.test_sign_in import password_page
from tests.support.oauth import as_sign_in, password_sign_in, submit
from tests.support.people import PASSWORD, make_person, sign_in

NAME = "shen.zhixing"
COLLEAGUE = "lin.zhiyuan"
HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"
WRONG = "wrong wrong"


@pytest.fixture
async def elsewhere(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser at another address."""
    transport = httpx2.ASGITransport(app, client=(ELSEWHERE, 1))
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://testserver", headers={"accept": "text/html"}
    ) as browser:
        yield browser


async def tried(database: Database, settings: Settings, key: bytes, attempts: int) -> None:
    """So many tries were counted, and the delay is just over."""
    statement = """
        INSERT INTO login_attempt VALUES (:key, :attempts, clock_timestamp(), clock_timestamp())
        ON CONFLICT (key) DO UPDATE SET attempts = excluded.attempts, free_at = excluded.free_at
    """
    await as_sign_in(database, settings, statement, key=key, attempts=attempts)


async def attempts(database: Database, settings: Settings, key: bytes) -> int | None:
    found = await as_sign_in(
        database, settings, "SELECT attempts FROM login_attempt WHERE key = :key", key=key
    )
    return None if found is None else int(found)


async def test_guessing_one_name_gets_slower(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    page = await password_page(client)
    for _ in range(OF_NAME_THERE.free):
        assert (await submit(client, page, login_name=NAME, password=WRONG)).status_code == 422
    slowed = await submit(client, page, login_name=NAME, password=PASSWORD)
    assert slowed.status_code == 429
    assert slowed.headers["retry-after"] == "1"


async def test_a_colleague_at_the_same_address_and_the_person_elsewhere_are_not_slowed(
    client: httpx2.AsyncClient, elsewhere: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    await make_person(database, settings, login_name=COLLEAGUE)
    page = await password_page(client)
    for _ in range(OF_NAME_THERE.free + 1):
        guess = await submit(client, page, login_name=NAME, password=WRONG)
    assert guess.status_code == 429
    assert (await submit(client, page, login_name=COLLEAGUE, password=PASSWORD)).status_code == 303
    page = await password_page(elsewhere)
    assert (await submit(elsewhere, page, login_name=NAME, password=PASSWORD)).status_code == 303


async def test_the_delay_doubles_and_ends(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    page = await password_page(client)
    there = Keys.of(settings, NAME, HERE).name_there
    for counted, wait in ((OF_NAME_THERE.free + 2, "8"), (40, str(OF_NAME_THERE.longest))):
        await tried(database, settings, there, counted)
        await submit(client, page, login_name=NAME, password=WRONG)
        slowed = await submit(client, page, login_name=NAME, password=WRONG)
        assert (slowed.status_code, slowed.headers["retry-after"]) == (429, wait)
    await tried(database, settings, there, 3)
    assert (await submit(client, page, login_name=NAME, password=PASSWORD)).status_code == 303


async def test_a_right_password_forgets_the_wrong_ones_there_and_does_not_count(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    page = await password_page(client)
    await submit(client, page, login_name=NAME, password=WRONG)
    await submit(client, page, login_name=NAME, password=PASSWORD)
    keys = Keys.of(settings, NAME, HERE)
    assert await attempts(database, settings, keys.name_there) is None
    assert await attempts(database, settings, keys.address) == 1
    assert await attempts(database, settings, keys.name) == 1


async def test_an_address_that_tries_many_names_gets_slower_for_seconds(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    page = await password_page(client)
    await tried(database, settings, Keys.of(settings, NAME, HERE).address, OF_ADDRESS.free + 40)
    await submit(client, page, login_name="name.1", password=WRONG)
    slowed = await submit(client, page, login_name="name.2", password=WRONG)
    assert slowed.status_code == 429
    assert OF_ADDRESS.longest / 2 < int(slowed.headers["retry-after"]) <= OF_ADDRESS.longest


async def test_guessing_from_everywhere_gets_slower_but_not_where_the_person_signs_in(
    app: FastAPI,
    client: httpx2.AsyncClient,
    elsewhere: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
) -> None:
    person = await make_person(database, settings, login_name=NAME)
    await sign_in(client, app, person)
    client.cookies.clear()
    await tried(database, settings, Keys.of(settings, NAME, HERE).name, OF_NAME.free + 10)
    page = await password_page(elsewhere)
    await submit(elsewhere, page, login_name=NAME, password=WRONG)
    refused = await submit(elsewhere, page, login_name=NAME, password=PASSWORD)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, str(OF_NAME.longest))
    counted = await attempts(database, settings, Keys.of(settings, NAME, HERE).name)
    page = await password_page(client)
    assert (await submit(client, page, login_name=NAME, password=PASSWORD)).status_code == 303
    assert await attempts(database, settings, Keys.of(settings, NAME, HERE).name) == counted


def test_an_ipv6_site_is_one_address(settings: Settings) -> None:
    """Whoever has a /64 must not have as many first tries."""
    there = [Keys.of(settings, NAME, f"2001:db8:1:2::{host}") for host in ("1", "ffff")]
    assert there[0] == there[1] != Keys.of(settings, NAME, "2001:db8:1:3::1")


async def test_who_guesses_behind_the_same_address_does_not_slow_a_known_browser(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    await password_sign_in(client, login_name=NAME, password=PASSWORD)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as neighbour:
        page = await password_page(neighbour)
        for _ in range(OF_NAME_THERE.free + 1):
            guess = await submit(neighbour, page, login_name=NAME, password=WRONG)
        assert guess.status_code == 429
        page = await password_page(client)
        assert (await submit(client, page, login_name=NAME, password=PASSWORD)).status_code == 303
        for _ in range(OF_NAME_THERE.free):
            await submit(client, page, login_name=NAME, password=WRONG)
        assert (await submit(client, page, login_name=NAME, password=PASSWORD)).status_code == 429, (
            "it is slowed by its own"
        )


async def test_a_browser_known_to_one_person_is_known_to_nobody_else(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    await make_person(database, settings, login_name=COLLEAGUE)
    await password_sign_in(client, login_name=COLLEAGUE, password=PASSWORD)
    page = await password_page(client)
    mark, _, signature = client.cookies["known"].partition(".")
    for cookie in (f"{mark}.{signature}", f"{mark}x.{signature}", f"{mark}.", ".", "x"):
        client.cookies.set("known", cookie, domain="testserver.local")
        await submit(client, page, login_name=NAME, password=WRONG)
    assert (await submit(client, page, login_name=NAME, password=PASSWORD)).status_code == 429
