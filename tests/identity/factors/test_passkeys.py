"""Passkeys against their attacks: every part of an answer made wrong, and answers used twice."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core import clock
from app.core.db import Database
from app.identity.factors import challenges
from app.settings import Settings
from tests.support.factors import (
    SECOND_FACTOR,
    UP,
    SoftPasskey,
    enrol,
    give_passkey,
    options_of,
    show,
)
from tests.support.forms import HTML, form_to
from tests.support.oauth import as_sign_in, journal, password_sign_in
from tests.support.people import PASSWORD, Person, make_person, sign_in

NAME = "shen.zhixing"
SIGN_IN = "/sign-in/passkey?next=/audit"
Spoil = Callable[[SoftPasskey], Any]


@pytest.fixture
async def person(database: Database, settings: Settings) -> Person:
    return await make_person(database, settings, login_name=NAME, roles=[Role.AUDITOR])


@pytest.fixture
async def passkey(app: FastAPI, client: httpx2.AsyncClient, person: Person) -> SoftPasskey:
    await sign_in(client, app, person)
    return await give_passkey(client)


async def ask(browser: httpx2.AsyncClient, path: str = "/sign-in?next=/audit") -> dict[str, Any]:
    """What the page asks, and the token of its form."""
    page = await browser.get(path, headers=HTML)
    target = SIGN_IN if path.startswith("/sign-in?") else SECOND_FACTOR + "?next=%2F"
    return {
        "options": options_of(page.text),
        "csrf_token": dict(form_to(page.text, target).fields)["csrf_token"],
    }


async def by_passkey(browser: httpx2.AsyncClient, answer: str, token: str) -> httpx2.Response:
    return await browser.post(SIGN_IN, data={"csrf_token": token, "answer": answer}, headers=HTML)


async def halfway(browser: httpx2.AsyncClient) -> dict[str, Any]:
    await password_sign_in(browser, login_name=NAME, password=PASSWORD)
    return await ask(browser, f"{SECOND_FACTOR}?next=%2F")


async def test_a_passkey_is_the_second_step(client: httpx2.AsyncClient, passkey: SoftPasskey) -> None:
    asked = await halfway(client)
    assert [one["type"] for one in asked["options"]["allowCredentials"]] == ["public-key"]
    assert asked["options"]["userVerification"] == "required"
    assert (await show(client, answer=passkey.get(asked["options"]))).status_code == 303
    sessions = (await client.get("/api/v1/me/sessions")).json()
    assert [one["methods"] for one in sessions if one["current"]] == [["hwk", "mfa", "pwd"]]


async def test_a_passkey_alone_signs_in_by_two_factors(
    client: httpx2.AsyncClient, passkey: SoftPasskey, database: Database
) -> None:
    client.cookies.clear()
    asked = await ask(client)
    assert asked["options"]["allowCredentials"] == []
    done = await by_passkey(client, passkey.get(asked["options"]), asked["csrf_token"])
    assert (done.status_code, done.headers["location"]) == (303, "/audit")
    assert (await client.get("/api/v1/me")).json()["roles"] == ["auditor"]
    assert (await journal(database, "310000"))[-1] == "identity.signed_in"


async def test_an_answer_counts_once(client: httpx2.AsyncClient, passkey: SoftPasskey) -> None:
    client.cookies.delete("commons_session")
    asked = await ask(client)
    answer = passkey.get(asked["options"])
    assert (await by_passkey(client, answer, asked["csrf_token"])).status_code == 303
    client.cookies.delete("commons_session")
    assert (await by_passkey(client, answer, asked["csrf_token"])).status_code == 422
    passkey.count += 5
    fresh_signature = passkey.get(asked["options"])  # the same challenge, signed anew
    assert (await by_passkey(client, fresh_signature, asked["csrf_token"])).status_code == 422


async def test_a_challenge_lives_five_minutes(
    client: httpx2.AsyncClient, passkey: SoftPasskey, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.cookies.clear()
    asked = await ask(client)
    monkeypatch.setattr(challenges, "now", lambda: clock.now() + challenges.LIFETIME)
    assert (await by_passkey(client, passkey.get(asked["options"]), asked["csrf_token"])).status_code == 422


async def test_a_challenge_is_of_one_purpose_and_person(
    app: FastAPI, client: httpx2.AsyncClient, passkey: SoftPasskey
) -> None:
    second = await halfway(client)
    client.cookies.delete("commons_session")
    first = await ask(client)
    crossed = await by_passkey(client, passkey.get(second["options"]), first["csrf_token"])
    assert crossed.status_code == 422
    await halfway(client)
    assert (await show(client, answer=passkey.get(first["options"]))).status_code == 422


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: setattr(key, "origin", "https://testserver"),
        lambda key: setattr(key, "origin", "http://testserver.evil.example"),
        lambda key: setattr(key, "rp_id", "evil.example"),
        lambda key: setattr(key, "flags", UP),
        lambda key: setattr(key, "flags", 0),
        lambda key: setattr(key, "key", SoftPasskey().key),
        lambda key: setattr(key, "credential_id", b"unknown-passkey!"),
        lambda key: setattr(key, "user_handle", b"somebody-else-00"),
        lambda key: setattr(key, "count", -1),
    ],
    ids=[
        "scheme",
        "origin",
        "rp id",
        "no person",
        "no presence",
        "key",
        "credential",
        "handle",
        "count back",
    ],
)
async def test_a_wrong_answer_signs_nobody_in(
    client: httpx2.AsyncClient, passkey: SoftPasskey, spoil: Spoil
) -> None:
    client.cookies.clear()
    asked = await ask(client)
    assert (await by_passkey(client, passkey.get(asked["options"]), asked["csrf_token"])).status_code == 303
    client.cookies.delete("commons_session")
    again = await ask(client)
    spoil(passkey)
    refused = await by_passkey(client, passkey.get(again["options"]), again["csrf_token"])
    assert refused.status_code == 422
    assert "此设备上的通行密钥未被接受" in refused.text
    assert (await client.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: setattr(key, "origin", "https://evil.example"),
        lambda key: setattr(key, "rp_id", "evil.example"),
        lambda key: setattr(key, "flags", UP),
    ],
    ids=["origin", "rp id", "no person"],
)
async def test_a_wrong_passkey_is_not_added(
    app: FastAPI,
    client: httpx2.AsyncClient,
    person: Person,
    database: Database,
    settings: Settings,
    spoil: Spoil,
) -> None:
    await sign_in(client, app, person)
    key = SoftPasskey()
    spoil(key)
    assert (await enrol(client, key)).status_code == 422
    for answer in ("{}", "x", '{"response": 1}', '{"response": {"clientDataJSON": "e30"}, "rawId": "AA"}'):
        assert (await enrol(client, SoftPasskey(), answer=answer)).status_code == 422
    assert await as_sign_in(database, settings, "SELECT count(*) FROM authenticator") == 0


async def test_a_passkey_is_added_once_in_the_world(
    app: FastAPI, client: httpx2.AsyncClient, passkey: SoftPasskey, database: Database, settings: Settings
) -> None:
    await sign_in(client, app, await make_person(database, settings, tenant_id="340000"))
    taken = await enrol(client, SoftPasskey(credential_id=passkey.credential_id))
    assert taken.status_code == 409
    assert await as_sign_in(database, settings, "SELECT count(*) FROM authenticator") == 1


async def test_another_accounts_passkey_is_no_second_step(
    app: FastAPI, client: httpx2.AsyncClient, passkey: SoftPasskey, database: Database, settings: Settings
) -> None:
    other = await make_person(database, settings, login_name="lin.yan")
    await sign_in(client, app, other)
    theirs = await give_passkey(client)
    asked = await halfway(client)
    theirs.user_handle = b""
    assert (await show(client, answer=theirs.get(asked["options"]))).status_code == 422
    assert (
        await show(client, answer=passkey.get((await ask(client, f"{SECOND_FACTOR}?next=%2F"))["options"]))
    ).status_code == 303


async def test_a_suspended_person_does_not_sign_in_by_passkey(
    client: httpx2.AsyncClient, passkey: SoftPasskey, database: Database, settings: Settings
) -> None:
    client.cookies.clear()
    await as_sign_in(database, settings, "UPDATE account SET status = 'suspended'")
    asked = await ask(client)
    refused = await by_passkey(client, passkey.get(asked["options"]), asked["csrf_token"])
    assert refused.status_code == 422


async def test_a_site_with_an_address_for_a_host_offers_no_passkeys(
    app: FastAPI, client: httpx2.AsyncClient, person: Person
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"base_url": "http://127.0.0.1:8000"})
    assert "data-passkey" not in (await client.get("/sign-in")).text
    await sign_in(client, app, person)
    page = await client.get("/account/factors/passkey")
    assert "通行密钥需要域名" in page.text
    assert "data-passkey" not in page.text
