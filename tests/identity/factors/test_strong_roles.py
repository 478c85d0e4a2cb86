"""The roles that see a whole province count only for whoever has shown two factors."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from tests.support.clients import clients_of, statements_on
from tests.support.database import RolledBackDatabase
from tests.support.factors import SECOND_FACTOR, code, give_totp, show
from tests.support.oauth import Pkce, allow, make_client, redeem
from tests.support.people import make_person, sign_in
from tests.support.places import make_organisation

HTML = {"accept": "text/html"}
WEAK = ("pwd",)
SCOPES = ("openid", "profile", "people.read")


@pytest.fixture
async def weak(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> httpx2.AsyncClient:
    """An admin who signed in by password alone, and has an app that was not asked for."""
    admin = await make_person(database, settings, roles=[Role.PROVINCE_ADMIN])
    await sign_in(client, app, admin, WEAK)
    await give_totp(database, settings, admin)
    return client


async def test_a_weak_session_is_told_what_is_withheld(weak: httpx2.AsyncClient) -> None:
    me = (await weak.get("/api/v1/me")).json()
    assert (me["roles"], me["withheld"]) == ([], ["province_admin"])
    home = await weak.get("/instruments?q=x", headers=HTML)
    assert "完成第二重验证后，您的管理权限才会生效" in home.text
    assert f'href="{SECOND_FACTOR}?next=/instruments%3Fq%3Dx"' in home.text
    assert 'href="/people"' not in home.text


async def test_an_endpoint_says_why_and_a_page_leads_there_and_back(weak: httpx2.AsyncClient) -> None:
    refused = await weak.get("/api/v1/people")
    assert (refused.status_code, refused.json()["code"]) == (403, "identity.second_factor_required")
    sent = await weak.get("/people?q=x", headers=HTML)
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        f"{SECOND_FACTOR}?next=%2Fpeople%3Fq%3Dx",
    )
    done = await show(weak, next_path="/people?q=x", code=code())
    assert done.headers["location"] == "/people?q=x"
    assert (await weak.get("/people")).status_code == 200
    assert (await weak.get("/api/v1/me")).json()["withheld"] == []


async def test_a_policys_no_says_why_too(app: FastAPI, database: Database, settings: Settings) -> None:
    mine = await make_organisation(database, "330000", "一所大学")
    other = await make_organisation(database, "330000", "另一所大学")
    async with clients_of(app) as clients:
        both: dict[str, Any] = {"roles": [Role.PROVINCE_ADMIN], "organisations": {mine: Role.MANAGER}}
        weak = await clients.of("330000", methods=WEAK, **both)
        strong = await clients.of("330000", **both)
        member = {"account_id": str((await make_person(database, settings, tenant_id="330000")).id)}
        path = f"/api/v1/organisations/{other}/members"
        refused = await weak.post(path, json=member)
        assert (refused.status_code, refused.json()["code"]) == (403, "identity.second_factor_required")
        assert (await strong.post(path, json=member)).status_code == 201
        managed = f"/api/v1/organisations/{mine}/members"
        assert (await weak.post(managed, json=member)).status_code == 201


async def test_who_has_no_factor_is_led_to_set_one_up(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await sign_in(client, app, await make_person(database, settings, roles=[Role.AUDITOR]), WEAK)
    sent = await client.get("/audit", headers=HTML)
    onward = await client.get(sent.headers["location"], headers=HTML)
    assert (onward.status_code, onward.headers["location"]) == (303, "/account/factors?next=%2Faudit")
    page = await client.get(onward.headers["location"])
    assert "您的管理权限要求两步验证" in page.text
    assert 'href="/account/factors/totp?next=%2Faudit"' in page.text


@pytest.mark.parametrize(("methods", "status"), [(WEAK, 403), (("mfa", "otp", "pwd"), 200)])
async def test_a_token_is_as_strong_as_the_session_it_came_from(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    methods: tuple[str, ...],
    status: int,
) -> None:
    admin = await make_person(database, settings, tenant_id="320000", roles=[Role.PROVINCE_ADMIN])
    await sign_in(client, app, admin, methods)
    web, pkce = await make_client(database, settings, scopes=SCOPES), Pkce()
    answer = await allow(client, web.client_id, pkce, scope=" ".join(SCOPES))
    tokens = (await redeem(client, web, answer["code"], pkce)).json()
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    listed = await client.get("/api/v1/people", headers=headers)
    assert listed.status_code == status
    if status == 403:
        assert listed.json()["code"] == "identity.second_factor_required"


async def test_a_signed_in_page_asks_the_database_once_who_calls(
    app: FastAPI, client: httpx2.AsyncClient, database: RolledBackDatabase, settings: Settings
) -> None:
    await sign_in(client, app, await make_person(database, settings, roles=[Role.AUDITOR]))
    with statements_on(database.connection) as said:
        assert (await client.get("/docs")).status_code == 200
    assert said == ["SELECT * FROM identity_principal_of_session($1)"]


async def test_every_other_permission_is_as_before(weak: httpx2.AsyncClient) -> None:
    for path in ("/bookings", "/account", "/instruments"):
        assert (await weak.get(path)).status_code == 200
    refused = await weak.get("/api/v1/audit-events")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
