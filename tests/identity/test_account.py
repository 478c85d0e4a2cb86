"""A person's own sessions and applications, and the members of organisations."""

from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.clients import Clients, clients_of, statements_on
from tests.support.database import RolledBackDatabase
from tests.support.factors import age_sessions
from tests.support.oauth import Pkce, allow, journal, make_client, redeem
from tests.support.people import Person, make_person, sign_in
from tests.support.places import make_organisation


@pytest.fixture
async def person(app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings) -> Person:
    made = await make_person(database, settings)
    await sign_in(client, app, made)
    return made


async def session_ids(client: httpx2.AsyncClient) -> dict[bool, list[str]]:
    listed = (await client.get("/api/v1/me/sessions")).json()
    return {current: [s["id"] for s in listed if s["current"] is current] for current in (True, False)}


async def csrf(client: httpx2.AsyncClient) -> str:
    page = await client.get("/account")
    return page.text.partition('name="csrf_token" value="')[2].partition('"')[0]


async def test_me_names_roles_and_organisations(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    organisation = await make_organisation(database, "330000", "钱塘示例大学")
    person = await make_person(
        database,
        settings,
        tenant_id="330000",
        roles=[Role.PROVINCE_ADMIN],
        organisations={organisation: Role.MANAGER},
    )
    await sign_in(client, app, person)
    known = (await client.get("/api/v1/me")).json()
    assert known["roles"] == ["province_admin"]
    assert known["memberships"] == [
        {"organisation_id": str(organisation), "organisation_name": "钱塘示例大学", "role": "manager"}
    ]
    page = await client.get("/account")
    assert page.status_code == 200
    for words in ("钱塘示例大学", "省级管理员", "单位管理员", "浙江"):
        assert words in page.text


async def test_a_visitor_has_no_account_page(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/api/v1/me")).status_code == 401
    assert (await client.get("/api/v1/me/sessions")).status_code == 401
    page = await client.get("/account", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Faccount")


async def test_sessions_are_listed_and_ended(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, person: Person
) -> None:
    other = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://testserver")
    await sign_in(other, app, person)
    listed = await session_ids(client)
    assert (len(listed[True]), len(listed[False])) == (1, 1)
    ended = await client.delete(f"/api/v1/me/sessions/{listed[False][0]}")
    assert (ended.status_code, ended.content) == (204, b"")
    assert (await other.get("/api/v1/me")).status_code == 401
    assert (await client.get("/api/v1/me")).status_code == 200
    assert (await client.delete(f"/api/v1/me/sessions/{listed[False][0]}")).status_code == 404
    assert (await journal(database, "310000"))[-2:] == ["identity.session_revoked", "access.refused"]


async def test_lists_of_ones_own_cost_one_statement_each(
    client: httpx2.AsyncClient, database: RolledBackDatabase, person: Person
) -> None:
    with statements_on(database.connection) as said:
        assert (await client.get("/api/v1/me/sessions")).status_code == 200
    assert len(said) == 2  # the caller, the sessions
    with statements_on(database.connection) as said:
        assert (await client.get("/account/sessions")).status_code == 200
    assert len(said) == 2  # the caller, the sessions


@pytest.mark.parametrize("tenant_id", ["310000", "320000"])
async def test_nobody_ends_or_sees_another_persons_session(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    person: Person,
    tenant_id: str,
) -> None:
    own = (await session_ids(client))[True][0]
    async with clients_of(app) as clients:
        stranger = await clients.of(tenant_id, roles=[Role.PROVINCE_ADMIN])
        assert own not in (await session_ids(stranger))[True]
        assert (await stranger.delete(f"/api/v1/me/sessions/{own}")).status_code == 404
    assert (await client.get("/api/v1/me")).status_code == 200


async def test_sessions_are_ended_on_the_page(
    app: FastAPI, client: httpx2.AsyncClient, person: Person
) -> None:
    other = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://testserver")
    await sign_in(other, app, person)
    listed = await session_ids(client)
    await other.get("/api/v1/me")
    shown = (await client.get("/account/sessions")).text
    assert shown.index(listed[True][0]) < shown.index(listed[False][0]), "one's own device is the first"
    form = {"csrf_token": await csrf(client)}
    ended = await client.post(f"/account/sessions/{listed[False][0]}/revoke", data=form)
    assert (ended.status_code, ended.headers["location"]) == (303, "/account/sessions")
    assert (await other.get("/api/v1/me")).status_code == 401
    own = await client.post(f"/account/sessions/{listed[True][0]}/revoke", data=form)
    assert (own.status_code, own.headers["location"]) == (303, "/")
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_ending_other_sessions_asks_again_who_is_there(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person
) -> None:
    other = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://testserver")
    await sign_in(other, app, person)
    listed, form = await session_ids(client), {"csrf_token": await csrf(client)}
    await age_sessions(database, settings)
    for act in (f"{listed[False][0]}/revoke", "revoke-others"):
        sent = await client.post(f"/account/sessions/{act}", data=form, headers={"Accept": "text/html"})
        assert sent.headers["location"].startswith("/sign-in/again")
    refused = [
        await client.delete(f"/api/v1/me/sessions/{listed[False][0]}"),
        await client.delete("/api/v1/me/sessions"),
    ]
    assert {one.json()["code"] for one in refused} == {"identity.reauthentication_required"}
    assert (await other.get("/api/v1/me")).status_code == 200
    own = await client.delete(f"/api/v1/me/sessions/{listed[True][0]}")
    assert own.status_code == 204, "signing out here asks nothing"


async def test_an_access_token_ends_no_sessions(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person
) -> None:
    web, pkce = await make_client(database, settings, scopes=("account",)), Pkce()
    answer = await allow(client, web.client_id, pkce, scope="account")
    token = (await redeem(client, web, answer["code"], pkce)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    listed = await session_ids(client)
    client.cookies.clear()
    for path in ("", f"/{listed[True][0]}"):
        refused = await client.delete(f"/api/v1/me/sessions{path}", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "identity.reauthentication_required")


async def test_no_page_is_opened_or_changed_by_an_access_token(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person
) -> None:
    web, pkce = await make_client(database, settings, scopes=("account",)), Pkce()
    answer = await allow(client, web.client_id, pkce, scope="account")
    token = (await redeem(client, web, answer["code"], pkce)).json()["access_token"]
    client.cookies.clear()
    bearer = {"Authorization": f"Bearer {token}"}
    opened = ("/", "/account", "/account/data", "/account/security", "/account/sessions", "/oauth/logout")
    answers = [await client.get(path, headers=bearer) for path in opened]
    posted = ("data/export", "data/keep", "security/password", "applications/end", "sessions/revoke-others")
    answers += [await client.post(f"/account/{path}", headers=bearer) for path in posted]
    assert {(one.status_code, one.json()["detail"]) for one in answers} == {
        (403, "访问令牌只用于接口，不能打开网页")
    }


async def test_a_connected_application_is_disconnected(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person
) -> None:
    web = await make_client(database, settings)
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce))["code"]
    token = (await redeem(client, web, code, pkce)).json()["access_token"]
    page = await client.get("/account/applications")
    assert "仪器搜索助手" in page.text
    grant = page.text.partition('href="/account/applications/')[2].partition("/")[0]
    async with clients_of(app) as clients:
        stranger = await clients.of("310000")
        refused = await stranger.post(
            f"/account/applications/{grant}/end", data={"csrf_token": await csrf(stranger)}
        )
        assert refused.status_code == 404
    form = {"csrf_token": await csrf(client)}
    ended = await client.post(f"/account/applications/{grant}/end", data=form)
    assert ended.status_code == 303
    used = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert used.status_code == 401
    again = await client.post(f"/account/applications/{grant}/end", data=form)
    assert again.status_code == 404


async def test_a_program_of_the_person_disconnects_an_application(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person
) -> None:
    web = await make_client(database, settings)
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce))["code"]
    token = (await redeem(client, web, code, pkce)).json()["access_token"]
    listed = "/api/v1/me/connections"
    (connection,) = (await client.get(listed)).json()
    assert connection["client_name"] == "仪器搜索助手"
    one = f"{listed}/{connection['id']}"
    async with clients_of(app) as clients:
        stranger = await clients.of("310000")
        assert (await stranger.get(listed)).json() == []
        assert (await stranger.delete(one)).status_code == 404
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/v1/me", headers=bearer)).status_code == 200
    assert (await client.delete(one)).status_code == 204
    assert (await client.get("/api/v1/me", headers=bearer)).status_code == 401
    assert (await client.get(listed)).json() == []
    assert (await client.delete(one)).status_code == 404
    assert "oauth_grant.revoked" in await journal(database, "310000")


