"""A person takes their data along and leaves; what stays behind does not name them."""

import io
import json
import zipfile
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Base, Database
from app.identity.contacts.personal import HELD, PSEUDONYM
from app.identity.contacts.work import close_accounts
from app.jobs.public import Job
from app.main import create_app
from app.settings import Settings
from tests.instruments.test_booking import day, wish
from tests.support.accounts import ADDRESS, page, with_address
from tests.support.clients import clients_of
from tests.support.factors import age_sessions
from tests.support.forms import submit
from tests.support.mail import Mailbox
from tests.support.oauth import (
    Pkce,
    allow,
    as_sign_in,
    authorization_query,
    journal,
    make_client,
    password_sign_in,
    redeem,
)
from tests.support.people import PASSWORD, make_person, sign_in
from tests.support.places import make_instrument, make_organisation

NAME = "欧阳待注销"
ROOM = "/account/data"
SURE = {"password": PASSWORD, "words": "注销账号"}
ELSEWHERE = {
    "idempotency_key": "answers are kept for a day",
    "task_run": "ids of tasks; no key into accounts",
}


async def closes(client: httpx2.AsyncClient, **values: str) -> httpx2.Response:
    return await submit(client, f"{ROOM}/close", f"{ROOM}/close", SURE | values)


async def a_week_later(database: Database, settings: Settings) -> None:
    await as_sign_in(database, settings, "UPDATE account_closing SET closes_at = clock_timestamp()")
    await close_accounts(
        Job(1, "identity.close_accounts", {}, 1, last_attempt=False, database=database, settings=settings)
    )


async def status(database: Database, settings: Settings, account_id: UUID) -> str:
    found = "SELECT status || ' ' || display_name FROM account WHERE id = :id"
    return str(await as_sign_in(database, settings, found, id=account_id))


def test_every_table_with_a_key_into_accounts_says_what_becomes_of_it() -> None:
    create_app(Settings(database_url="postgresql://nowhere/none"))
    named = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(key.referred_table.name == "account" for key in table.foreign_key_constraints)
    }
    assert named - set(HELD) == set()


