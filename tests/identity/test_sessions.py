"""Browser sessions as OWASP ASVS 5.0 chapter V7 asks for them."""

import re

import httpx2
from fastapi import FastAPI
from sqlalchemy import text

from app.access.permissions import Role
from app.core.crypto import token_digest
from app.core.db import Database
from app.settings import Settings
from tests.isolation.doors import doors
from tests.support.oauth import as_sign_in
from tests.support.people import make_person, sign_in


async def test_a_session_is_256_random_bits_of_which_the_server_keeps_the_digest(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await make_person(database, settings)
    tokens = [await sign_in(client, app, person) for _ in range(3)]
    assert len(set(tokens)) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)
    kept = await as_sign_in(
        database,
        settings,
        "SELECT count(*) FROM browser_session WHERE digest = :digest",
        digest=token_digest(tokens[0]),
    )
    assert kept == 1


async def test_use_does_not_lengthen_a_sessions_life(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await sign_in(client, app, await make_person(database, settings))
    until = "SELECT extract(epoch FROM expires_at - created_at) FROM browser_session"
    await as_sign_in(
        database, settings, "UPDATE browser_session SET last_seen_at = last_seen_at - interval '23 hours'"
    )
    before = await as_sign_in(database, settings, until)
    assert (await client.get("/api/v1/me")).status_code == 200
    assert await as_sign_in(database, settings, until) == before
    assert 13.9 * 86400 < float(before) < 14.1 * 86400


async def test_a_session_that_ended_is_not_resumed_by_its_cookie(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    token = await sign_in(client, app, await make_person(database, settings))
    page = await client.get("/account", headers={"accept": "text/html"})
    form = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert form is not None
    assert page.headers["cache-control"] == "no-store"
    await client.post("/sign-out", data={"csrf_token": form[1]})
    client.cookies.clear()
    client.cookies.set("commons_session", token, domain="testserver.local")
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_every_page_of_a_signed_in_person_offers_to_sign_out(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await sign_in(client, app, await make_person(database, settings, roles=[Role.PROVINCE_ADMIN]))
    seen = 0
    for door in doors(app):
        if not (door.safe and door.is_page) or door.parameters:
            continue
        page = await client.get(door.path, headers={"accept": "text/html"})
        if page.status_code == 200 and "<html" in page.text:
            seen += 1
            assert 'action="/sign-out"' in page.text, door
    assert seen > 10


async def test_a_new_platform_has_nobodys_account(fresh_database: Database) -> None:
    async with fresh_database.statements() as connection:
        for table in ("account", "oauth_client"):
            assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


async def test_the_password_field_hides_what_is_typed_and_helps_password_managers(
    client: httpx2.AsyncClient,
) -> None:
    page = await client.get("/sign-in", headers={"accept": "text/html"})
    link = re.search(r'href="(/sign-in/\d{6}/[^"]+)"', page.text)
    assert link is not None
    form = await client.get(link[1], headers={"accept": "text/html"}, follow_redirects=True)
    field = re.search(r'<input[^>]*name="password"[^>]*>', form.text)
    assert field is not None
    assert 'type="password"' in field[0]
    assert 'autocomplete="current-password"' in field[0]
    assert "maxlength" not in field[0]
    assert "onpaste" not in form.text
