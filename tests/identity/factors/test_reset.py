"""An admin takes away the factors of a person who lost them all."""

from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.identity import public as identity
from app.settings import Settings
from tests.support.clients import clients_of
from tests.support.factors import age_sessions, give_totp
from tests.support.forms import HTML, submit
from tests.support.mail import Mailbox, text_of
from tests.support.oauth import as_sign_in, journal, password_sign_in
from tests.support.people import PASSWORD, Person, make_person, sign_in

NAME = "shen.zhixing"


@pytest.fixture
async def lost(database: Database, settings: Settings) -> Person:
    """Somebody who lost their telephone."""
    person = await make_person(database, settings, login_name=NAME)
    await give_totp(database, settings, person)
    return person


def page_of(account_id: UUID) -> str:
    return f"/people/{account_id}/factors/reset"


async def left(database: Database, settings: Settings) -> int:
    counted = await as_sign_in(database, settings, "SELECT count(*) FROM authenticator")
    assert isinstance(counted, int)
    return counted


async def test_a_reset_ends_sessions_and_lets_the_person_in_by_password(
    app: FastAPI,
    client: httpx2.AsyncClient,
    lost: Person,
    database: Database,
    settings: Settings,
    mailbox: Mailbox,
) -> None:
    await sign_in(client, app, lost)
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        await identity.add_address(session, lost.tenant_id, lost.id, "shen@example.cn")
    async with clients_of(app) as clients:
        admin = await clients.of("310000", roles=[Role.PROVINCE_ADMIN])
        assert f'href="{page_of(lost.id)}"' in (await admin.get(f"/people/{lost.id}")).text
        done = await submit(admin, page_of(lost.id), page_of(lost.id))
        assert (done.status_code, done.headers["location"]) == (303, "/people")
    assert await left(database, settings) == 0
    (mail,) = await mailbox.collect(database, settings)
    assert (mail["to"], mail["subject"]) == ("shen@example.cn", "您的两步验证有变动")
    assert "重置了您的两步验证" in text_of(mail)
    assert (await client.get("/api/v1/me")).status_code == 401
    assert (await journal(database, "310000"))[-1] == "identity.factors_reset"
    back = await password_sign_in(client, login_name=NAME, password=PASSWORD, next_path="/bookings")
    assert back.headers["location"] == "/bookings"


@pytest.mark.parametrize(
    ("tenant_id", "role", "status"),
    [("310000", Role.AUDITOR, 403), ("330000", Role.PROVINCE_ADMIN, 404), ("310000", None, 403)],
)
async def test_nobody_else_resets(
    app: FastAPI,
    lost: Person,
    database: Database,
    settings: Settings,
    tenant_id: str,
    role: Role | None,
    status: int,
) -> None:
    async with clients_of(app) as clients:
        other = await clients.of(tenant_id, roles=[role] if role else [])
        assert (await other.get(page_of(lost.id))).status_code == status
        assert (await other.get(page_of(uuid4()))).status_code == (404 if role else 403)
        assert (await _post(other, lost.id)).status_code == status
    assert await left(database, settings) == 1


async def test_not_ones_own_and_not_long_after_signing_in(
    app: FastAPI, client: httpx2.AsyncClient, lost: Person, database: Database, settings: Settings
) -> None:
    admin = await make_person(database, settings, roles=[Role.PROVINCE_ADMIN])
    await sign_in(client, app, admin)
    assert (await client.get(page_of(admin.id))).status_code == 403
    await age_sessions(database, settings)
    sent = await submit(client, page_of(lost.id), page_of(lost.id))
    assert (sent.status_code, sent.headers["location"].partition("?")[0]) == (303, "/sign-in/again")
    assert await left(database, settings) == 1


async def _post(client: httpx2.AsyncClient, account_id: UUID) -> httpx2.Response:
    page = await client.get("/account", headers=HTML)
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    return await client.post(page_of(account_id), data={"csrf_token": token})
