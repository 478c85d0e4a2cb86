"""Who of the two parties may read and change a booking, and what the other side's changes do to it."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, update

from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import Database
from app.identity.models import Membership
from app.identity.public import sign_in_context
from app.instruments.models import Instrument
from app.organisations.models import Organisation
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.instruments.test_booking import World, book, day, times, wish
from tests.instruments.test_booking import world as world  # noqa: PLC0414 - a fixture is known by its name
from tests.support.people import Person
from tests.support.places import make_instrument, make_organisation


async def leave(database: Database, settings: Settings, person: Person) -> None:
    async with database.transaction(sign_in_context(settings).info()) as session:
        await session.execute(delete(Membership).where(Membership.account_id == person.id))


@pytest.mark.parametrize("role", [Role.PROVINCE_ADMIN, Role.AUDITOR])
@pytest.mark.parametrize("tenant", ["310000", "330000"])
async def test_the_officers_of_both_provinces_read_it(world: World, role: Role, tenant: str) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    officer = await world.as_(await world.person(tenant, roles=[role]))
    assert (await officer.get(f"/api/v1/bookings/{booking['id']}")).json() == booking
    assert [b["id"] for b in (await officer.get("/api/v1/bookings")).json()["items"]] == [booking["id"]]
    mine = await officer.get("/api/v1/bookings", params={"side": "requested"})
    assert mine.json()["items"] == []


async def test_an_officer_of_the_requesters_province_changes_nothing(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    officer = await world.as_(await world.person("310000", roles=[Role.PROVINCE_ADMIN]))
    url = f"/api/v1/bookings/{booking['id']}"
    answer = await officer.post(f"{url}/cancel", json={}, headers={"If-Match": '"v1"'})
    assert answer.status_code == 403
    assert (await world.client.get(url)).json() == booking


async def test_who_left_the_organisation_may_cancel_but_not_move(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    await leave(world.database, world.settings, world.researcher)
    url = f"/api/v1/bookings/{booking['id']}"
    moved = await world.client.patch(url, json=times(day(1, 9), day(1, 11)), headers={"If-Match": '"v1"'})
    assert moved.status_code == 403
    assert (await world.client.get(url)).json() == booking
    cancelled = await world.client.post(f"{url}/cancel", json={}, headers={"If-Match": '"v1"'})
    assert cancelled.status_code in {200, 403}


async def test_a_suspended_organisation_neither_books_nor_moves(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    async with world.database.transaction(TenantContext("310000").info()) as session:
        await session.execute(
            update(Organisation)
            .where(Organisation.id == booking["organisation_id"])
            .values(status="suspended")
        )
    url = f"/api/v1/bookings/{booking['id']}"
    moved = await world.client.patch(url, json=times(day(1, 9), day(1, 11)), headers={"If-Match": '"v1"'})
    assert moved.status_code == 403
    again = await world.client.post("/api/v1/bookings", json=wish(world.place, day(2, 9), day(2, 11)))
    assert again.status_code == 403
    assert await world.count() == 1


async def test_an_instrument_no_longer_shared_is_no_longer_booked(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    async with world.database.transaction(TenantContext("330000").info()) as session:
        await session.execute(
            update(Instrument).where(Instrument.id == world.place.instrument_id).values(scope="province")
        )
    url = f"/api/v1/bookings/{booking['id']}"
    assert (await world.client.get(url)).json() == booking
    moved = await world.client.patch(url, json=times(day(1, 9), day(1, 11)), headers={"If-Match": '"v1"'})
    assert (moved.status_code, moved.json()["code"]) == (409, "instruments.not_bookable")
    cancelled = await world.client.post(f"{url}/cancel", json={}, headers={"If-Match": '"v1"'})
    assert cancelled.status_code == 200


@pytest.mark.parametrize("whole_province", [True, False])
async def test_a_system_reads_for_whom_it_acts_and_books_nothing(world: World, whole_province: bool) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    other = await make_organisation(world.database, "330000")
    acts_for: dict[Any, Role] = {} if whole_province else {world.place.organisation_id: Role.MEMBER}

    async def system(_request: object, *, organisations: dict[Any, Role] = acts_for) -> Principal:
        return Principal(
            kind="system",
            id=other,
            tenant_id="330000",
            roles=frozenset({Role.SYSTEM}),
            organisations=organisations,
            scopes=frozenset({"bookings.read", "instruments.book"}),
        )

    world.app.state.authenticate = system
    transport = httpx2.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert [b["id"] for b in (await client.get("/api/v1/bookings")).json()["items"]] == [booking["id"]]
        refused = await client.post("/api/v1/bookings", json=wish(world.place, day(1, 9), day(1, 11)))
        assert refused.status_code == 403

    async def stranger(request: object) -> Principal:
        return await system(request, organisations={other: Role.MEMBER})

    world.app.state.authenticate = stranger
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/api/v1/bookings")).json()["items"] == []


async def test_retired_stays_retired(world: World) -> None:
    place = await make_instrument(world.database, "330000", service_status="retired")
    admin = await world.as_(await world.person("330000", roles=[Role.PROVINCE_ADMIN]))
    url = f"/api/v1/instruments/{place.instrument_id}"
    answer = await admin.patch(url, json={"service_status": "open"}, headers={"If-Match": '"v1"'})
    assert (answer.status_code, answer.json()["code"]) == (409, "instruments.already_retired")
    assert (await admin.get(url)).json()["service_status"] == "retired"
