"""Requests for approval: who decides, until when, and what becomes of those that wanted the same time."""

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.instruments.test_booking import World, day, wish
from tests.support.people import make_person, sign_in
from tests.support.places import make_instrument, make_organisation

URL = "/api/v1/bookings"


@dataclass
class Desk(World):
    """The world of bookings, where the microscope's manager approves."""

    manager: httpx2.AsyncClient

    async def ask(
        self, client: httpx2.AsyncClient | None = None, start: int = 9, end: int = 11
    ) -> dict[str, Any]:
        answer = await (client or self.client).post(URL, json=wish(self.place, day(0, start), day(0, end)))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        assert made["status"] == "requested"
        return made

    async def decide(
        self,
        booking: dict[str, Any],
        decision: str,
        client: httpx2.AsyncClient | None = None,
        reason: str = "",
    ) -> httpx2.Response:
        match = {"If-Match": f'"v{booking["version"]}"'}
        url = f"{URL}/{booking['id']}/{decision}"
        return await (client or self.manager).post(url, json={"reason": reason}, headers=match)

    async def state(self, booking: dict[str, Any], client: httpx2.AsyncClient | None = None) -> str:
        return str((await (client or self.client).get(f"{URL}/{booking['id']}")).json()["status"])

    async def pass_time(self, column: str) -> None:
        """As if the instant in `column` were over."""
        later = f"UPDATE booking SET {column} = clock_timestamp() - interval '1 second' WHERE status = 'requested'"
        async with self.database.transaction(TenantContext("330000").info()) as session:
            await session.execute(text(later))


async def desk_with(
    app: FastAPI, database: Database, settings: Settings, client: httpx2.AsyncClient, **policy: Any
) -> Desk:
    place = await make_instrument(database, "330000", requires_approval=True, **policy)
    lab = await make_organisation(database, "310000", "示例研究所")
    researcher = await make_person(database, settings, tenant_id="310000", organisations={lab: Role.MEMBER})
    await sign_in(client, app, researcher)
    world = World(app, database, settings, place, researcher, client)
    manager = await world.person("330000", organisations={place.organisation_id: Role.MANAGER})
    return Desk(app, database, settings, place, researcher, client, await world.as_(manager))


@pytest.fixture
async def desk(app: FastAPI, database: Database, settings: Settings, client: httpx2.AsyncClient) -> Desk:
    return await desk_with(app, database, settings, client)


@pytest.fixture
async def open_desk(app: FastAPI, database: Database, settings: Settings, client: httpx2.AsyncClient) -> Desk:
    """Where a request does not hold the unit."""
    return await desk_with(app, database, settings, client, pending_holds_slot=False)


async def another(desk: Desk) -> httpx2.AsyncClient:
    lab = await make_organisation(desk.database, "340000")
    return await desk.as_(await desk.person("340000", organisations={lab: Role.MEMBER}))


async def test_a_request_is_approved_once(desk: Desk) -> None:
    asked = await desk.ask()
    approved = await desk.decide(asked, "approve")
    assert (approved.status_code, approved.json()["status"]) == (200, "confirmed")
    again = await desk.decide(asked, "approve")
    assert (again.status_code, again.json()["code"]) == (409, "instruments.not_bookable")
    assert await desk.state(asked) == "confirmed"


async def test_a_rejection_has_a_reason_and_frees_the_time(desk: Desk) -> None:
    asked = await desk.ask()
    bare = await desk.decide(asked, "reject")
    assert (bare.status_code, bare.json()["errors"][0]["field"]) == (422, "reason")
    rejected = await desk.decide(asked, "reject", reason="样品不适合")
    assert (rejected.status_code, rejected.json()["status"]) == (200, "rejected")
    assert "样品不适合" in (await desk.client.get(f"/bookings/{asked['id']}")).text
    await desk.ask(await another(desk))


