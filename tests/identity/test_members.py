"""The members of organisations and the people of a province: who lists, adds and removes them."""

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
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
from tests.support.clients import Clients, clients_of
from tests.support.people import Person, make_person
from tests.support.places import make_organisation

HTML = {"accept": "text/html"}


@dataclass
class House:
    """An organisation of Zhejiang and its people."""

    clients: Clients
    database: Database
    settings: Settings
    organisation: UUID

    @property
    def url(self) -> str:
        return f"/organisations/{self.organisation}/members"

    async def person(self, name: str, role: Role | None = None, **values: Any) -> Person:
        organisations = {self.organisation: role} if role else {}
        given = {"tenant_id": "330000", **values}
        return await make_person(
            self.database, self.settings, name=name, organisations=organisations, **given
        )

    async def manager(self) -> httpx2.AsyncClient:
        return await self.clients.of("330000", name="周明远", organisations={self.organisation: Role.MANAGER})

    async def admin(self) -> httpx2.AsyncClient:
        return await self.clients.of("330000", name="陈静", roles=[Role.PROVINCE_ADMIN])

    async def roles(self) -> dict[str, str]:
        async with self.database.transaction(TenantContext("330000").info()) as session:
            found = await session.execute(
                text(
                    "SELECT a.display_name, m.role FROM membership m JOIN account a ON a.id = m.account_id "
                    "WHERE m.organisation_id = :id"
                ),
                {"id": self.organisation},
            )
            return {row.display_name: row.role for row in found}

    async def send(self, client: httpx2.AsyncClient, path: str = "", **form: str) -> httpx2.Response:
        page = await client.get("/account", headers=HTML)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token is not None
        return await client.post(f"{self.url}{path}", data={"csrf_token": token[1], **form}, headers=HTML)


@pytest.fixture
async def house(app: FastAPI, database: Database, settings: Settings) -> AsyncIterator[House]:
    organisation = await make_organisation(database, "330000", "钱塘示例大学")
    async with clients_of(app) as clients:
        yield House(clients, database, settings, organisation)


async def test_a_manager_lists_adds_and_removes_members(house: House) -> None:
    manager = await house.manager()
    newcomer = await house.person("沈知行", login_name="shen.zhixing")
    assert "沈知行" not in (await manager.get(house.url, headers=HTML)).text
    added = await house.send(manager, login_name=" Shen.Zhixing ", role="member")
    assert (added.status_code, added.headers["location"]) == (303, house.url)
    page = (await manager.get(house.url, headers=HTML)).text
    assert "沈知行 现在是单位成员" in page
    assert f"{house.url}/{newcomer.id}/remove" in page
    asked = await manager.get(f"{house.url}/{newcomer.id}/remove", headers=HTML)
    assert "沈知行（单位成员）将不再是「钱塘示例大学」的成员" in asked.text
    assert await house.roles() == {"周明远": "manager", "沈知行": "member"}
    removed = await house.send(manager, f"/{newcomer.id}/remove")
    assert removed.status_code == 303
    assert await house.roles() == {"周明远": "manager"}


async def test_a_manager_makes_and_removes_no_managers(house: House) -> None:
    manager = await house.manager()
    await house.person("沈知行", login_name="shen.zhixing")
    peer = await house.person("许清禾", Role.MANAGER)
    page = (await manager.get(house.url, headers=HTML)).text
    assert 'name="role" value="manager"' not in page
    assert f"{peer.id}/remove" not in page
    refused = await house.send(manager, login_name="shen.zhixing", role="manager")
    assert refused.status_code == 403
    assert (await manager.get(f"{house.url}/{peer.id}/remove", headers=HTML)).status_code == 403
    assert (await house.send(manager, f"/{peer.id}/remove")).status_code == 403
    assert await house.roles() == {"周明远": "manager", "许清禾": "manager"}


async def test_somebody_always_answers_for_the_organisation(house: House) -> None:
    admin = await house.admin()
    only = await house.person("许清禾", Role.MANAGER, login_name="xu.qinghe")
    for refused in (
        await house.send(admin, f"/{only.id}/remove"),
        await house.send(admin, f"/{only.id}/role", role="member"),
    ):
        assert refused.status_code == 409
        assert "请先任命另一位" in refused.text
    await house.person("沈知行", login_name="shen.zhixing")
    assert (await house.send(admin, login_name="shen.zhixing", role="manager")).status_code == 303
    assert (await house.send(admin, f"/{only.id}/remove")).status_code == 303
    assert await house.roles() == {"沈知行": "manager"}