class Members:
    """An organisation of Zhejiang with its people."""

    def __init__(self, clients: Clients, organisation: UUID) -> None:
        self.clients = clients
        self.organisation = organisation
        self.path = f"/api/v1/organisations/{organisation}/members"

    async def account(self, tenant_id: str = "330000", **values: Any) -> UUID:
        return (
            await make_person(self.clients.database, self.clients.settings, tenant_id=tenant_id, **values)
        ).id

    async def count(self) -> int:
        async with self.clients.database.transaction(TenantContext("330000").info()) as session:
            counted = text("SELECT count(*) FROM membership WHERE organisation_id = :id")
            return int((await session.execute(counted, {"id": self.organisation})).scalar_one())


@pytest.fixture
async def members(app: FastAPI, database: Database) -> Any:
    organisation = await make_organisation(database, "330000", "钱塘示例大学")
    async with clients_of(app) as clients:
        yield Members(clients, organisation)


async def test_a_province_admin_appoints_and_dismisses(members: Members) -> None:
    admin = await members.clients.of("330000", roles=[Role.PROVINCE_ADMIN])
    account = await members.account()
    added = await admin.post(members.path, json={"account_id": str(account), "role": "manager"})
    assert (added.status_code, added.json()) == (
        201,
        {"account_id": str(account), "organisation_id": str(members.organisation), "role": "manager"},
    )
    await members.account(organisations={members.organisation: Role.MANAGER})
    assert await members.count() == 2
    again = await admin.post(members.path, json={"account_id": str(account)})
    assert (again.status_code, again.json()["code"]) == (409, "identity.already_member")
    changed = await admin.put(f"{members.path}/{account}", json={"role": "member"})
    assert (changed.status_code, changed.json()["role"]) == (200, "member")
    assert (await admin.put(f"{members.path}/{uuid4()}", json={"role": "member"})).status_code == 404
    assert await members.count() == 2
    assert (await admin.delete(f"{members.path}/{account}")).status_code == 204
    assert (await admin.delete(f"{members.path}/{account}")).status_code == 404
    assert await members.count() == 1


