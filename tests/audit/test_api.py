"""The journal as auditors see it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.access.principal import Principal
from app.audit.policy import may_read
from app.core import clock
from app.core.db import Database
from app.journal.public import record
from app.tenancy.context import TenantContext
from tests.support.clients import Clients, clients_of, statements_on
from tests.support.database import RolledBackDatabase

URL = "/api/v1/audit-events"
OWN = UUID("01930000-0000-7000-8000-00000000000a")
STRANGER = UUID("01930000-0000-7000-8000-00000000000b")


@pytest.fixture
async def clients(app: FastAPI) -> AsyncIterator[Clients]:
    async with clients_of(app) as clients:
        yield clients


@pytest.fixture
async def auditor(clients: Clients) -> httpx2.AsyncClient:
    return await clients.of("330000", roles=[Role.AUDITOR])


@pytest.fixture
async def events(database: Database) -> None:
    """Three events on Zhejiang's things, one by a Shanghai person; one of Zhejiang's people in Shanghai; one of Shanghai."""
    written: list[tuple[str, UUID, str, str, str]] = [
        ("330000", OWN, "booking.created", "b1", "330000"),
        ("330000", OWN, "booking.cancelled", "b1", "330000"),
        ("310000", STRANGER, "booking.created", "b2", "330000"),
        ("330000", OWN, "booking.created", "b3", "310000"),
        ("310000", STRANGER, "organisation.changed", "o1", "310000"),
    ]
    for actor_tenant, actor, kind, subject, tenant in written:
        async with database.transaction(TenantContext(actor_tenant, actor, "req-1").info()) as session:
            await record(session, kind, subject=("thing", subject), tenant_id=tenant, after={"n": 1})


async def listed(client: httpx2.AsyncClient, **query: Any) -> list[tuple[str, str]]:
    response = await client.get(URL, params={"subject_type": "thing", **query})
    assert response.status_code == 200, response.text
    return [(item["kind"], item["subject_id"]) for item in response.json()["items"]]


ALL = [
    ("booking.created", "b3"),
    ("booking.created", "b2"),
    ("booking.cancelled", "b1"),
    ("booking.created", "b1"),
]


@pytest.mark.usefixtures("events")
class TestEvents:
    async def test_own_province_newest_first(self, auditor: httpx2.AsyncClient) -> None:
        assert await listed(auditor) == ALL

    async def test_strangers_are_known_by_province_only(self, auditor: httpx2.AsyncClient) -> None:
        items = (await auditor.get(URL, params={"subject_type": "thing"})).json()["items"]
        assert [(item["actor_province"], item["actor_id"]) for item in items] == [
            ("330000", str(OWN)),
            ("310000", None),
            ("330000", str(OWN)),
            ("330000", str(OWN)),
        ]
        assert [item["province"] for item in items] == ["310000", "330000", "330000", "330000"]
        assert str(STRANGER) not in str(items)

    async def test_no_filter_tells_who_a_stranger_is(self, auditor: httpx2.AsyncClient) -> None:
        assert await listed(auditor, actor_id=str(STRANGER)) == []
        assert await listed(auditor, actor_id=str(OWN)) == [ALL[0], *ALL[2:]]

    async def test_filters(self, auditor: httpx2.AsyncClient) -> None:
        assert await listed(auditor, kind="booking") == ALL
        assert await listed(auditor, kind="booking.cancelled") == ALL[2:3]
        assert await listed(auditor, kind="book") == []
        assert await listed(auditor, subject_id="b2") == ALL[1:2]
        now = clock.now()
        assert await listed(auditor, since=(now + timedelta(minutes=1)).isoformat()) == []
        assert await listed(auditor, until=(now + timedelta(minutes=1)).isoformat()) == ALL
        assert await listed(auditor, until=(now - timedelta(minutes=1)).isoformat()) == []

    async def test_pages_join(self, auditor: httpx2.AsyncClient) -> None:
        found: list[str] = []
        url: str | None = f"{URL}?subject_type=thing&limit=2"
        while url:
            response = await auditor.get(url)
            found += [item["subject_id"] for item in response.json()["items"]]
            link = response.headers.get("link")
            url = link.partition(">")[0].removeprefix("<") if link else None
        assert found == ["b3", "b2", "b1", "b1"]

    async def test_cursor_of_another_province_is_refused(
        self, auditor: httpx2.AsyncClient, clients: Clients
    ) -> None:
        cursor = (await auditor.get(URL, params={"limit": 1})).json()["next"]
        other = await clients.of("310000", roles=[Role.AUDITOR])
        assert (await other.get(URL, params={"cursor": cursor, "limit": 1})).status_code == 422

    async def test_each_province_sees_its_own(self, clients: Clients) -> None:
        shanghai = await clients.of("310000", roles=[Role.AUDITOR])
        anhui = await clients.of("340000", roles=[Role.AUDITOR])
        assert await listed(shanghai) == [("organisation.changed", "o1"), *ALL[:2]]
        assert await listed(anhui) == []

    async def test_statements(self, auditor: httpx2.AsyncClient, database: RolledBackDatabase) -> None:
        with statements_on(database.connection) as seen:
            await auditor.get(URL)
        assert len(seen) == 2, seen


@pytest.mark.parametrize(
    "query",
    [
        {"since": "2026-11-21T00:00:00"},
        {"since": "yesterday"},
        {"kind": "Booking"},
        {"kind": "a.b.c"},
        {"subject_id": "../x"},
        {"actor_id": "me"},
        {"limit": "1000"},
        {"tenant_id": "310000"},
        {"cursor": "forged.forged"},
    ],
)
async def test_bad_queries(auditor: httpx2.AsyncClient, query: dict[str, str]) -> None:
    assert (await auditor.get(URL, params=query)).status_code == 422


@pytest.mark.parametrize("role", [Role.PROVINCE_ADMIN, None])
async def test_others_are_refused(clients: Clients, role: Role | None) -> None:
    client = await clients.of("330000", roles=[role] if role else [])
    assert (await client.get(URL)).status_code == 403


async def test_visitor_is_asked_to_sign_in(client: httpx2.AsyncClient) -> None:
    assert (await client.get(URL)).status_code == 401


async def test_nobody_changes_the_journal(auditor: httpx2.AsyncClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await auditor.request(method, URL)).status_code == 405
        assert (await auditor.request(method, f"{URL}/{uuid4()}")).status_code in {404, 405}


def test_the_permission_alone_is_not_enough() -> None:
    assert may_read(Principal("person", OWN, "330000", roles=frozenset({Role.AUDITOR})))
    assert not may_read(Principal("person", OWN, "330000", roles=frozenset({Role.PROVINCE_ADMIN})))
    assert not may_read(Principal("person", OWN, None, roles=frozenset({Role.AUDITOR})))
