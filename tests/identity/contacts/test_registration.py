"""A person opens an account oneself, and nobody learns by it whose address is known."""

import re
from collections.abc import Iterator
from unittest.mock import patch

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity import passwords
from app.settings import Settings
from tests.support import people
from tests.support.accounts import (
    ADDRESS,
    NAME,
    PASSWORD,
    ask_to_recover,
    ask_to_register,
    follow,
    mailed_path,
    page,
    with_address,
)
from tests.support.clients import statements_on
from tests.support.database import RolledBackDatabase
from tests.support.forms import HTML, submit
from tests.support.mail import Mailbox, link_of, text_of
from tests.support.oauth import as_sign_in, journal, password_sign_in
from tests.support.people import make_person

HASHER = passwords._HASHER


@pytest.fixture
def hashed() -> Iterator[list[str]]:
    """The calls of the password hash, which itself goes on as ever."""
    calls: list[str] = []
    original = type(HASHER).hash

    def counted(hasher: object, password: str, **values: object) -> str:
        calls.append(password)
        return str(original(hasher, password, **values))  # type: ignore[arg-type] # the hasher itself

    with patch.object(type(HASHER), "hash", counted):
        yield calls


async def accounts(database: Database, settings: Settings) -> int:
    return int(await as_sign_in(database, settings, "SELECT count(*) FROM local_credential"))


