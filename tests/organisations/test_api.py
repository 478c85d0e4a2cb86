"""Organisations over the API: as their province's admin, as others, as nobody."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.access.permissions import Role
from app.core.db import Database
from app.journal.public import JournalEvent
from app.main import create_app
from app.organisations.models import Organisation
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.clients import Clients, clients_of, statements_on
from tests.support.database import RolledBackDatabase
from tests.support.places import make_organisation, valid_uscc

ADMIN = {"roles": [Role.PROVINCE_ADMIN]}
URL = "/api/v1/organisations"
LEGACY = "91350100M0001TGQXM"


@pytest.fixture
async def clients(app: FastAPI) -> AsyncIterator[Clients]:
    async with clients_of(app) as clients:
        yield clients


@pytest.fixture
async def admin(clients: Clients) -> httpx2.AsyncClient:
    """A province admin of Zhejiang."""
    return await clients.of("330000", **ADMIN)


def new(**values: Any) -> dict[str, Any]:
    given = {"uscc": valid_uscc("330000"), "name": "钱塘示例大学", "kind": "university", "adcode": "330106"}
    return given | values


async def state(database: Database) -> tuple[int, int, int]:
    """How many organisations, how many changes of them, how many events but refusals Zhejiang has."""
    async with database.transaction(TenantContext("330000").info()) as session:
        counts = await session.execute(select(func.count(), func.coalesce(func.sum(Organisation.version), 0)))
        deeds = JournalEvent.kind != "access.refused"
        events = await session.scalar(select(func.count()).select_from(JournalEvent).where(deeds))
        count, versions = counts.one()
        return count, int(versions), int(events or 0)


def codes(response: httpx2.Response) -> set[tuple[str, str]]:
    return {(error["field"], error["code"]) for error in response.json()["errors"]}


class TestRegister:
    async def test_admin_registers(self, admin: httpx2.AsyncClient, database: Database) -> None:
        body = new(website="https://www.example.edu.cn/", scope="region")
        response = await admin.post(URL, json=body)
        assert response.status_code == 201
        shown = response.json()
        assert response.headers["location"] == f"{URL}/{shown['id']}"
        assert response.headers["etag"] == '"v1"'
        expected = body | {
            "province": "330000",
            "status": "active",
            "version": 1,
            "uscc_standing": "valid",
            "uscc_override_reason": None,
        }
        assert expected.items() <= shown.items()
        async with database.transaction(TenantContext("330000").info()) as session:
            events = select(JournalEvent).where(JournalEvent.kind == "organisation.registered")
            event = (await session.scalars(events)).one()
        assert (event.kind, event.subject_id, event.before) == ("organisation.registered", shown["id"], None)
        assert event.after is not None
        assert event.after["uscc"] == body["uscc"]

    async def test_code_is_understood_as_people_type_it(self, admin: httpx2.AsyncClient) -> None:
        code = valid_uscc("330000")
        typed = f" {code[:2]} {code[2:8]}-{code[8:].lower()} "
        assert (await admin.post(URL, json=new(uscc=typed))).json()["uscc"] == code

    async def test_legacy_code_needs_a_reason(self, admin: httpx2.AsyncClient, database: Database) -> None:
        before = await state(database)
        response = await admin.post(URL, json=new(uscc=LEGACY))
        assert response.status_code == 422
        assert codes(response) == {
            ("uscc", "organisations.uscc_doubtful"),
            ("uscc_override_reason", "organisations.uscc_override_reason_needed"),
        }
        assert await state(database) == before
        accepted = await admin.post(URL, json=new(uscc=LEGACY, uscc_override_reason="已核对营业执照原件"))
        assert accepted.status_code == 201
        assert accepted.json()["uscc_standing"] == "doubtful"
        assert accepted.json()["uscc_override_reason"] == "已核对营业执照原件"

    @pytest.mark.parametrize(
        "code", ["9111000060003734", "91110000600037341I", "一二三四五六七八九十一二三四五六七八", "", 5]
    )
    async def test_malformed_code_is_refused_whatever_the_reason(
        self, admin: httpx2.AsyncClient, database: Database, code: Any
    ) -> None:
        before = await state(database)
        response = await admin.post(URL, json=new(uscc=code, uscc_override_reason="已核对"))
        assert response.status_code == 422
        assert {error["field"] for error in response.json()["errors"]} == {"uscc"}
        assert await state(database) == before

    async def test_code_of_another_province_s_hidden_organisation_is_taken(
        self, admin: httpx2.AsyncClient, clients: Clients, database: Database
    ) -> None:
        theirs = new(adcode="310101", scope="organisation")
        shanghai = await clients.of("310000", **ADMIN)
        assert (await shanghai.post(URL, json=theirs)).status_code == 201
        before = await state(database)
        response = await admin.post(URL, json=new(uscc=theirs["uscc"]))
        assert response.status_code == 409
        assert response.json()["code"] == "organisations.uscc_taken"
        assert "310000" not in response.text
        assert await state(database) == before

    async def test_every_fault_is_named_at_once(self, admin: httpx2.AsyncClient) -> None:
        body = new(
            kind="club",
            adcode="33",
            website="javascript:alert(1)",
            name="大\u202e学",
            tenant_id="310000",
            status="x",
        )
        response = await admin.post(URL, json=body)
        assert response.status_code == 422
        assert codes(response) == {
            ("kind", "literal_error"),
            ("adcode", "string_pattern_mismatch"),
            ("website", "url_malformed"),
            ("name", "bidi_character"),
            ("tenant_id", "extra_forbidden"),
            ("status", "extra_forbidden"),
        }

    @pytest.mark.parametrize("adcode", ["310101", "330000", "330199", "000000"])
    async def test_place_must_be_a_city_or_county_of_the_own_province(
        self, admin: httpx2.AsyncClient, adcode: str
    ) -> None:
        response = await admin.post(URL, json=new(adcode=adcode))
        assert codes(response) == {("adcode", "organisations.adcode_unknown")}

    @pytest.mark.parametrize("role", [Role.AUDITOR, None])
    async def test_others_are_refused(self, clients: Clients, database: Database, role: Role | None) -> None:
        client = await clients.of("330000", roles=[role] if role else [])
        before = await state(database)
        assert (await client.post(URL, json=new())).status_code == 403
        assert await state(database) == before

    async def test_manager_is_told_who_registers(self, clients: Clients, database: Database) -> None:
        own = await make_organisation(database, "330000")
        manager = await clients.of("330000", organisations={own: Role.MANAGER})
        before = await state(database)
        response = await manager.post(URL, json=new())
        assert (response.status_code, response.json()["detail"]) == (403, "只有省级管理员可以登记单位")
        assert await state(database) == before

    async def test_visitor_is_asked_to_sign_in(self, client: httpx2.AsyncClient) -> None:
        assert (await client.post(URL, json=new())).status_code == 401

    async def test_repeated_key_registers_once(self, admin: httpx2.AsyncClient, database: Database) -> None:
        body, headers = new(), {"Idempotency-Key": "register-1"}
        first = await admin.post(URL, json=body, headers=headers)
        again = await admin.post(URL, json=body, headers=headers)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert (await state(database))[0] == 1

    async def test_statements(self, admin: httpx2.AsyncClient, database: RolledBackDatabase) -> None:
        with statements_on(database.connection) as seen:
            assert (await admin.post(URL, json=new())).status_code == 201
        assert len(seen) == RECOGNITION + 3, seen


RECOGNITION = 1
"""Statements that recognise a caller by a browser session."""


class TestChange:
    @pytest.fixture
    async def organisation(self, admin: httpx2.AsyncClient) -> dict[str, Any]:
        shown: dict[str, Any] = (await admin.post(URL, json=new(website="https://a.example/"))).json()
        return shown

    async def test_only_what_is_given_changes(
        self, admin: httpx2.AsyncClient, organisation: dict[str, Any], database: Database
    ) -> None:
        url = f"{URL}/{organisation['id']}"
        response = await admin.patch(
            url, json={"name": "西湖示例大学", "website": None}, headers={"If-Match": '"v1"'}
        )
        assert response.status_code == 200
        assert response.headers["etag"] == '"v2"'
        changed = {"name": "西湖示例大学", "website": None, "version": 2}
        shown = response.json()
        assert shown == organisation | changed | {"updated_at": shown["updated_at"]}
        async with database.transaction(TenantContext("330000").info()) as session:
            events = select(JournalEvent).where(JournalEvent.kind == "organisation.changed")
            event = (await session.scalars(events)).one()
        assert event.before == {"name": "钱塘示例大学", "website": "https://a.example/"}
        assert event.after == {"name": "西湖示例大学", "website": None}

    async def test_changed_name_sorts_anew(
        self, admin: httpx2.AsyncClient, organisation: dict[str, Any]
    ) -> None:
        await admin.post(URL, json=new(name="波"))
        url = f"{URL}/{organisation['id']}"
        await admin.patch(url, json={"name": "阿"}, headers={"If-Match": '"v1"'})
        listed = (await admin.get(URL)).json()["items"]
        assert [item["name"] for item in listed] == ["阿", "波"]

    async def test_nothing_new_changes_nothing(
        self, admin: httpx2.AsyncClient, organisation: dict[str, Any], database: Database
    ) -> None:
        before = await state(database)
        url = f"{URL}/{organisation['id']}"
        response = await admin.patch(url, json={"name": organisation["name"]}, headers={"If-Match": '"v1"'})
        assert response.json() == organisation
        assert await state(database) == before

    @pytest.mark.parametrize(
        ("headers", "status"),
        [({}, 428), ({"If-Match": '"v7"'}, 412), ({"If-Match": "*"}, 412), ({"If-Match": '"v1", "v2"'}, 412)],
    )
    async def test_version_decides(
        self,
        admin: httpx2.AsyncClient,
        organisation: dict[str, Any],
        database: Database,
        headers: dict[str, str],
        status: int,
    ) -> None:
        before = await state(database)
        for given in ({"name": "乙"}, {"name": organisation["name"]}):
            response = await admin.patch(f"{URL}/{organisation['id']}", json=given, headers=headers)
            assert response.status_code == status
        assert await state(database) == before

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"name": None}, {("name", "string_type")}),
            ({"adcode": "310101"}, {("adcode", "organisations.adcode_unknown")}),
            ({"scope": "secret"}, {("scope", "literal_error")}),
            ({"uscc": LEGACY}, {("uscc", "organisations.uscc_doubtful"), ("uscc_override_reason", "organisations.uscc_override_reason_needed")}),
        ],
    )  # fmt: skip
    async def test_bad_input(
        self,
        admin: httpx2.AsyncClient,
        organisation: dict[str, Any],
        database: Database,
        given: dict[str, Any],
        expected: set[tuple[str, str]],
    ) -> None:
        before = await state(database)
        response = await admin.patch(f"{URL}/{organisation['id']}", json=given, headers={"If-Match": '"v1"'})
        assert (response.status_code, codes(response)) == (422, expected)
        assert await state(database) == before

    async def test_other_province_may_look_not_touch(
        self, clients: Clients, organisation: dict[str, Any], database: Database
    ) -> None:
        outsider = await clients.of("310000", **ADMIN)
        before = await state(database)
        url = f"{URL}/{organisation['id']}"
        assert (await outsider.get(url)).status_code == 200
        response = await outsider.patch(url, json={"name": "乙"}, headers={"If-Match": '"v1"'})
        assert (response.status_code, response.json()["detail"]) == (
            403,
            "只有单位所在省的省级管理员可以修改单位信息",
        )
        for action in ("suspend", "reactivate"):
            assert (await outsider.post(f"{url}/{action}", headers={"If-Match": '"v1"'})).status_code == 403
        assert await state(database) == before

    async def test_outsider_does_not_find_what_is_hidden(
        self, admin: httpx2.AsyncClient, clients: Clients, client: httpx2.AsyncClient
    ) -> None:
        outsider = await clients.of("310000", **ADMIN)
        for scope, others, visitors in (
            ("province", 404, 404),
            ("organisation", 404, 404),
            ("region", 200, 404),
        ):
            hidden = (await admin.post(URL, json=new(scope=scope))).json()
            url = f"{URL}/{hidden['id']}"
            assert (await outsider.get(url)).status_code == others
            assert (await client.get(url)).status_code == visitors
            changed = await outsider.patch(url, json={"name": "乙"}, headers={"If-Match": '"v1"'})
            assert changed.status_code == (403 if others == 200 else 404)

    async def test_suspend_and_reactivate(
        self, admin: httpx2.AsyncClient, organisation: dict[str, Any], database: Database
    ) -> None:
        url = f"{URL}/{organisation['id']}"
        suspended = await admin.post(f"{url}/suspend", headers={"If-Match": '"v1"'})
        assert (suspended.json()["status"], suspended.json()["version"]) == ("suspended", 2)
        before = await state(database)
        again = await admin.post(f"{url}/suspend", headers={"If-Match": '"v2"'})
        assert (again.status_code, again.json()["code"]) == (409, "organisations.status_unchanged")
        assert await state(database) == before
        active = await admin.post(f"{url}/reactivate", headers={"If-Match": '"v2"'})
        assert (active.json()["status"], active.json()["version"]) == ("active", 3)


async def test_same_code_at_the_same_instant_is_registered_once(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    app = create_app(fresh_settings, fresh_database)
    async with clients_of(app) as clients:
        admins = [await clients.of(tenant, **ADMIN) for tenant in ("330000", "310000") for _ in range(2)]
        places = ["330106", "330106", "310101", "310101"]
        for _ in range(20):
            code = valid_uscc("330000")
            answers = await asyncio.gather(
                *(
                    admin.post(URL, json=new(uscc=code, adcode=place))
                    for admin, place in zip(admins, places, strict=True)
                )
            )
            assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
            refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
            assert refused == {"organisations.uscc_taken"}
