"""A forgotten password is set anew by a link to the confirmed address, and by nothing else."""

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.settings import Settings
from tests.support.accounts import (
    ADDRESS,
    PASSWORD,
    ask_to_recover,
    follow,
    mailed_path,
    page,
    with_address,
)
from tests.support.factors import SECOND_FACTOR, code, give_totp, show
from tests.support.forms import faults_of
from tests.support.mail import Mailbox, text_of
from tests.support.oauth import (
    Pkce,
    allow,
    as_sign_in,
    journal,
    make_client,
    password_sign_in,
    redeem,
    tokens_for,
)
from tests.support.people import PASSWORD as OLD
from tests.support.people import make_person, sign_in


async def live_sessions(database: Database, settings: Settings) -> int:
    return int(
        await as_sign_in(database, settings, "SELECT count(*) FROM browser_session WHERE revoked_at IS NULL")
    )


async def test_a_new_password_by_mail(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    person = await with_address(database, settings)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://testserver") as thief:
        await sign_in(thief, app, person)
        await ask_to_recover(client, " SHEN@sjtu.example")
        path = await mailed_path(mailbox, database, settings)
        assert (await page(client, path)).status_code == 200
        done = await follow(client, path, password=PASSWORD)
        assert done.status_code == 303
        assert done.headers["location"].startswith("/sign-in/310000/")
        assert (await page(thief, "/account")).status_code == 303
    assert await live_sessions(database, settings) == 0
    refused = await password_sign_in(client, login_name=ADDRESS, password=OLD)
    assert refused.status_code == 422
    await password_sign_in(client, login_name=ADDRESS, password=PASSWORD)
    assert await live_sessions(database, settings) == 1
    told = {mail["subject"] for mail in await mailbox.collect(database, settings)}
    assert told == {"您的密码已更改", "您的账号在新的设备上登录"}
    kinds = await journal(database, "310000")
    assert {"identity.recovery_asked", "account.password_changed"} <= set(kinds)


@pytest.mark.parametrize("disconnect", [True, False])
async def test_applications_are_asked_about(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    mailbox: Mailbox,
    disconnect: bool,
) -> None:
    await sign_in(client, app, await with_address(database, settings))
    web, pkce = await make_client(database, settings), Pkce()
    given = await redeem(client, web, (await allow(client, web.client_id, pkce))["code"], pkce)
    client.cookies.clear()
    await ask_to_recover(client)
    path = await mailed_path(mailbox, database, settings)
    shown = await page(client, path)
    token = shown.text.split('name="csrf_token" value="')[1].split('"')[0]
    sent = {"csrf_token": token, "password": PASSWORD} | ({"disconnect": "true"} if disconnect else {})
    assert (await client.post(path, data=sent)).status_code == 303
    again = await tokens_for(
        client, web, grant_type="refresh_token", refresh_token=given.json().get("refresh_token")
    )
    ended = await as_sign_in(
        database,
        settings,
        "SELECT count(*) FROM oauth_grant WHERE account_id IS NOT NULL AND revoked_at IS NOT NULL",
    )
    assert (again.status_code, ended) == ((400, 1) if disconnect else (200, 0))


async def test_a_link_is_good_once_and_the_other_ones_end_with_it(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await with_address(database, settings)
    await ask_to_recover(client)
    first = await mailed_path(mailbox, database, settings)
    await ask_to_recover(client)
    second = await mailed_path(mailbox, database, settings)
    assert (await follow(client, second, password=PASSWORD)).status_code == 303
    for used in (first, second):
        assert (await page(client, used)).status_code == 404


async def test_a_refused_password_uses_nothing_up(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await with_address(database, settings)
    await ask_to_recover(client)
    path = await mailed_path(mailbox, database, settings)
    for weak in ("short", "iloveyouiloveyou", "shen@sjtu.example"):
        refused = await follow(client, path, password=weak)
        assert refused.status_code == 422
        assert faults_of(refused.text)
    assert (await follow(client, path, password=PASSWORD)).status_code == 303


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE mailed_link SET expires_at = clock_timestamp()",
        "UPDATE account SET status = 'suspended'",
    ],
)
async def test_what_has_ended_meanwhile(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox, change: str
) -> None:
    await with_address(database, settings)
    await ask_to_recover(client)
    path = await mailed_path(mailbox, database, settings)
    shown = await page(client, path)
    token = shown.text.split('name="csrf_token" value="')[1].split('"')[0]
    await as_sign_in(database, settings, change)
    answer = await client.post(path, data={"csrf_token": token, "password": PASSWORD})
    assert answer.status_code == 404
    unchanged = (
        "SELECT count(*) FROM local_credential WHERE changed_at > clock_timestamp() - interval '1 day'"
    )
    assert await as_sign_in(database, settings, unchanged) == 1
    client.cookies.clear()
    await as_sign_in(database, settings, "UPDATE account SET status = 'active'")
    await password_sign_in(client, login_name=ADDRESS, password=OLD)
    assert await live_sessions(database, settings) == 1


async def test_a_new_password_does_not_go_around_the_second_factor(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await give_totp(database, settings, await with_address(database, settings))
    await ask_to_recover(client)
    await follow(client, await mailed_path(mailbox, database, settings), password=PASSWORD)
    halfway = await password_sign_in(client, login_name=ADDRESS, password=PASSWORD)
    assert halfway.headers["location"].startswith(SECOND_FACTOR)
    assert (await client.get("/api/v1/me")).status_code == 401
    assert (await show(client, code=code())).status_code == 303
    assert (await client.get("/api/v1/me")).status_code == 200


async def test_a_link_lives_thirty_minutes(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await with_address(database, settings)
    await ask_to_recover(client)
    await mailed_path(mailbox, database, settings)
    left = "SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM mailed_link"
    assert 1700 < float(await as_sign_in(database, settings, left)) <= 1800


@pytest.mark.parametrize("status", ["unknown", "suspended", "closed"])
async def test_nobody_is_told_and_nothing_is_sent(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox, status: str
) -> None:
    await with_address(database, settings, ADDRESS if status != "unknown" else "other@sjtu.example")
    if status != "unknown":
        await as_sign_in(database, settings, "UPDATE account SET status = :s", s=status)
    asked = await ask_to_recover(client)
    assert (asked.status_code, asked.headers["location"]) == (303, "/recover/sent")
    await mailbox.collect(database, settings)
    assert await mailbox.collect(database, settings) == []
    assert await as_sign_in(database, settings, "SELECT count(*) FROM mailed_link") == 0


async def test_who_signs_in_elsewhere_is_sent_there(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await with_address(database, settings, login_name=None)
    await ask_to_recover(client)
    await mailbox.collect(database, settings)
    (mail,) = await mailbox.collect(database, settings)
    assert mail["subject"] == "您的账号没有平台密码"
    assert "http://testserver/sign-in" in text_of(mail)
    assert await as_sign_in(database, settings, "SELECT count(*) FROM mailed_link") == 0


async def test_another_persons_address_recovers_nothing_of_mine(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    """A login name that looks like an address was never confirmed."""
    await make_person(database, settings, login_name="boss@sjtu.example")
    await ask_to_recover(client, "boss@sjtu.example")
    await mailbox.collect(database, settings)
    assert await mailbox.collect(database, settings) == []
