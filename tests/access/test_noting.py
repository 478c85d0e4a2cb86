"""Refusals and reads of personal data are events of the caller's own province, and cannot flood it."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from app.access.permissions import Role
from app.core.db import Database
from app.journal.public import Event, JournalEvent, note, write_tallies
from app.tenancy.context import TenantContext
from tests.support.clients import clients_of
from tests.support.places import make_instrument, make_organisation

HTML = {"accept": "text/html"}


async def noted(database: Database, tenant: str, group: str) -> list[tuple[Any, ...]]:
    async with database.transaction(TenantContext(tenant).info()) as session:
        mine = select(JournalEvent).where(JournalEvent.kind.startswith(group)).order_by(JournalEvent.id)
        found = (await session.scalars(mine)).all()
    return [(e.kind, e.subject_type, e.subject_id, e.tenant_id, e.after) for e in found]


async def counted(database: Database, tenant: str) -> list[int]:
    async with database.transaction(TenantContext(tenant).info()) as session:
        return list(await session.scalars(text("SELECT repeats FROM journal_tally ORDER BY opened_at")))


async def test_a_refusal_says_what_was_asked(app: FastAPI, database: Database) -> None:
    async with clients_of(app) as clients:
        person = await clients.of("330000")
        answer = await person.get("/people", headers=HTML)
        assert answer.status_code == 403
        asked = {"request": "GET /people", "status": 403, "code": "forbidden"}
        assert await noted(database, "330000", "access.") == [
            ("access.refused", "province", "330000", "330000", asked)
        ]
        async with database.transaction(TenantContext("330000").info()) as session:
            event = (
                await session.scalars(select(JournalEvent).where(JournalEvent.kind == "access.refused"))
            ).one()
        assert event.address == "127.0.0.1"
        assert event.session_id is not None
        assert event.request_id == answer.headers["x-request-id"]


async def test_the_same_again_is_counted(app: FastAPI, database: Database) -> None:
    async with clients_of(app) as clients:
        person, other = await clients.of("330000"), await clients.of("330000")
        for client in (person, person, person, other):
            await client.get("/people", headers=HTML)
        await person.get("/people/export.csv", headers=HTML)
    assert len(await noted(database, "330000", "access.")) == 3
    assert sorted(await counted(database, "330000")) == [0, 0, 2]


async def test_another_provinces_thing_is_a_refusal_at_home_only(app: FastAPI, database: Database) -> None:
    """Nothing tells whether the thing exists, and its owner hears nothing."""
    place = await make_instrument(database, "310000", scope="province")
    async with clients_of(app) as clients:
        admin = await clients.of("330000", roles=[Role.PROVINCE_ADMIN])
        for id_ in (place.instrument_id, uuid4()):
            answer = await admin.post(
                f"/api/v1/instruments/{id_}/units", json={"label": "A"}, headers={"if-match": '"v1"'}
            )
            assert answer.status_code == 404
    found = await noted(database, "330000", "access.")
    assert [(kind, type_, tenant) for kind, type_, _, tenant, _ in found] == [
        ("access.refused", "instrument", "330000")
    ] * 2
    assert found[0][4] == found[1][4]
    assert found[0][2] == str(place.instrument_id)
    assert await noted(database, "310000", "access.") == []


async def test_what_is_missing_or_a_visitors_is_none(
    app: FastAPI, client: httpx2.AsyncClient, database: Database
) -> None:
    async with clients_of(app) as clients:
        person = await clients.of("330000")
        assert (await person.get(f"/instruments/{uuid4()}", headers=HTML)).status_code == 404
    assert (await client.get("/people", headers=HTML)).status_code == 303
    assert (await client.post(f"/api/v1/instruments/{uuid4()}/units", json={})).status_code == 401
    for tenant in ("310000", "320000", "330000", "340000"):
        assert await noted(database, tenant, "access.") == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/people", "read.people"),
        ("/api/v1/people", "read.people"),
        ("/people/export.csv", "read.people_file"),
        ("/bookings/export.csv", "read.bookings_file"),
        ("/organisations/{organisation}/members", "read.members"),
    ],
)
async def test_reads_of_personal_data(app: FastAPI, database: Database, path: str, kind: str) -> None:
    organisation = await make_organisation(database, "330000", "钱塘示例大学")
    async with clients_of(app) as clients:
        officer = await clients.of("330000", roles=[Role.PROVINCE_ADMIN])
        for _ in range(2):
            answer = await officer.get(path.format(organisation=organisation))
            assert answer.status_code == 200, answer.text
    subject = ("organisation", str(organisation)) if "{" in path else ("province", "330000")
    assert await noted(database, "330000", "read.") == [(kind, *subject, "330000", None)]
    assert await counted(database, "330000") == [1]


async def test_what_cannot_be_noted_is_not_shown(
    app: FastAPI, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("app.access.noting.note", fails)
    async with clients_of(app) as clients:
        officer = await clients.of("330000", roles=[Role.PROVINCE_ADMIN])
        assert (await officer.get("/api/v1/people")).status_code == 503
        person = await clients.of("330000")
        assert (await person.get("/api/v1/people")).status_code == 403


async def test_many_at_once_are_one_event_and_a_count(fresh_database: Database) -> None:
    """Then the minute is over: two writers make one event of what was counted."""
    context = TenantContext("330000", uuid4(), "r", address="10.0.0.1", client_id=uuid4())

    async def refuse() -> None:
        async with fresh_database.transaction(context.info()) as session:
            await note(session, Event("access.refused", ("instrument", "x"), after={"status": 403}))

    await asyncio.gather(*(refuse() for _ in range(30)))
    assert len(await noted(fresh_database, "330000", "access.")) == 1
    assert await write_tallies(fresh_database, "330000") == 0, "the minute is not over"
    async with fresh_database.transaction(TenantContext("330000").info()) as session:
        await session.execute(text("UPDATE journal_tally SET opened_at = opened_at - interval '61 seconds'"))
    written = await asyncio.gather(*(write_tallies(fresh_database, "330000") for _ in range(2)))
    assert sorted(written) == [0, 1]
    first, second = await noted(fresh_database, "330000", "access.")
    assert first[4] == {"status": 403}
    assert (second[4]["status"], second[4]["times"]) == (403, 29)
    async with fresh_database.transaction(TenantContext("330000").info()) as session:
        events = (await session.scalars(select(JournalEvent))).all()
    assert {(e.actor_id, e.client_id, e.address) for e in events} == {
        (context.caller_id, context.client_id, "10.0.0.1")
    }
    await refuse()
    assert len(await noted(fresh_database, "330000", "access.")) == 3