async def test_registration_from_the_form_to_signing_in(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    sent = await ask_to_register(client, email=" Shen@SJTU.example ")
    assert (sent.status_code, sent.headers["location"]) == (303, "/register/sent")
    assert "请查收邮件" in (await page(client, "/register/sent")).text
    path = await mailed_path(mailbox, database, settings)
    assert await accounts(database, settings) == 0
    confirmed = await follow(client, path, password=PASSWORD)
    assert confirmed.status_code == 303
    assert re.fullmatch("/sign-in/310000/[0-9a-f-]{36}", confirmed.headers["location"])
    form = await client.get(confirmed.headers["location"], headers=HTML, follow_redirects=True)
    assert "账号已开通" in form.text
    assert 'name="login_name"' in form.text
    client.cookies.clear()
    await password_sign_in(client, login_name=ADDRESS, password=PASSWORD)
    shown = await page(client, "/account/security")
    assert ADDRESS in shown.text
    assert "account.created" in await journal(database, "310000")


async def test_the_link_works_on_another_device(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await ask_to_register(client)
    path = await mailed_path(mailbox, database, settings)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as phone:
        assert (await follow(phone, path, password=PASSWORD)).status_code == 303
    assert await accounts(database, settings) == 1


async def test_opening_the_link_uses_nothing_up(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await ask_to_register(client)
    path = await mailed_path(mailbox, database, settings)
    for _ in range(3):
        assert (await page(client, path)).status_code == 200
    assert (await client.head(path)).status_code == 200
    assert await accounts(database, settings) == 0
    assert (await follow(client, path, password=PASSWORD)).status_code == 303


async def test_an_address_is_not_occupied_with_somebody_elses_password(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    """The holder of the mailbox follows the link of a stranger's registration: without the stranger's password nothing comes of it."""
    await ask_to_register(client)
    path = await mailed_path(mailbox, database, settings)
    refused = await follow(client, path, password="what the holder would choose")
    assert refused.status_code == 422
    assert "密码与注册时设置的不同" in refused.text
    assert await accounts(database, settings) == 0
    for _ in range(5):
        slowed = await follow(client, path, password="guess")
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1


async def test_a_link_is_good_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await ask_to_register(client)
    path = await mailed_path(mailbox, database, settings)
    await follow(client, path, password=PASSWORD)
    again = await page(client, path)
    assert again.status_code == 404
    assert "链接无效或已过期" in again.text
    assert all(f'href="{way}"' in again.text for way in ("/sign-in", "/register", "/recover"))


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE mailed_link SET expires_at = clock_timestamp()",
        "DELETE FROM mailed_link",
        "UPDATE mailed_link SET digest = sha256('\\x00')",
    ],
)
async def test_a_link_that_is_over(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox, spoil: str
) -> None:
    await ask_to_register(client)
    path = await mailed_path(mailbox, database, settings)
    await as_sign_in(database, settings, spoil)
    assert (await page(client, path)).status_code == 404


async def test_a_token_serves_its_own_purpose_only(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await ask_to_register(client)
    token = (await mailed_path(mailbox, database, settings)).rpartition("/")[2]
    for path in ("/recover/set", "/confirm-email", "/keep-email"):
        assert (await page(client, f"{path}/{token}")).status_code == 404


async def test_two_registrations_of_one_address_make_one_account(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await ask_to_register(client)
    first = await mailed_path(mailbox, database, settings)
    await ask_to_register(client)
    second = await mailed_path(mailbox, database, settings)
    assert (await follow(client, second, password=PASSWORD)).status_code == 303
    assert (await follow(client, first, password=PASSWORD)).status_code == 409
    assert await accounts(database, settings) == 1


async def test_the_holder_of_a_known_address_is_told_and_the_asker_is_not(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await with_address(database, settings)
    known = await ask_to_register(client)
    await mailbox.collect(database, settings)
    (mail,) = await mailbox.collect(database, settings)
    unknown = await ask_to_register(client, email="nobody@sjtu.example")
    assert mail["subject"] == "您已有平台账号"
    assert link_of(mail) == "http://testserver/recover"
    assert NAME not in text_of(mail)
    assert (known.status_code, known.headers["location"], known.text) == (
        unknown.status_code,
        unknown.headers["location"],
        unknown.text,
    )
    assert await accounts(database, settings) == 1


@pytest.mark.parametrize("form", ["register", "recover"])
async def test_known_and_unknown_addresses_cost_the_same_work(
    client: httpx2.AsyncClient,
    database: RolledBackDatabase,
    settings: Settings,
    hashed: list[str],
    form: str,
) -> None:
    await with_address(database, settings, "known@sjtu.example")
    await make_person(database, settings, name="只有外部身份")
    work = []
    for address in ("known@sjtu.example", "other@sjtu.example"):
        await page(client, f"/{form}")
        hashed.clear()
        with statements_on(database.connection) as seen:
            if form == "register":
                await ask_to_register(client, email=address)
            else:
                await ask_to_recover(client, address)
        work.append((len(hashed), [statement.split("(")[0] for statement in seen]))
    assert work[0] == work[1]
    assert work[0][0] == (1 if form == "register" else 0)


async def test_nobody_is_bombed_with_mails(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    answers = [await ask_to_register(client) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert int(answers[2].headers["retry-after"]) > 290
    assert (await ask_to_register(client, email="another@sjtu.example")).status_code == 303


async def test_who_registers_with_an_address_keeps_nobody_from_recovering(client: httpx2.AsyncClient) -> None:
    answers = [(await ask_to_register(client)).status_code for _ in range(3)]
    assert answers[-1] == 429
    recovering = [(await ask_to_recover(client)).status_code for _ in range(3)]
    assert recovering == [303, 303, 429]


async def test_a_host_header_moves_no_link(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    shown = await page(client, "/recover")
    assert shown.status_code == 200
    await with_address(database, settings)
    evil = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example", "x-host": "evil.example"}
    token = shown.text.split('name="csrf_token" value="')[1].split('"')[0]
    sent = {"csrf_token": token, "email": ADDRESS}
    foreign = await client.post("/recover", data=sent, headers={"host": "evil.example"})
    assert foreign.status_code == 421
    asked = await client.post("/recover", data=sent, headers=evil)
    assert asked.status_code == 303
    path = await mailed_path(mailbox, database, settings)
    assert "evil" not in text_of(mailbox.messages[-1])
    assert path.startswith("/recover/set/")


async def test_registration_leads_on_to_where_the_person_was_going(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    form = {"province": "310000", "name": NAME, "email": ADDRESS, "password": PASSWORD}
    visitor = await page(client, "/join/some-token")
    assert 'href="/register?next=/join/some-token"' in visitor.text
    onward = "/register?next=/join/some-token"
    sent = await submit(client, onward, onward, form)
    assert sent.headers["location"] == "/register/sent?next=%2Fjoin%2Fsome-token"
    path = await mailed_path(mailbox, database, settings)
    confirmed = await follow(client, path, password=PASSWORD)
    assert re.fullmatch(
        r"/sign-in/310000/[0-9a-f-]{36}\?next=%2Fjoin%2Fsome-token", confirmed.headers["location"]
    )


async def test_where_the_platforms_own_sign_in_is_disabled_one_chooses_another(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await ask_to_register(client)
    path = await mailed_path(mailbox, database, settings)
    await as_sign_in(
        database,
        settings,
        "UPDATE identity_provider SET enabled = false WHERE tenant_id = '310000' RETURNING 1",
    )
    assert (await follow(client, path, password=PASSWORD)).headers["location"] == "/sign-in"


@pytest.mark.parametrize("next_path", ["//evil.example", "https://evil.example/", "/\\evil.example"])
async def test_registration_leads_nowhere_else(client: httpx2.AsyncClient, next_path: str) -> None:
    shown = await client.get("/register", params={"next": next_path})
    assert "evil" not in shown.text.partition("<main")[2].partition("</main>")[0]


async def test_an_address_is_typed_in_either_spelling(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await with_address(database, settings, "shen@xn--fsqu00a.example")
    await password_sign_in(client, login_name="Shen@例子.example", password=people.PASSWORD)
    assert (await client.get("/api/v1/me")).status_code == 200
