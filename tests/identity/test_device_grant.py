"""A device that has no browser (RFC 8628): its code, its person's word, and how it asks meanwhile."""

import re
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity.provider.devices import ALPHABET
from app.identity.public import Credentials
from app.settings import Settings
from tests.support.oauth import as_sign_in, journal, make_client, submit
from tests.support.people import Person, make_person, sign_in

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
LATER = "UPDATE device_code SET polled_at = polled_at - interval '1 minute'"


@pytest.fixture
async def terminal(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings, "public", device_grant=True)


@pytest.fixture
async def person(app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings) -> Person:
    made = await make_person(database, settings)
    await sign_in(client, app, made)
    return made


async def begin(http: httpx2.AsyncClient, client: Credentials, **form: str) -> dict[str, Any]:
    answer = await http.post("/oauth/device_authorization", data={"client_id": client.client_id, **form})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def poll(http: httpx2.AsyncClient, client: Credentials, told: dict[str, Any]) -> httpx2.Response:
    form = {"grant_type": GRANT, "client_id": client.client_id, "device_code": told["device_code"]}
    return await http.post("/oauth/token", data=form)


async def seen(browser: httpx2.AsyncClient, user_code: str) -> httpx2.Response:
    return await submit(browser, await browser.get("/device"), user_code=user_code)


async def decide(browser: httpx2.AsyncClient, user_code: str, decision: str) -> httpx2.Response:
    page = await seen(browser, user_code)
    return await submit(browser, page, user_code=user_code, decision=decision)


async def test_a_device_is_let_in(
    client: httpx2.AsyncClient, database: Database, person: Person, terminal: Credentials
) -> None:
    told = await begin(client, terminal, scope="openid profile")
    assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", told["user_code"])
    assert told["verification_uri"] == "http://testserver/device"
    assert (told["interval"], told["expires_in"]) == (5, 600)
    assert (await poll(client, terminal, told)).json()["error"] == "authorization_pending"
    page = await seen(client, told["user_code"].lower().replace("-", " "))
    for words in ("仪器搜索助手", "读取本人的姓名和所在省份", "核对后再允许", "127.0.0.1"):
        assert words in page.text
    done = await submit(client, page, user_code=told["user_code"], decision="allow")
    assert done.status_code == 303
    tokens = (await poll(client, terminal, told)).json()
    assert tokens["scope"] == "openid profile"
    assert {"access_token", "refresh_token", "id_token"} <= set(tokens)
    me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert me.json()["id"] == str(person.id)
    kinds = await journal(database, "310000")
    assert kinds[-2:] == ["oauth_device.allowed", "oauth_grant.opened"]


async def test_a_device_code_is_good_once(
    client: httpx2.AsyncClient, person: Person, terminal: Credentials
) -> None:
    told = await begin(client, terminal)
    await decide(client, told["user_code"], "allow")
    assert (await poll(client, terminal, told)).status_code == 200
    assert (await poll(client, terminal, told)).json()["error"] == "invalid_grant"
    assert (await seen(client, told["user_code"])).status_code == 422


async def test_the_person_can_say_no(
    client: httpx2.AsyncClient, person: Person, terminal: Credentials
) -> None:
    told = await begin(client, terminal)
    await decide(client, told["user_code"], "deny")
    assert (await poll(client, terminal, told)).json()["error"] == "access_denied"


async def test_who_asks_too_fast_is_slowed_down(
    client: httpx2.AsyncClient, database: Database, settings: Settings, terminal: Credentials
) -> None:
    told = await begin(client, terminal)
    assert (await poll(client, terminal, told)).json()["error"] == "authorization_pending"
    assert (await poll(client, terminal, told)).json()["error"] == "slow_down"
    await as_sign_in(
        database, settings, "UPDATE device_code SET polled_at = polled_at - interval '7 seconds'"
    )
    assert (await poll(client, terminal, told)).json()["error"] == "slow_down", "ten seconds now"
    await as_sign_in(database, settings, LATER)
    assert (await poll(client, terminal, told)).json()["error"] == "authorization_pending"


async def test_a_code_is_good_for_ten_minutes(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, terminal: Credentials
) -> None:
    told = await begin(client, terminal)
    await as_sign_in(
        database, settings, "UPDATE device_code SET expires_at = expires_at - interval '601 seconds'"
    )
    assert (await poll(client, terminal, told)).json()["error"] == "expired_token"
    assert (await seen(client, told["user_code"])).status_code == 422


async def test_a_device_code_belongs_to_its_client(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, terminal: Credentials
) -> None:
    other = await make_client(database, settings, "public", device_grant=True)
    told = await begin(client, terminal)
    await decide(client, told["user_code"], "allow")
    assert (await poll(client, other, told)).json()["error"] == "invalid_grant"
    assert (await poll(client, terminal, told)).status_code == 200


async def test_guessing_codes_gets_slower_and_a_right_one_begins_anew(
    client: httpx2.AsyncClient, person: Person, terminal: Credentials
) -> None:
    told = await begin(client, terminal)
    statuses = [(await seen(client, "BCDF-GHJK")).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    slowed = await seen(client, told["user_code"])
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1
    assert told["user_code"] in slowed.text, "what was typed is kept"


async def test_the_decision_is_no_way_round_the_count(
    client: httpx2.AsyncClient, person: Person, terminal: Credentials
) -> None:
    told = await begin(client, terminal)
    page = await seen(client, told["user_code"])
    tries = [await submit(client, page, user_code="BCDF-GHJK", decision="allow") for _ in range(6)]
    assert [answer.status_code for answer in tries] == [422] * 5 + [429]


async def test_only_a_person_at_a_browser_lets_devices_in(
    client: httpx2.AsyncClient, person: Person, terminal: Credentials
) -> None:
    told = await begin(client, terminal)
    await decide(client, told["user_code"], "allow")
    token = (await poll(client, terminal, told)).json()["access_token"]
    client.cookies.clear()
    page = await client.get("/device", headers={"Accept": "text/html"})
    assert page.headers["location"].startswith("/sign-in?next=")
    by_token = await client.get("/device", headers={"Authorization": f"Bearer {token}"})
    assert by_token.status_code == 403


async def test_a_page_with_a_fault_can_be_loaded_anew(client: httpx2.AsyncClient, person: Person) -> None:
    for path, target in (
        ("/device/decision", "/device"),
        ("/oauth/authorize/decision?client_id=x", "/oauth/authorize?client_id=x"),
    ):
        assert (await client.get(path)).headers["location"] == target


async def test_another_site_cannot_decide(
    client: httpx2.AsyncClient, person: Person, terminal: Credentials
) -> None:
    told = await begin(client, terminal)
    form = {"user_code": told["user_code"], "decision": "allow"}
    assert (await client.post("/device/decision", data=form)).status_code == 403
    assert (await poll(client, terminal, told)).json()["error"] == "authorization_pending"


async def test_clients_without_the_grant_and_unknown_scopes_are_refused(
    client: httpx2.AsyncClient, database: Database, settings: Settings, terminal: Credentials
) -> None:
    other = await make_client(database, settings, "public")
    refused = await client.post("/oauth/device_authorization", data={"client_id": other.client_id})
    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
    form = {"client_id": terminal.client_id, "scope": "nonsense"}
    assert (await client.post("/oauth/device_authorization", data=form)).json()["error"] == "invalid_scope"
    assert (await client.post("/oauth/device_authorization", data={"scope": "openid"})).status_code == 401
