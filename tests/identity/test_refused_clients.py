"""What the token endpoint refuses is told to the province of the application: without secrets, and never as a flood."""

import re
from html import unescape
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.access.permissions import Role
from app.core.db import Database
from app.identity.public import Credentials
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.access.test_noting import counted, noted
from tests.support.jose import assertion_form, jwks_of, new_key
from tests.support.oauth import Pkce, allow, make_client, redeem, tokens_for
from tests.support.people import make_person, sign_in

HOME, ELSEWHERE = "320000", "310000"


@pytest.fixture
async def web(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings)


def told(client: Credentials, error: str, status: int, path: str = "token") -> tuple[Any, ...]:
    asked = {"request": f"POST /oauth/{path}", "status": status, "code": error}
    return ("access.refused", "oauth_client", str(client.id), HOME, asked)


async def everything(database: Database) -> str:
    async with database.transaction(TenantContext(HOME).info()) as session:
        rows = "SELECT (SELECT json_agg(e) FROM journal_event e)::text || (SELECT json_agg(t) FROM journal_tally t)"
        return str(await session.scalar(text(rows)))


async def test_a_wrong_secret_and_a_wrong_code(
    client: httpx2.AsyncClient, database: Database, web: Credentials
) -> None:
    form = {"grant_type": "authorization_code", "code": "my-guess", "code_verifier": "v" * 43}
    for _ in range(4):
        guessed = await client.post("/oauth/token", data=form, auth=(web.client_id, "not-its-secret"))
        assert guessed.status_code == 401
    for _ in range(3):
        assert (await tokens_for(client, web, **form)).status_code == 400
    await client.post("/oauth/introspect", data={"token": "t"}, auth=(web.client_id, "not-its-secret"))
    assert await noted(database, HOME, "access.") == [
        told(web, "invalid_client", 401),
        told(web, "invalid_grant", 400),
        told(web, "invalid_client", 401, "introspect"),
    ]
    assert sorted(await counted(database, HOME)) == [0, 2, 3]
    written = await everything(database)
    for secret in ("my-guess", "not-its-secret", "v" * 43, web.secret):
        assert secret is not None
        assert secret not in written


async def test_a_signature_by_another_key(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    system = await make_client(database, settings, "system", jwks=jwks_of(new_key()))
    form = {"grant_type": "client_credentials"} | assertion_form(system.client_id, new_key())
    assert (await client.post("/oauth/token", data=form)).status_code == 401
    assert await noted(database, HOME, "access.") == [told(system, "invalid_client", 401)]


async def test_a_refresh_token_used_again(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, web: Credentials
) -> None:
    await sign_in(client, app, await make_person(database, settings, tenant_id=ELSEWHERE))
    pkce = Pkce()
    first = (await redeem(client, web, (await allow(client, web.client_id, pkce))["code"], pkce)).json()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert [(await tokens_for(client, web, **form)).status_code for _ in range(3)] == [200, 400, 400]
    assert await noted(database, HOME, "access.") == [told(web, "invalid_grant", 400)]
    ended = [row[4] for row in await noted(database, HOME, "oauth_client.grant_revoked")]
    assert ended == [{"reason": "refresh_token_reused"}]
    # The person's province is told of the grant, not of the application's requests.
    assert await noted(database, ELSEWHERE, "access.") == []


async def test_nobody_is_told_of_an_unknown_name_or_of_a_device_that_waits(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    terminal = await make_client(database, settings, "public", device_grant=True)
    await client.post("/oauth/token", data={"grant_type": "x", "client_id": "nobody"})
    code = await client.post("/oauth/device_authorization", data={"client_id": terminal.client_id})
    waiting = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": code.json()["device_code"],
    }
    answer = await tokens_for(client, terminal, **waiting)
    assert answer.json()["error"] == "authorization_pending"
    for province in (HOME, ELSEWHERE):
        assert await noted(database, province, "access.") == []


async def test_its_auditors_read_it(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, web: Credentials
) -> None:
    form = {"grant_type": "client_credentials"}
    await client.post("/oauth/token", data=form, auth=(web.client_id, "not-its-secret"))
    auditor = await make_person(database, settings, tenant_id=HOME, roles=[Role.AUDITOR])
    await sign_in(client, app, auditor)
    page = unescape((await client.get("/audit", headers={"accept": "text/html"})).text)
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "被拒绝的操作 access.refused 应用" in told
    assert "原因代码 invalid_client 状态 401 请求 POST /oauth/token" in told
