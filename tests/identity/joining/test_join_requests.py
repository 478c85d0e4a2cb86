"""Requests to join: one at a time, decided by managers, and leaving again."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import httpx2
import pytest

from app.access.permissions import Role
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from tests.identity.joining.conftest import ZHEJIANG, Desk
from tests.support.clients import clients_of
from tests.support.forms import submit
from tests.support.places import make_organisation

HTML = {"accept": "text/html"}


@dataclass
class House:
    """An organisation of Zhejiang and its manager."""

    desk: Desk
    id: UUID
    manager: httpx2.AsyncClient

    @property
    def api(self) -> str:
        return f"/api/v1/organisations/{self.id}/join-requests"

    @property
    def members(self) -> str:
        return f"/organisations/{self.id}/members"


@pytest.fixture
async def house(desk: Desk, database: Database) -> House:
    made = await make_organisation(database, ZHEJIANG, "钱塘示例大学")
    return House(desk, made, await desk.clerk(name="周明远", organisations={made: Role.MANAGER}))


async def test_asked_and_let_in(house: House) -> None:
    clerk = await house.desk.clerk()
    assert "尚未加入单位" in (await clerk.get("/account", headers=HTML)).text
    detail = (await clerk.get(f"/organisations/{house.id}", headers=HTML)).text
    assert f"/organisations/{house.id}/join" in detail
    page = f"/organisations/{house.id}/join"
    asked = await submit(clerk, page, page, {"message": "材料学院"})
    assert asked.headers["location"] == "/account"
    assert "申请加入「钱塘示例大学」" in (await clerk.get("/account", headers=HTML)).text
    twice = await clerk.post(house.api, json={})
    assert (twice.status_code, twice.json()["code"]) == (409, "identity.join_requested_already")
    (waiting,) = (await house.manager.get(house.api)).json()
    assert (waiting["account_name"], waiting["message"]) == ("沈知行", "材料学院")
    done = await submit(
        house.manager,
        house.members,
        f"/organisations/{house.id}/join-requests/approve",
        {"request": [waiting["id"]]},
    )
    assert done.headers["location"] == house.members
    assert await house.desk.roles(house.id) == {"周明远": "manager", "沈知行": "member"}
    again = await clerk.post(house.api, json={})
    assert again.json()["code"] == "identity.already_member"
    late = await house.manager.post(f"{house.api}/{waiting['id']}/decline", json={})
    assert late.json()["code"] == "identity.join_request_closed"


async def test_several_at_once_each_with_its_result(house: House) -> None:
    one, two = await house.desk.clerk(), await house.desk.clerk(name="许清禾")
    first = (await one.post(house.api, json={})).json()["id"]
    second = (await two.post(house.api, json={})).json()["id"]
    assert (await one.post(f"/api/v1/me/join-requests/{first}/withdraw")).json()["status"] == "withdrawn"
    url = f"/organisations/{house.id}/join-requests/approve"
    answer = await submit(house.manager, house.members, url, {"request": [first, second]})
    assert answer.status_code == 200
    assert "该申请已处理或已撤回" in answer.text
    assert await house.desk.roles(house.id) == {"周明远": "manager", "许清禾": "member"}


async def test_declined_with_a_reason(house: House) -> None:
    clerk = await house.desk.clerk()
    asked = (await clerk.post(house.api, json={})).json()["id"]
    page = f"/organisations/{house.id}/join-requests/{asked}/decline"
    done = await submit(house.manager, page, page, {"reason": "请先办理入职"})
    assert done.status_code == 303
    (mine,) = (await clerk.get("/api/v1/me/join-requests")).json()
    assert (mine["status"], mine["reason"]) == ("declined", "请先办理入职")
    assert "请先办理入职" in (await clerk.get("/account", headers=HTML)).text
    assert (await clerk.post(house.api, json={})).status_code == 201, "one may ask again"


async def test_only_managers_and_the_province_decide(house: House, database: Database) -> None:
    clerk = await house.desk.clerk()
    asked = (await clerk.post(house.api, json={})).json()["id"]
    other = await make_organisation(database, ZHEJIANG, "西溪示例研究院")
    member = await house.desk.clerk(name="成员", organisations={house.id: Role.MEMBER})
    elsewhere = await house.desk.clerk(name="别处", organisations={other: Role.MANAGER})
    foreign = await house.desk.admin("320000")
    auditor = await house.desk.clerk(name="审计", roles=[Role.AUDITOR])
    for person in (clerk, member, elsewhere, foreign, auditor):
        for deed in ("approve", "decline"):
            answer = await person.post(f"{house.api}/{asked}/{deed}", json={})
            assert answer.status_code == 403, deed
        assert (await person.get(house.api)).status_code == 403
    sideways = f"/api/v1/organisations/{other}/join-requests/{asked}/approve"
    assert (await elsewhere.post(sideways)).status_code == 404
    withdrawn = await elsewhere.post(f"/api/v1/me/join-requests/{asked}/withdraw")
    assert withdrawn.status_code == 404
    admin = await house.desk.admin()
    assert (await admin.post(f"{house.api}/{asked}/approve")).status_code == 200
    assert (await house.desk.roles(house.id))["沈知行"] == "member"


async def test_whom_one_can_ask(house: House, database: Database) -> None:
    foreign = await house.desk.clients.of("320000", name="陆文舟")
    assert (await foreign.post(house.api, json={})).status_code == 403
    page = (await foreign.get(f"/organisations/{house.id}", headers=HTML)).text
    assert f"/organisations/{house.id}/join" not in page
    hidden = await make_organisation(database, "320000", "金陵示例大学", scope="province")
    clerk = await house.desk.clerk()
    assert (await clerk.post(f"/api/v1/organisations/{hidden}/join-requests", json={})).status_code == 404
    closed = await make_organisation(database, ZHEJIANG, "停用示例院", status="suspended")
    refused = await clerk.post(f"/api/v1/organisations/{closed}/join-requests", json={})
    assert refused.status_code == 403
    for message in ("字" * 501, "\0", "x\u202ey"):
        assert (await clerk.post(house.api, json={"message": message})).status_code == 422
    assert (await clerk.post(house.api, json={"message": "𠮷😀"})).status_code == 201


async def test_leaving_needs_somebody_who_stays(house: House) -> None:
    page = f"/organisations/{house.id}/leave"
    alone = await submit(house.manager, page, page)
    assert alone.status_code == 409
    assert "请先任命另一位" in alone.text
    clerk = await house.desk.clerk(organisations={house.id: Role.MEMBER})
    asked = await clerk.get(page, headers=HTML)
    assert "钱塘示例大学" in asked.text
    assert (await submit(clerk, page, page)).headers["location"] == "/account"
    assert await house.desk.roles(house.id) == {"周明远": "manager"}
    assert (await clerk.post(f"/api/v1/organisations/{house.id}/leave")).status_code == 404


async def test_two_managers_decide_at_once(fresh_database: Database, fresh_settings: Settings) -> None:
    app = create_app(fresh_settings, fresh_database)
    made = await make_organisation(fresh_database, ZHEJIANG, "钱塘示例大学")
    async with clients_of(app) as clients:
        role = {made: Role.MANAGER}
        one = await clients.of(ZHEJIANG, name="周明远", organisations=role)
        other = await clients.of(ZHEJIANG, name="许清禾", organisations=role)
        api = f"/api/v1/organisations/{made}/join-requests"
        for _ in range(8):
            person = await clients.of(ZHEJIANG, name="沈知行")
            asked = (await person.post(api, json={})).json()["id"]
            answers = await asyncio.gather(
                one.post(f"{api}/{asked}/approve"), other.post(f"{api}/{asked}/decline", json={})
            )
            assert sorted(answer.status_code for answer in answers) == [200, 409]
            asking = await asyncio.gather(*(person.post(api, json={}) for _ in range(3)))
            expected = [409, 409, 409] if answers[0].status_code == 200 else [201, 409, 409]
            assert sorted(answer.status_code for answer in asking) == expected
