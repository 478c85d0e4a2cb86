"""What a signed-in person changes: the password, the address; and how a thief's change is undone."""

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.settings import Settings
from tests.support.accounts import ADDRESS, PASSWORD, ask_to_register, follow, page, with_address
from tests.support.forms import faults_of, submit
from tests.support.mail import Mailbox, link_of, text_of
from tests.support.oauth import as_sign_in, journal, password_sign_in
from tests.support.people import PASSWORD as OLD
from tests.support.people import sign_in

NEW = "shen@zju.example"
ROOM = "/account/security"


async def change_password(client: httpx2.AsyncClient, **values: str) -> httpx2.Response:
    given = {"old_password": OLD, "new_password": PASSWORD} | values
    return await submit(client, ROOM, f"{ROOM}/password", given)


async def change_address(client: httpx2.AsyncClient, **values: str) -> httpx2.Response:
    return await submit(client, ROOM, f"{ROOM}/email", {"email": NEW, "email_password": OLD} | values)


async def mails(mailbox: Mailbox, database: Database, settings: Settings) -> dict[str, str]:
    """The paths of the links in the mails that wait, by recipient."""
    await mailbox.collect(database, settings)
    sent = await mailbox.collect(database, settings)
    return {str(mail["to"]): link_of(mail).removeprefix(settings.base_url) for mail in sent}


async def address(database: Database, settings: Settings) -> str:
    found = "SELECT address || ' ' || login_name FROM email_address JOIN local_credential USING (account_id)"
    return str(await as_sign_in(database, settings, found))


@pytest.fixture
async def person(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> httpx2.AsyncClient:
    """A signed-in person with an address."""
    await sign_in(client, app, await with_address(database, settings))
    return client


async def test_a_new_password_ends_the_other_sessions(
    app: FastAPI, person: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    other = "INSERT INTO browser_session (tenant_id, account_id, digest, expires_at, user_agent, address) SELECT tenant_id, account_id, sha256('x'), expires_at, '', '' FROM browser_session"
    await as_sign_in(database, settings, other)
    changed = await change_password(person)
    assert (changed.status_code, changed.headers["location"]) == (303, ROOM)
    assert (await page(person, ROOM)).status_code == 200
    live = "SELECT count(*) FROM browser_session WHERE revoked_at IS NULL"
    assert await as_sign_in(database, settings, live) == 1
    (told,) = await mailbox.collect(database, settings)
    assert (told["subject"], str(told["to"])) == ("您的密码已更改", ADDRESS)
    person.cookies.clear()
    await password_sign_in(person, login_name=ADDRESS, password=PASSWORD)
    assert await as_sign_in(database, settings, live) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"old_password": "wrong wrong"},
        {"new_password": "short"},
        {"new_password": "iloveyouiloveyou"},
        {"new_password": "shen@sjtu.example"},
    ],
)
async def test_a_password_that_stays(
    person: httpx2.AsyncClient, database: Database, settings: Settings, changed: dict[str, str]
) -> None:
    before = await as_sign_in(database, settings, "SELECT password_hash FROM local_credential")
    refused = await change_password(person, **changed)
    assert refused.status_code == 422
    assert len(faults_of(refused.text)) == 1
    assert await as_sign_in(database, settings, "SELECT password_hash FROM local_credential") == before