async def test_a_role_is_changed_from_the_list_after_a_confirmation(house: House) -> None:
    admin = await house.admin()
    member = await house.person("沈知行", Role.MEMBER, login_name="shen.zhixing")
    page = (await admin.get(house.url, headers=HTML)).text
    assert f'href="{house.url}/{member.id}/role"' in page
    asked = (await admin.get(f"{house.url}/{member.id}/role", headers=HTML)).text
    assert "沈知行 在「钱塘示例大学」的角色将由单位成员改为单位管理员。" in asked
    assert "这是您自己的账号" not in asked
    assert (await house.send(admin, f"/{member.id}/role", role="manager")).status_code == 303
    assert await house.roles() == {"沈知行": "manager"}
    again = await house.send(admin, login_name="shen.zhixing", role="member")
    assert again.status_code == 422
    assert "对方已是本单位成员" in again.text
    outsider = await house.person("林知远")
    for path in (f"/{outsider.id}/role", f"/{uuid4()}/role"):
        assert (await admin.get(house.url + path, headers=HTML)).status_code == 404
        assert (await house.send(admin, path, role="manager")).status_code == 404
    assert (await house.send(admin, f"/{member.id}/role", role="king")).status_code == 422
    manager = await house.manager()
    assert f"{member.id}/role" not in (await manager.get(house.url, headers=HTML)).text
    assert (await manager.get(f"{house.url}/{member.id}/role", headers=HTML)).status_code == 403
    assert (await house.send(manager, f"/{member.id}/role", role="member")).status_code == 403


async def test_oneself_and_officers_are_added_after_a_confirmation(house: House) -> None:
    await house.person("许清禾", roles=[Role.AUDITOR], login_name="xu.qinghe")
    admin = await house.clients.of("330000", name="陈静", roles=[Role.PROVINCE_ADMIN], login_name="chen.jing")
    for login_name, reason in (("chen.jing", "这是您自己的账号"), ("xu.qinghe", "省级管理员或审计员")):
        asked = await house.send(admin, login_name=login_name, role="member")
        assert asked.status_code == 422
        assert reason in asked.text
        assert 'name="confirmed"' in asked.text
    assert await house.roles() == {}
    for login_name in ("chen.jing", "xu.qinghe"):
        sent = await house.send(admin, login_name=login_name, role="member", confirmed="true")
        assert sent.status_code == 303
    assert await house.roles() == {"陈静": "member", "许清禾": "member"}


async def test_login_names_are_shown_to_who_manages_the_person(house: House) -> None:
    elsewhere = await make_organisation(house.database, "330000", "另一所大学")
    await house.person("沈知行", Role.MEMBER, login_name="shen.zhixing")
    await make_person(
        house.database,
        house.settings,
        tenant_id="330000",
        name="林知远",
        organisations={elsewhere: Role.MEMBER},
        login_name="lin.zhiyuan",
    )
    await house.person("外省人", tenant_id="310000", login_name="of.shanghai")
    admin, manager = await house.admin(), await house.manager()
    auditor = await house.clients.of("330000", roles=[Role.AUDITOR])
    both = await house.clients.of(
        "330000", roles=[Role.AUDITOR], organisations={house.organisation: Role.MANAGER}
    )
    for client, seen in (
        (admin, {"shen.zhixing", "lin.zhiyuan"}),
        (manager, {"shen.zhixing"}),
        (both, {"shen.zhixing"}),
        (auditor, set()),
    ):
        page = (await client.get("/people", headers=HTML)).text
        assert {name for name in ("shen.zhixing", "lin.zhiyuan", "of.shanghai") if name in page} == seen
    assert "shen.zhixing" in (await manager.get(house.url, headers=HTML)).text
    assert "shen.zhixing" not in (await auditor.get(house.url, headers=HTML)).text


@pytest.mark.parametrize("login_name", ["nobody.here", "of.shanghai", "suspended.one"])
async def test_who_is_unknown_of_another_province_or_suspended_looks_the_same(
    house: House, login_name: str
) -> None:
    manager = await house.manager()
    await house.person("沈知行", tenant_id="310000", login_name="of.shanghai")
    person = await house.person("许清禾", login_name="suspended.one")
    async with house.database.transaction(TenantContext("330000").info()) as session:
        await session.execute(
            text("UPDATE account SET status = 'suspended' WHERE id = :id"), {"id": person.id}
        )
    refused = await house.send(manager, login_name=login_name, role="member")
    assert refused.status_code == 422
    assert "本省没有使用该登录名的账号" in refused.text
    assert f'value="{login_name}"' in refused.text
    assert await house.roles() == {"周明远": "manager"}


async def test_strangers_members_and_visitors_see_no_members(
    house: House, client: httpx2.AsyncClient
) -> None:
    member = await house.clients.of("330000", organisations={house.organisation: Role.MEMBER})
    elsewhere = await make_organisation(house.database, "330000", "另一所大学")
    neighbour = await house.clients.of("330000", organisations={elsewhere: Role.MANAGER})
    foreign = await house.clients.of("310000", roles=[Role.PROVINCE_ADMIN])
    for stranger in (member, neighbour, foreign):
        assert (await stranger.get(house.url, headers=HTML)).status_code == 403
        assert (await house.send(stranger, login_name="x.y", role="member")).status_code == 403
    assert (await client.get(house.url, headers=HTML)).status_code == 303
    manager = await house.manager()
    assert (await manager.get(f"{house.url}/{uuid4()}/remove", headers=HTML)).status_code == 404