async def test_nobody_decides_about_their_own_request_nor_outsiders_about_any(desk: Desk) -> None:
    own = await desk.ask(desk.manager)
    assert (await desk.decide(own, "approve")).status_code == 403
    theirs = await desk.ask(start=13, end=14)
    assert (await desk.decide(theirs, "approve", desk.client)).status_code == 403
    stranger = await desk.as_(await desk.person("340000", roles=[Role.PROVINCE_ADMIN]))
    assert (await desk.decide(theirs, "approve", stranger)).status_code == 404
    assert await desk.state(theirs) == "requested"


@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_a_request_whose_time_is_over_is_expired_already(desk: Desk, decision: str) -> None:
    asked = await desk.ask()
    await desk.pass_time("due_at")
    late = await desk.decide(asked, decision, reason="太晚")
    assert (late.status_code, late.json()["code"]) == (409, "instruments.request_expired")
    await desk.ask(await another(desk))


async def test_a_held_time_is_busy_until_the_hold_is_over(desk: Desk) -> None:
    asked = await desk.ask()
    assert asked["hold_until"] is not None
    other = await another(desk)
    body = wish(desk.place, day(0, 10), day(0, 12))
    taken = await other.post(URL, json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "instruments.slot_taken")
    await desk.pass_time("hold_until")
    rival = await other.post(URL, json=body)
    assert rival.status_code == 201, rival.text
    assert await desk.state(asked) == "requested"


async def test_the_approval_of_one_brings_its_rivals_to_nothing(open_desk: Desk) -> None:
    first, rival = await open_desk.ask(), await open_desk.ask(other := await another(open_desk), 10, 12)
    later = await open_desk.ask(other, 12, 13)
    assert first["hold_until"] is None
    page = await open_desk.manager.get(f"/bookings/{first['id']}")
    assert "同一时段还有 1 个待审批的预约" in page.text
    assert (await open_desk.decide(first, "approve")).status_code == 200
    assert [await open_desk.state(one, other) for one in (rival, later)] == ["superseded", "requested"]
    refused = await open_desk.decide(rival, "approve")
    assert refused.status_code == 409


async def test_what_was_booked_meanwhile_is_not_approved_over(open_desk: Desk) -> None:
    asked = await open_desk.ask()
    policy = {
        "instrument_id": str(open_desk.place.instrument_id),
        "audience": "internal",
        "settings": {"requires_approval": False},
    }
    assert (await open_desk.manager.post("/api/v1/booking-policies", json=policy)).status_code == 201
    own = await open_desk.manager.post(URL, json=wish(open_desk.place, day(0, 9), day(0, 10)))
    assert (own.status_code, own.json()["status"]) == (201, "confirmed")
    refused = await open_desk.decide(asked, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "instruments.slot_taken")
    assert await open_desk.state(asked) == "requested"


async def test_whoever_asked_withdraws_and_moves_while_it_waits(desk: Desk) -> None:
    asked = await desk.ask()
    match = {"If-Match": '"v1"'}
    times = {"starts_at": day(1, 9).isoformat(), "ends_at": day(1, 10).isoformat()}
    moved = await desk.client.patch(f"{URL}/{asked['id']}", json=times, headers=match)
    assert (moved.status_code, moved.json()["status"]) == (200, "requested")
    by_owner = await desk.manager.post(
        f"{URL}/{asked['id']}/cancel", json={"reason": "x"}, headers={"If-Match": '"v2"'}
    )
    assert (by_owner.status_code, by_owner.json()["code"]) == (409, "instruments.not_bookable")
    withdrawn = await desk.client.post(f"{URL}/{asked['id']}/cancel", json={}, headers={"If-Match": '"v2"'})
    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "withdrawn")


async def test_the_pages_ask_and_decide(desk: Desk) -> None:
    asked = await desk.ask()
    waiting = await desk.manager.get("/bookings?side=received&view=waiting")
    assert asked["id"] in waiting.text
    mine = await desk.client.get(f"/bookings/{asked['id']}")
    assert "等待仪器管理方审批" in mine.text
    assert "审批这次预约" not in mine.text
    assert "审批这次预约" in (await desk.manager.get(f"/bookings/{asked['id']}")).text
