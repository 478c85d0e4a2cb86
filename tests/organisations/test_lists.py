"""Who sees which organisations, and how lists of them are narrowed and paged."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from app.access.permissions import Role
from app.core.db import Database
from tests.organisations.test_api import ADMIN, LEGACY, URL, codes, new
from tests.organisations.test_api import admin as admin  # noqa: PLC0414 - a fixture is known by its name
from tests.organisations.test_api import clients as clients  # noqa: PLC0414
from tests.support.clients import Clients, statements_on
from tests.support.database import RolledBackDatabase
from tests.support.places import make_organisation


class TestSee:
    async def test_unknown_is_not_found(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get(f"{URL}/{uuid4()}")).status_code == 404
        assert (await client.get(f"{URL}/not-an-id")).status_code == 404

    async def test_organisation_scope_is_for_its_members_and_officers(
        self, clients: Clients, database: Database
    ) -> None:
        hidden = await make_organisation(database, "330000", "隐", scope="organisation")
        seen_by = {
            "member": await clients.of("330000", organisations={hidden: Role.MEMBER}),
            "admin": await clients.of("330000", **ADMIN),
            "auditor": await clients.of("330000", roles=[Role.AUDITOR]),
            "colleague": await clients.of("330000"),
            "other admin": await clients.of("310000", **ADMIN),
        }
        found = {who: (await one.get(f"{URL}/{hidden}")).status_code for who, one in seen_by.items()}
        listed = {who: len((await one.get(URL)).json()["items"]) for who, one in seen_by.items()}
        assert found == {"member": 200, "admin": 200, "auditor": 200, "colleague": 404, "other admin": 404}
        assert listed == {"member": 1, "admin": 1, "auditor": 1, "colleague": 0, "other admin": 0}

    async def test_override_reason_is_for_those_who_oversee(
        self, clients: Clients, admin: httpx2.AsyncClient, client: httpx2.AsyncClient
    ) -> None:
        body = new(uscc=LEGACY, uscc_override_reason="纸质档案")
        url = f"{URL}/{(await admin.post(URL, json=body)).json()['id']}"
        others = (client, await clients.of("330000"), await clients.of("310000", **ADMIN))
        for other in others:
            shown = (await other.get(url)).json()
            assert (shown["uscc_standing"], shown["uscc_override_reason"]) == ("doubtful", None)
            assert "纸质档案" not in (await other.get(URL)).text


class TestList:
    @pytest.fixture(autouse=True)
    async def organisations(self, database: Database) -> None:
        made = [
            ("330000", "浙江大学示例", {"kind": "university", "adcode": "330106"}),
            ("330000", "阿里示例企业", {"kind": "enterprise", "adcode": "330110", "status": "suspended"}),
            ("330000", "宁波示例所", {"kind": "institute", "adcode": "330212"}),
            ("310000", "上海大学示例", {"kind": "university", "adcode": "310113"}),
        ]
        for tenant_id, name, values in made:
            await make_organisation(database, tenant_id, name, **values)

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({}, ["阿里示例企业", "宁波示例所", "上海大学示例", "浙江大学示例"]),
            ({"sort": "-name"}, ["浙江大学示例", "上海大学示例", "宁波示例所", "阿里示例企业"]),
            ({"sort": "-created"}, ["上海大学示例", "宁波示例所", "阿里示例企业", "浙江大学示例"]),
            ({"q": "大学"}, ["上海大学示例", "浙江大学示例"]),
            ({"q": "学示"}, ["上海大学示例", "浙江大学示例"]),
            ({"q": "%"}, []),
            ({"q": "_"}, []),
            ({"q": "'; drop table"}, []),
            ({"q": ""}, ["阿里示例企业", "宁波示例所", "上海大学示例", "浙江大学示例"]),
            ({"province": "310000"}, ["上海大学示例"]),
            ({"kind": "university"}, ["上海大学示例", "浙江大学示例"]),
            ({"status": "suspended"}, ["阿里示例企业"]),
            ({"adcode": "330100"}, ["阿里示例企业", "浙江大学示例"]),
            ({"adcode": "330106"}, ["浙江大学示例"]),
            ({"adcode": "330000", "kind": "institute"}, ["宁波示例所"]),
        ],
    )
    async def test_filters(self, client: httpx2.AsyncClient, query: dict[str, str], names: list[str]) -> None:
        response = await client.get(URL, params=query)
        assert [item["name"] for item in response.json()["items"]] == names

    async def test_search_by_code(self, client: httpx2.AsyncClient) -> None:
        wanted = (await client.get(URL)).json()["items"][2]
        for typed in (wanted["uscc"], wanted["uscc"].lower(), f"{wanted['uscc'][:8]} {wanted['uscc'][8:]}"):
            assert (await client.get(URL, params={"q": typed})).json()["items"] == [wanted]

    @pytest.mark.parametrize("sort", ["name", "-name", "created", "-created"])
    async def test_pages_join_without_gap_or_repeat(self, client: httpx2.AsyncClient, sort: str) -> None:
        whole = (await client.get(URL, params={"sort": sort})).json()
        assert whole["next"] is None
        items: list[Any] = []
        url: str | None = f"{URL}?sort={sort}&limit=1"
        while url:
            response = await client.get(url)
            items += response.json()["items"]
            link = response.headers.get("link")
            assert (link is None) == (response.json()["next"] is None)
            url = link.partition(">")[0].removeprefix("<") if link else None
        assert items == whole["items"]

    async def test_cursor_of_another_list_is_refused(self, client: httpx2.AsyncClient) -> None:
        cursor = (await client.get(URL, params={"limit": 1})).json()["next"]
        for query in ({"sort": "-name"}, {"q": "大学"}, {"province": "330000"}):
            response = await client.get(URL, params={"cursor": cursor, **query})
            assert (response.status_code, codes(response)) == (422, {("cursor", "cursor_invalid")})

    @pytest.mark.parametrize("cursor", ["x", "....", "W10.W10", "x" * 1001, "数"])
    async def test_forged_cursor_is_refused(self, client: httpx2.AsyncClient, cursor: str) -> None:
        assert (await client.get(URL, params={"cursor": cursor})).status_code == 422

    @pytest.mark.parametrize(
        "query",
        [
            {"limit": "0"},
            {"limit": "101"},
            {"sort": "uscc"},
            {"adcode": "33"},
            {"order": "x"},
            {"q": "\0"},
            {"q": "x" * 101},
        ],
    )
    async def test_bad_queries(self, client: httpx2.AsyncClient, query: dict[str, str]) -> None:
        assert (await client.get(URL, params=query)).status_code == 422

    async def test_statements(self, client: httpx2.AsyncClient, database: RolledBackDatabase) -> None:
        with statements_on(database.connection) as seen:
            await client.get(URL)
        assert len(seen) == 1, seen