async def test_the_export_has_everything_and_no_secret(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await with_address(database, settings, name=NAME)
    other = await make_person(database, settings, name="别人")
    await sign_in(client, app, person)
    answer = await submit(client, ROOM, f"{ROOM}/export")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        files = {name: zipped.read(name).decode() for name in zipped.namelist()}
    assert set(files) == {"index.html", *(f"{name}.json" for name in HELD)}
    assert json.loads(files["email_address.json"])[0]["address"] == ADDRESS
    assert json.loads(files["account.json"])[0]["display_name"] == NAME
    assert len(json.loads(files["browser_session.json"])) == 1
    everything = "".join(files.values())
    assert "argon2" not in everything
    assert "digest" not in everything
    assert str(other.id) not in everything
    assert all(f'href="{name}"' in files["index.html"] for name in files if name != "index.html")
    assert "account.data_exported" in await journal(database, "310000")


async def test_the_export_is_for_whoever_was_there_of_late(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await sign_in(client, app, await with_address(database, settings, name=NAME))
    await age_sessions(database, settings)
    refused = await submit(client, ROOM, f"{ROOM}/export")
    assert (refused.status_code, refused.headers["location"][:15]) == (303, "/sign-in/again?")


async def test_closing_asks_twice(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await sign_in(client, app, await with_address(database, settings))
    for wrong in ({"password": "wrong wrong"}, {"words": "注销"}, {"words": ""}):
        assert (await closes(client, **wrong)).status_code == 422
    assert await as_sign_in(database, settings, "SELECT count(*) FROM account_closing") == 0
    assert (await closes(client, words="Close my account")).status_code == 303
    assert await as_sign_in(database, settings, "SELECT count(*) FROM account_closing") == 1


async def test_a_week_to_think_again(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    person = await with_address(database, settings)
    await sign_in(client, app, person)
    await closes(client)
    assert (await page(client, ROOM)).status_code == 303
    (mail,) = await mailbox.collect(database, settings)
    assert mail["subject"] == "您的账号将在 7 天后注销"
    left = "SELECT closes_at - clock_timestamp() FROM account_closing"
    assert timedelta(days=6, hours=23) < await as_sign_in(database, settings, left) <= timedelta(days=7)
    client.cookies.clear()
    back = await password_sign_in(client, login_name=ADDRESS, password=PASSWORD, next_path="/bookings")
    assert back.headers["location"] == ROOM
    kept = await submit(client, ROOM, f"{ROOM}/keep")
    assert kept.status_code == 303
    await a_week_later(database, settings)
    assert (await status(database, settings, person.id)).startswith("active")
    kinds = await journal(database, "310000")
    assert {"account.closing_asked", "account.closing_undone"} <= set(kinds)


async def test_nothing_of_the_person_is_left(
    fresh_database: Database, fresh_settings: Settings, mailbox: Mailbox
) -> None:
    """Every table of the database is searched for what was known about them."""
    database, settings = fresh_database, fresh_settings
    app = create_app(settings, database)
    place = await make_instrument(database, "330000")
    home = await make_organisation(database, "310000")
    person = await with_address(database, settings, name=NAME, organisations={home: Role.MEMBER})
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        await sign_in(client, app, person)
        booked = await client.post("/api/v1/bookings", json=wish(place, day(1, 9), day(1, 11)))
        assert booked.status_code == 201, booked.text
        web, pkce = await make_client(database, settings), Pkce()
        await redeem(client, web, (await allow(client, web.client_id, pkce))["code"], pkce)
        assert "请先取消" in (await page(client, f"{ROOM}/close")).text
        token = (await page(client, ROOM)).text.split('name="csrf_token" value="')[1].split('"')[0]
        refused = await client.post(f"{ROOM}/close", data={"csrf_token": token, **SURE})
        assert refused.status_code == 409
        assert "请先取消" in refused.text
        booking = booked.json()
        cancelled = await client.post(
            f"/api/v1/bookings/{booking['id']}/cancel",
            json={"reason": "不再需要"},
            headers={"if-match": booked.headers["etag"]},
        )
        assert cancelled.status_code == 200, cancelled.text
        assert (await closes(client)).status_code == 303
    await mailbox.collect(database, settings)
    await a_week_later(database, settings)
    assert await status(database, settings, person.id) == f"closed {PSEUDONYM}"
    (last,) = await mailbox.collect(database, settings)
    assert last["subject"] == "您的账号已注销"
    assert settings.database_url is not None
    admin = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    found: dict[str, int] = {}
    for table in sorted(Base.metadata.tables):
        if table in ELSEWHERE:
            continue
        known = f"to_jsonb(t)::text LIKE '%{NAME}%' OR to_jsonb(t)::text LIKE '%{ADDRESS}%'"
        mine = f"to_jsonb(t)::text LIKE '%{person.id}%'"
        assert await admin.fetchval(f"SELECT count(*) FROM {table} t WHERE {known}") == 0, table
        if count := await admin.fetchval(f"SELECT count(*) FROM {table} t WHERE {mine}"):
            found[table] = count
    await admin.close()
    assert {table for table in found if HELD[table].kept is None} == set()
    assert {"account", "booking", "journal_event"} <= set(found)


async def test_the_applications_of_who_leaves_end(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    developer = await with_address(database, settings)
    web = await make_client(database, settings, tenant_id="310000", owner_id=developer.id)
    pkce = Pkce()
    async with clients_of(app) as clients:
        user = await clients.of("330000")
        code = (await allow(user, web.client_id, pkce))["code"]
        token = (await redeem(user, web, code, pkce)).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await user.get("/api/v1/me", headers=bearer)).status_code == 200
        await sign_in(client, app, developer)
        assert (await closes(client)).status_code == 303
        await a_week_later(database, settings)
        assert (await user.get("/api/v1/me", headers=bearer)).status_code == 401
        again = await user.get("/oauth/authorize", params=authorization_query(web.client_id, pkce))
        assert again.status_code == 400
    found = "SELECT status FROM oauth_client WHERE client_id = :id"
    assert await as_sign_in(database, settings, found, id=web.client_id) == "disabled"


async def test_the_only_manager_and_the_only_admin_stay(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    home = await make_organisation(database, "310000", "示例研究院")
    person = await with_address(
        database, settings, roles=[Role.PROVINCE_ADMIN], organisations={home: Role.MANAGER}
    )
    await sign_in(client, app, person)
    shown = await page(client, f"{ROOM}/close")
    assert "「示例研究院」唯一的管理员" in shown.text
    assert "唯一的省级管理员" in shown.text
    await make_person(database, settings, roles=[Role.PROVINCE_ADMIN], organisations={home: Role.MANAGER})
    shown = await page(client, f"{ROOM}/close")
    assert "唯一的" not in shown.text


async def test_what_comes_up_within_the_week_keeps_the_account(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    person = await with_address(database, settings)
    await sign_in(client, app, person)
    await closes(client)
    await mailbox.collect(database, settings)
    home = await make_organisation(database, "310000")
    values = {"t": "310000", "a": person.id, "o": home}
    manages = (
        "INSERT INTO membership (tenant_id, account_id, organisation_id, role) VALUES (:t, :a, :o, 'manager')"
    )
    await as_sign_in(database, settings, manages, **values)
    await a_week_later(database, settings)
    assert (await status(database, settings, person.id)).startswith("active")
    (mail,) = await mailbox.collect(database, settings)
    assert mail["subject"] == "您的账号没有注销"


async def test_a_crash_in_between_is_taken_up(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = await with_address(database, settings)
    await sign_in(client, app, person)
    await closes(client)

    async def crash(*_arguments: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr("app.identity.contacts.closing.erase", crash)
        with pytest.raises(ConnectionError):
            await a_week_later(database, settings)
    assert (await status(database, settings, person.id)).startswith("closed")
    await a_week_later(database, settings)
    assert await status(database, settings, person.id) == f"closed {PSEUDONYM}"
    assert await as_sign_in(database, settings, "SELECT count(*) FROM local_credential") == 0