async def test_an_auditor_looks_and_changes_nothing(house: House) -> None:
    auditor = await house.clients.of("330000", roles=[Role.AUDITOR])
    await house.person("沈知行", Role.MEMBER)
    page = await auditor.get(house.url, headers=HTML)
    assert "沈知行" in page.text
    assert "添加成员" not in page.text
    assert (await house.send(auditor, login_name="x.y", role="member")).status_code == 403


async def listed(client: httpx2.AsyncClient, **query: str) -> list[str]:
    answer = await client.get("/api/v1/people", params=query)
    assert answer.status_code == 200, answer.text
    return [person["name"] for person in answer.json()["items"]]


async def test_people_are_found_filtered_and_sorted(house: House) -> None:
    admin = await house.admin()
    await house.person("许清禾", Role.MANAGER)
    await house.person("沈知行", Role.MEMBER)
    await house.person("林知远")
    await house.person("外省人", tenant_id="310000")
    assert await listed(admin) == ["林知远", "沈知行", "许清禾", "陈静"]
    assert await listed(admin, sort="created") == ["陈静", "许清禾", "沈知行", "林知远"]
    assert sorted(await listed(admin, q="知")) == ["林知远", "沈知行"]
    assert await listed(admin, q="%") == []
    assert await listed(admin, role="province_admin") == ["陈静"]
    assert await listed(admin, role="manager") == ["许清禾"]
    assert await listed(admin, organisation=str(house.organisation)) == ["沈知行", "许清禾"]
    assert await listed(admin, organisation=str(house.organisation), role="member") == ["沈知行"]
    assert await listed(admin, status="closed") == []
    assert (await admin.get("/api/v1/people", params={"role": "king"})).status_code == 422


async def test_a_manager_sees_the_people_of_their_organisations_alone(house: House) -> None:
    manager = await house.manager()
    elsewhere = await make_organisation(house.database, "330000", "另一所大学")
    both = await house.person("沈知行", Role.MEMBER)
    await make_person(
        house.database,
        house.settings,
        tenant_id="330000",
        name="林知远",
        organisations={elsewhere: Role.MEMBER},
    )
    admin = await house.admin()
    path = f"/api/v1/organisations/{elsewhere}/members"
    assert (await admin.post(path, json={"account_id": str(both.id)})).status_code == 201
    answer = (await manager.get("/api/v1/people")).json()["items"]
    assert [person["name"] for person in answer] == ["沈知行", "周明远"]
    assert [m["organisation_name"] for m in answer[0]["memberships"]] == ["钱塘示例大学"]
    assert await listed(manager, organisation=str(elsewhere)) == []


async def test_pages_of_people_join(house: House) -> None:
    admin = await house.admin()
    for number in range(4):
        await house.person(f"沈{number}")
    found, cursor = [], ""
    while True:
        query = {"limit": "2", "sort": "name", **({"cursor": cursor} if cursor else {})}
        page = (await admin.get("/api/v1/people", params=query)).json()
        found += [person["name"] for person in page["items"]]
        if not (cursor := page["next"]):
            break
    assert found == ["沈0", "沈1", "沈2", "沈3", "陈静"]


async def test_the_page_and_its_file_show_the_same_people(house: House) -> None:
    admin = await house.admin()
    await house.person("=沈知行", Role.MEMBER)
    page = (await admin.get("/people", params={"q": "沈"}, headers=HTML)).text
    assert "=沈知行" in page
    assert re.search(rf'href="{house.url}">钱塘示例大学</a>', page)
    file = await admin.get("/people/export.csv", params={"q": "沈"})
    head, row = csv.reader(io.StringIO(file.content.decode("utf-8-sig")))
    assert head[:4] == ["姓名", "状态", "省内角色", "单位与角色"]
    assert row[:4] == ["'=沈知行", "正常", "", "钱塘示例大学 (单位成员)"]


async def test_people_are_not_for_everyone(house: House, client: httpx2.AsyncClient) -> None:
    member = await house.clients.of("330000", organisations={house.organisation: Role.MEMBER})
    for path in ("/people", "/people/export.csv"):
        assert (await member.get(path, headers=HTML)).status_code == 403
        assert (await client.get(path, headers=HTML)).status_code == 303
    assert "/people" not in (await member.get("/", headers=HTML)).text
    assert 'href="/people"' in (await (await house.manager()).get("/", headers=HTML)).text


async def test_a_file_that_would_be_cut_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = await house.admin()
    await house.person("沈知行")
    monkeypatch.setattr("app.core.keyset.MOST_EXPORTED", 1)
    refused = await admin.get("/people/export.csv")
    assert (refused.status_code, refused.json()["code"]) == (422, "export_too_large")