async def test_a_role_that_is_none_of_an_organisations_is_named_in_words(members: Members) -> None:
    admin = await members.clients.of("330000", roles=[Role.PROVINCE_ADMIN])
    refused = await admin.post(members.path, json={"account_id": str(uuid4()), "role": "king"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["message"] == "只能是：member, manager"


async def test_a_manager_appoints_members_but_no_managers(members: Members) -> None:
    manager = await members.clients.of("330000", organisations={members.organisation: Role.MANAGER})
    account = await members.account()
    peer = await members.account(organisations={members.organisation: Role.MANAGER})
    refused = await manager.post(members.path, json={"account_id": str(account), "role": "manager"})
    assert refused.status_code == 403
    assert (await manager.delete(f"{members.path}/{peer}")).status_code == 403
    assert (await manager.post(members.path, json={"account_id": str(peer)})).status_code == 403
    demoted = await manager.put(f"{members.path}/{peer}", json={"role": "member"})
    assert demoted.status_code == 403
    assert await members.count() == 2
    assert (await manager.post(members.path, json={"account_id": str(account)})).status_code == 201
    assert (await manager.delete(f"{members.path}/{account}")).status_code == 204


async def test_a_member_or_another_organisations_manager_appoints_nobody(
    members: Members, database: Database
) -> None:
    elsewhere = await make_organisation(database, "330000", "另一所大学")
    member = await members.clients.of("330000", organisations={members.organisation: Role.MEMBER})
    other = await members.clients.of("330000", organisations={elsewhere: Role.MANAGER})
    account = await members.account()
    for outsider in (member, other):
        refused = await outsider.post(members.path, json={"account_id": str(account)})
        assert refused.status_code == 403
    assert await members.count() == 1


async def test_another_provinces_admin_appoints_nobody(members: Members) -> None:
    foreign = await members.clients.of("310000", roles=[Role.PROVINCE_ADMIN])
    account = await members.account("310000")
    refused = await foreign.post(members.path, json={"account_id": str(account)})
    assert refused.status_code == 403
    assert await members.count() == 0


async def test_accounts_of_other_provinces_cannot_become_members(members: Members) -> None:
    admin = await members.clients.of("330000", roles=[Role.PROVINCE_ADMIN])
    for stranger in (await members.account("310000"), uuid4()):
        refused = await admin.post(members.path, json={"account_id": str(stranger)})
        assert refused.status_code == 404
    assert await members.count() == 0


@pytest.mark.parametrize(
    "body", [{}, {"account_id": "x"}, {"account_id": str(uuid4()), "role": "owner"}, {"role": "member"}]
)
async def test_bad_membership_input_is_named(members: Members, body: dict[str, str]) -> None:
    admin = await members.clients.of("330000", roles=[Role.PROVINCE_ADMIN])
    assert (await admin.post(members.path, json=body)).status_code == 422
