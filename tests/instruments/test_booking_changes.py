"""Moving and cancelling a booking over HTTP."""

from datetime import timedelta

from icalendar import Calendar

from app.access.permissions import Role
from app.core import clock
from app.tenancy.context import TenantContext
from tests.instruments.test_booking import World, book, day, times
from tests.instruments.test_booking import world as world  # noqa: PLC0414 - a fixture is known by its name
from tests.support.places import make_instrument


async def test_moving_keeps_the_calendar_identity(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    url = f"/api/v1/bookings/{booking['id']}"
    moved = await world.client.patch(url, json=times(day(1, 9), day(1, 10)), headers={"If-Match": '"v1"'})
    assert moved.status_code == 200, moved.text
    assert moved.headers["etag"] == '"v2"'
    event = Calendar.from_ical((await world.client.get(f"{url}/calendar.ics")).content).walk("VEVENT")[0]
    assert event["uid"] == f"booking-{booking['id']}@delta-commons"
    assert event["sequence"] == 1
    assert event.decoded("dtstart") == day(1, 9)
    assert "林知夏" not in event.to_ical().decode()


async def test_a_move_to_a_taken_slot_leaves_the_booking_alone(world: World) -> None:
    await book(world, day(0, 14), day(0, 16))
    booking = await book(world, day(0, 9), day(0, 11))
    url = f"/api/v1/bookings/{booking['id']}"
    refused = await world.client.patch(url, json=times(day(0, 15), day(0, 17)), headers={"If-Match": '"v1"'})
    assert refused.status_code == 409
    assert refused.json()["code"] == "instruments.slot_taken"
    assert refused.json()["alternatives"]
    assert (await world.client.get(url)).json() == booking


async def test_a_booking_may_move_over_itself(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    url = f"/api/v1/bookings/{booking['id']}"
    moved = await world.client.patch(url, json=times(day(0, 10), day(0, 12)), headers={"If-Match": '"v1"'})
    assert moved.status_code == 200


async def test_a_change_needs_the_current_version(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    url = f"/api/v1/bookings/{booking['id']}"
    body = times(day(1, 9), day(1, 10))
    assert (await world.client.patch(url, json=body)).status_code == 428
    assert (await world.client.patch(url, json=body, headers={"If-Match": '"v9"'})).status_code == 412
    assert (await world.client.patch(url, json=body, headers={"If-Match": "rubbish"})).status_code == 412
    assert (await world.client.get(url)).json() == booking


async def test_moving_to_another_instrument_is_refused(world: World) -> None:
    other = await make_instrument(world.database, "330000")
    booking = await book(world, day(0, 9), day(0, 11))
    body = times(day(1, 9), day(1, 10)) | {"unit_id": str(other.units[0])}
    answer = await world.client.patch(
        f"/api/v1/bookings/{booking['id']}", json=body, headers={"If-Match": '"v1"'}
    )
    assert answer.status_code == 422


async def test_cancelling_frees_the_slot(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    url = f"/api/v1/bookings/{booking['id']}"
    done = await world.client.post(f"{url}/cancel", json={}, headers={"If-Match": '"v1"'})
    assert done.status_code == 200
    assert done.json()["status"] == "cancelled"
    twice = await world.client.post(f"{url}/cancel", json={}, headers={"If-Match": '"v2"'})
    assert twice.status_code == 409
    await book(world, day(0, 9), day(0, 11))


async def test_the_instrument_s_side_cancels_with_a_reason(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    admin = await world.as_(await world.person("330000", roles=[Role.PROVINCE_ADMIN]))
    url = f"/api/v1/bookings/{booking['id']}/cancel"
    silent = await admin.post(url, json={}, headers={"If-Match": '"v1"'})
    assert silent.status_code == 422
    done = await admin.post(url, json={"reason": "电镜高压故障"}, headers={"If-Match": '"v1"'})
    assert done.status_code == 200
    seen = (await world.client.get(f"/api/v1/bookings/{booking['id']}")).json()
    assert seen["cancel_reason"] == "电镜高压故障"


async def test_a_started_booking_is_not_changed(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    from sqlalchemy import text  # noqa: PLC0415 - only here is time turned back

    past = clock.now() - timedelta(hours=1)
    async with world.database.transaction(TenantContext("330000").info()) as session:
        await session.execute(
            text(
                "UPDATE booking SET during = tstzrange(:a, :b), occupied = tstzrange("
                "cast(:a AS timestamptz) - make_interval(mins => 15), cast(:b AS timestamptz) + make_interval(mins => 30))"
                " WHERE id = :id"
            ),
            {"a": past, "b": past + timedelta(hours=2), "id": booking["id"]},
        )
    url = f"/api/v1/bookings/{booking['id']}"
    cancelled = await world.client.post(f"{url}/cancel", json={}, headers={"If-Match": '"v1"'})
    assert (cancelled.status_code, cancelled.json()["code"]) == (409, "instruments.already_started")
