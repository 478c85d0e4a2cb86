"""Booking over HTTP, across a province border."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.access.permissions import Role
from app.core import clock
from app.core.db import Database
from app.instruments.models import Booking
from app.journal.models import JournalEvent
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.people import Person, make_person, sign_in
from tests.support.places import Place, make_instrument, make_organisation

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day(offset: int, hour: int, minute: int = 0) -> datetime:
    """A local time `offset` days after tomorrow."""
    date = clock.now().astimezone(SHANGHAI).date() + timedelta(days=1 + offset)
    return datetime.combine(date, time(hour, minute), SHANGHAI)


def wish(place: Place, start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
    body = {
        "unit_id": str(place.units[0]),
        "starts_at": start.isoformat(),
        "ends_at": end.isoformat(),
        "purpose": "research",
    }
    return body | more


@dataclass
class World:
    """A Shanghai researcher, a Zhejiang microscope and the people around them."""

    app: FastAPI
    database: Database
    settings: Settings
    place: Place
    researcher: Person
    client: httpx2.AsyncClient

    async def person(self, tenant_id: str, **values: Any) -> Person:
        return await make_person(self.database, self.settings, tenant_id=tenant_id, **values)

    async def as_(self, person: Person) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
        await sign_in(client, self.app, person)
        return client

    async def count(self) -> int:
        async with self.database.transaction(TenantContext(self.place.tenant_id).info()) as session:
            return int(await session.scalar(select(func.count()).select_from(Booking)) or 0)


@pytest.fixture
async def world(app: FastAPI, database: Database, settings: Settings) -> AsyncIterator[World]:
    place = await make_instrument(database, "330000", setup_min=15, teardown_min=30)
    lab = await make_organisation(database, "310000", "示例研究所")
    researcher = await make_person(
        database, settings, tenant_id="310000", name="林知夏", organisations={lab: Role.MEMBER}
    )
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        await sign_in(client, app, researcher)
        yield World(app, database, settings, place, researcher, client)


async def test_a_booking_across_the_border(world: World) -> None:
    answer = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    assert answer.status_code == 201, answer.text
    booking = answer.json()
    assert answer.headers["location"] == f"/api/v1/bookings/{booking['id']}"
    assert answer.headers["etag"] == '"v1"'
    assert booking["tenant_id"] == "330000"
    assert booking["requester_tenant_id"] == "310000"
    assert booking["requester_name"] == "林知夏"
    assert booking["organisation_name"] == "示例研究所"
    assert booking["status"] == "confirmed"
    again = await world.client.get(answer.headers["location"])
    assert again.json() == booking
    mine = await world.client.get("/api/v1/bookings", params={"side": "requested"})
    assert [item["id"] for item in mine.json()["items"]] == [booking["id"]]


async def test_the_journal_has_it_under_the_owner_without_names(world: World) -> None:
    await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    async with world.database.transaction(TenantContext("330000").info()) as session:
        event = (
            await session.scalars(select(JournalEvent).where(JournalEvent.kind == "booking.created"))
        ).one()
    assert (event.tenant_id, event.actor_tenant_id) == ("330000", "310000")
    assert event.actor_id == world.researcher.id
    assert "林知夏" not in str(event.after)


async def test_a_taken_slot_is_refused_with_free_times(world: World) -> None:
    await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    answer = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 10), day(0, 12)))
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "instruments.slot_taken"
    assert len(problem["alternatives"]) == 3
    assert await world.count() == 1
    for offer in problem["alternatives"]:
        taken = await world.client.post(
            "/api/v1/bookings", json={**wish(world.place, day(0, 9), day(0, 9)), **offer}
        )
        assert taken.status_code in {201, 409}
    first = problem["alternatives"][0]
    assert first["unit_id"] == str(world.place.units[0])


@pytest.mark.parametrize(("minutes_after", "status"), [(20, 409), (30, 409), (45, 201)])
async def test_buffers_keep_bookings_apart(world: World, minutes_after: int, status: int) -> None:
    await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    start = day(0, 11) + timedelta(minutes=minutes_after - minutes_after % 15)
    answer = await world.client.post(
        "/api/v1/bookings", json=wish(world.place, start, start + timedelta(hours=1))
    )
    assert answer.status_code == status


async def test_adjacent_bookings_without_buffers(world: World) -> None:
    place = await make_instrument(world.database, "330000")
    for hour in (9, 10):
        answer = await world.client.post("/api/v1/bookings", json=wish(place, day(0, hour), day(0, hour + 1)))
        assert answer.status_code == 201


async def test_a_sibling_unit_is_offered_at_the_same_time(world: World) -> None:
    place = await make_instrument(world.database, "330000", units=2)
    await world.client.post("/api/v1/bookings", json=wish(place, day(0, 9), day(0, 11)))
    answer = await world.client.post("/api/v1/bookings", json=wish(place, day(0, 9), day(0, 11)))
    first = answer.json()["alternatives"][0]
    assert first["unit_id"] == str(place.units[1])
    assert datetime.fromisoformat(first["starts_at"]) == day(0, 9)


async def test_every_broken_term_is_told_at_once(world: World) -> None:
    place = await make_instrument(
        world.database,
        "330000",
        hours=[{"weekday": d, "opens": time(9), "closes": time(17)} for d in range(1, 8)],
    )
    body = wish(place, day(0, 7, 7), day(0, 7, 12))
    answer = await world.client.post("/api/v1/bookings", json=body)
    assert answer.status_code == 422
    assert {e["code"] for e in answer.json()["errors"]} == {"off_grid", "too_short", "outside_opening_hours"}
    assert await world.count() == 0


BAD_SPANS = {
    "naive": ("2027-01-04T09:00:00", "2027-01-04T11:00:00", "timezone_aware"),
    "backwards": ("2027-01-04T11:00:00+08:00", "2027-01-04T09:00:00+08:00", "end_not_after_start"),
    "empty": ("2027-01-04T09:00:00+08:00", "2027-01-04T09:00:00+08:00", "end_not_after_start"),
    "infinite": ("2027-01-04T09:00:00+08:00", "infinity", "datetime_parsing"),
    "400 days": ("2027-01-04T09:00:00+08:00", "2028-02-08T09:00:00+08:00", "span_too_long"),
    "year 9999": ("2027-01-04T09:00:00+08:00", "9999-12-31T23:59:59+00:00", "datetime_out_of_range"),
    "no time": ("2027-01-04", "2027-01-05", "timezone_aware"),
}


@pytest.mark.parametrize("case", BAD_SPANS)
async def test_bad_spans_are_refused_by_name(world: World, case: str) -> None:
    start, end, code = BAD_SPANS[case]
    body = wish(world.place, day(0, 9), day(0, 11)) | {"starts_at": start, "ends_at": end}
    answer = await world.client.post("/api/v1/bookings", json=body)
    assert answer.status_code == 422, answer.text
    assert code in {e["code"] for e in answer.json()["errors"]}


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_instants_at_the_edge_of_time_are_refused(world: World, year: str) -> None:
    body = wish(world.place, day(0, 9), day(0, 11)) | {"starts_at": year, "ends_at": year}
    answer = await world.client.post("/api/v1/bookings", json=body)
    assert answer.status_code == 422


@pytest.mark.parametrize("text", ["a\u0000b", "a\u202eb", "a\u0007b"])
async def test_hidden_characters_are_refused(world: World, text: str) -> None:
    body = wish(world.place, day(0, 9), day(0, 11), project=text)
    answer = await world.client.post("/api/v1/bookings", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "project"


async def test_four_byte_characters_are_kept(world: World) -> None:
    answer = await world.client.post(
        "/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11), project="𠮷野课题 🧪")
    )
    assert answer.json()["project"] == "𠮷野课题 🧪"


async def test_unknown_fields_are_refused(world: World) -> None:
    answer = await world.client.post(
        "/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11), status="confirmed")
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "extra_forbidden"


async def test_a_visitor_cannot_book(world: World, client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    assert answer.status_code == 401
    assert await world.count() == 0


async def test_who_belongs_nowhere_cannot_book(world: World) -> None:
    client = await world.as_(await world.person("310000"))
    answer = await client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    assert answer.status_code == 403
    assert await world.count() == 0


async def test_nobody_books_in_another_organisation_s_name(world: World) -> None:
    other = await make_organisation(world.database, "310000")
    answer = await world.client.post(
        "/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11), organisation_id=str(other))
    )
    assert answer.status_code == 403
    assert await world.count() == 0


@pytest.mark.parametrize("scope", ["organisation", "province"])
async def test_a_hidden_instrument_does_not_exist(world: World, scope: str) -> None:
    hidden = await make_instrument(world.database, "330000", scope=scope)
    answer = await world.client.post("/api/v1/bookings", json=wish(hidden, day(0, 9), day(0, 11)))
    nobody = await world.client.post(
        "/api/v1/bookings", json=wish(hidden, day(0, 9), day(0, 11), unit_id=str(uuid4()))
    )
    assert answer.status_code == nobody.status_code == 404
    window = {"since": day(0, 0).isoformat(), "until": day(7, 0).isoformat()}
    url = f"/api/v1/instruments/{hidden.instrument_id}/availability"
    assert (await world.client.get(url, params=window)).status_code == 404


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"service_status": "restricted"}, 403),
        ({"customs_supervised": True}, 403),
        ({"service_status": "suspended"}, 409),
        ({"service_status": "retired"}, 409),
        ({"booking_mode": "sample"}, 409),
    ],
)
async def test_instruments_that_do_not_serve_now(world: World, values: dict[str, Any], status: int) -> None:
    place = await make_instrument(world.database, "330000", **values)
    answer = await world.client.post("/api/v1/bookings", json=wish(place, day(0, 9), day(0, 11)))
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert await world.count() == 0


async def book(world: World, start: datetime, end: datetime, place: Place | None = None) -> dict[str, Any]:
    answer = await world.client.post("/api/v1/bookings", json=wish(place or world.place, start, end))
    assert answer.status_code == 201, answer.text
    booking: dict[str, Any] = answer.json()
    return booking


def times(start: datetime, end: datetime) -> dict[str, str]:
    return {"starts_at": start.isoformat(), "ends_at": end.isoformat()}


@pytest.mark.parametrize("tenant", ["310000", "320000", "330000", "340000"])
async def test_a_booking_is_hidden_from_everyone_else(world: World, tenant: str) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    lab = await make_organisation(world.database, tenant)
    other = await world.as_(await world.person(tenant, organisations={lab: Role.MANAGER}))
    url = f"/api/v1/bookings/{booking['id']}"
    assert (await other.get(url)).status_code == 404
    assert (await other.get(f"{url}/calendar.ics")).status_code == 404
    move = await other.patch(url, json=times(day(1, 9), day(1, 10)), headers={"If-Match": '"v1"'})
    assert move.status_code == 404
    assert (await other.post(f"{url}/cancel", json={}, headers={"If-Match": '"v1"'})).status_code == 404
    assert (await other.get("/api/v1/bookings")).json()["items"] == []
    assert (await world.client.get(url)).json() == booking


async def test_others_see_busy_and_nothing_else(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    url = f"/api/v1/instruments/{world.place.instrument_id}/availability"
    window = {"since": day(0, 0).isoformat(), "until": day(7, 0).isoformat()}
    own = (await world.client.get(url, params=window)).json()["busy"]
    assert [(e["booking_id"], e["mine"]) for e in own] == [(booking["id"], True)]
    for tenant in ("310000", "320000", "330000"):
        stranger = await world.as_(await world.person(tenant))
        answer = await stranger.get(url, params=window)
        busy = answer.json()["busy"]
        assert [(e["booking_id"], e["mine"], e["label"]) for e in busy] == [(None, False, None)]
        assert datetime.fromisoformat(busy[0]["starts_at"]) == day(0, 8, 45)
        assert "林知夏" not in answer.text
        assert booking["id"] not in answer.text
    admin = await world.as_(await world.person("330000", roles=[Role.PROVINCE_ADMIN]))
    seen = (await admin.get(url, params=window)).json()["busy"][0]
    assert (seen["booking_id"], seen["label"]) == (booking["id"], "林知夏 · 示例研究所")


async def test_availability_tells_the_terms(world: World) -> None:
    place = await make_instrument(
        world.database,
        "330000",
        hours=[{"weekday": d, "opens": time(9), "closes": time(17)} for d in range(1, 8)],
    )
    url = f"/api/v1/instruments/{place.instrument_id}/availability"
    answer = await world.client.get(
        url, params={"since": day(0, 0).isoformat(), "until": day(1, 0).isoformat()}
    )
    body = answer.json()
    closed = [tuple(datetime.fromisoformat(s[k]) for k in ("starts_at", "ends_at")) for s in body["closed"]]
    assert closed == [(day(0, 0), day(0, 9)), (day(0, 17), day(1, 0))]
    assert (body["step_min"], body["min_min"], body["max_min"]) == (15, 30, 480)
    assert [u["id"] for u in body["units"]] == [str(place.units[0])]


@pytest.mark.parametrize("days", [0, -1, 63])
async def test_availability_windows_are_bounded(world: World, days: int) -> None:
    url = f"/api/v1/instruments/{world.place.instrument_id}/availability"
    answer = await world.client.get(
        url, params={"since": day(0, 0).isoformat(), "until": day(days, 0).isoformat()}
    )
    assert answer.status_code == 422


async def test_lists_page_by_keyset_without_gaps(world: World) -> None:
    place = await make_instrument(world.database, "330000")
    made = [(await book(world, day(d, h), day(d, h + 1), place))["id"] for d in range(2) for h in (9, 10, 11)]
    for order, expected in (("earliest", made), ("latest", made[::-1])):
        url = "/api/v1/bookings"
        params: dict[str, Any] = {"limit": 4, "order": order}
        first = await world.client.get(url, params=params)
        assert first.headers["link"].endswith('rel="next"')
        second = await world.client.get(url, params=params | {"cursor": first.json()["next"]})
        assert second.json()["next"] is None
        assert [i["id"] for i in first.json()["items"] + second.json()["items"]] == expected
    forged = await world.client.get(
        url, params=params | {"cursor": first.json()["next"], "order": "earliest"}
    )
    assert forged.status_code == 422


async def test_a_retry_with_the_same_key_books_once(world: World) -> None:
    body = wish(world.place, day(0, 9), day(0, 11))
    headers = {"Idempotency-Key": "wish-1"}
    first = await world.client.post("/api/v1/bookings", json=body, headers=headers)
    again = await world.client.post("/api/v1/bookings", json=body, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = await world.client.post("/api/v1/bookings", json=body | {"note": "另一份"}, headers=headers)
    assert other.status_code == 422
    assert await world.count() == 1