async def test_a_password_does_not_expire(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await with_address(database, settings)
    long_ago = "UPDATE local_credential SET changed_at = changed_at - interval '20 years'"
    await as_sign_in(database, settings, long_ago)
    await password_sign_in(client, login_name=ADDRESS, password=OLD)
    assert (await page(client, ROOM)).status_code == 200


async def test_guessing_the_password_from_a_taken_session_gets_slower(person: httpx2.AsyncClient) -> None:
    answers = [await change_password(person, old_password=f"wrong {n}") for n in range(12)]
    assert 429 in [answer.status_code for answer in answers]


async def test_a_new_address_counts_when_its_link_is_followed(
    person: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    asked = await change_address(person)
    assert (asked.status_code, asked.headers["location"]) == (303, ROOM)
    sent = await mails(mailbox, database, settings)
    assert sorted(sent) == [ADDRESS, NEW]
    assert NEW in (await page(person, ROOM)).text
    assert await address(database, settings) == f"{ADDRESS} {ADDRESS}"
    assert (await page(person, sent[NEW])).status_code == 200
    assert await address(database, settings) == f"{ADDRESS} {ADDRESS}"
    person.cookies.clear()
    assert (await follow(person, sent[NEW])).status_code == 303
    assert await address(database, settings) == f"{NEW} {NEW}"
    assert (await page(person, sent[NEW])).status_code == 404
    assert "account.email_changed" in await journal(database, "310000")


@pytest.mark.parametrize("confirmed", [True, False])
async def test_the_old_address_stops_or_undoes_it(
    person: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox, confirmed: bool
) -> None:
    await change_address(person)
    sent = await mails(mailbox, database, settings)
    if confirmed:
        await follow(person, sent[NEW])
    kept = await follow(person, sent[ADDRESS])
    assert (kept.status_code, kept.headers["location"]) == (303, "/recover")
    assert await address(database, settings) == f"{ADDRESS} {ADDRESS}"
    live = "SELECT count(*) FROM browser_session WHERE revoked_at IS NULL"
    assert await as_sign_in(database, settings, live) == 0
    for link in sent.values():
        assert (await page(person, link)).status_code == 404


async def test_a_thief_cannot_undo_the_undoing(
    person: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    """The thief moves the address twice and holds the link that undoes the second change."""
    await change_address(person, email="thief@evil.example")
    first = await mails(mailbox, database, settings)
    await follow(person, first["thief@evil.example"])
    await change_address(person, email="second@evil.example")
    second = await mails(mailbox, database, settings)
    await follow(person, second["second@evil.example"])
    await follow(person, second["thief@evil.example"])
    assert await address(database, settings) == "thief@evil.example thief@evil.example"
    assert (await follow(person, first[ADDRESS])).status_code == 303
    assert await address(database, settings) == f"{ADDRESS} {ADDRESS}"


async def test_an_address_that_may_come_back_is_nobody_elses_meanwhile(
    person: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await change_address(person)
    sent = await mails(mailbox, database, settings)
    await follow(person, sent[NEW])
    person.cookies.clear()
    await ask_to_register(person, email=ADDRESS)
    await mailbox.collect(database, settings)
    (mail,) = await mailbox.collect(database, settings)
    assert mail["subject"] == "您已有平台账号"


async def test_another_persons_address_is_not_to_be_had_and_not_told_of(
    person: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await with_address(database, settings, NEW, tenant_id="330000")
    asked = await change_address(person)
    assert (asked.status_code, asked.headers["location"]) == (303, ROOM)
    await mailbox.collect(database, settings)
    (mail,) = await mailbox.collect(database, settings)
    assert (mail["subject"], str(mail["to"])) == ("您已有平台账号", NEW)
    assert ADDRESS not in text_of(mail)


async def test_the_password_is_asked_for_a_new_address(
    person: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    for wrong in ("wrong wrong", ""):
        assert (await change_address(person, email_password=wrong)).status_code == 422
    assert await mails(mailbox, database, settings) == {}


async def test_who_signs_in_elsewhere_adds_an_address_without_a_password(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    person = await with_address(database, settings, login_name=None)
    await as_sign_in(database, settings, "DELETE FROM email_address")
    await sign_in(client, app, person)
    shown = await page(client, ROOM)
    assert "账号还没有邮箱" in shown.text
    assert "平台不保存您的密码" in shown.text
    await submit(client, ROOM, f"{ROOM}/email", {"email": NEW})
    sent = await mails(mailbox, database, settings)
    assert list(sent) == [NEW]
    await follow(client, sent[NEW])
    assert await as_sign_in(database, settings, "SELECT address FROM email_address") == NEW
