"""Who is told what about a taken time, and what an availability answer says besides."""

from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from app.access.permissions import Role
from tests.instruments.test_booking import World, book, day, times, wish
from tests.instruments.test_booking import world as world  # noqa: PLC0414 - a fixture is known by its name
from tests.support.forms import HTML
from tests.support.places import Place, make_instrument


async def availability(client: httpx2.AsyncClient, place: Place, **more: str) -> httpx2.Response:
    window = {"since": day(0, 0).isoformat(), "until": day(7, 0).isoformat()}
    return await client.get(f"/api/v1/instruments/{place.instrument_id}/availability", params=window | more)


async def busy(client: httpx2.AsyncClient, place: Place) -> dict[str, Any]:
    """The one taken time of the week."""
    (found,) = (await availability(client, place)).json()["busy"]
    told: dict[str, Any] = found
    return told


async def test_whoever_may_read_a_booking_is_told_which_it_is(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    lab = UUID(booking["organisation_id"])
    readers = [
        await world.person("310000", organisations={lab: Role.MANAGER}),
        await world.person("330000", organisations={world.place.organisation_id: Role.MANAGER}),
        *[
            await world.person(tenant, roles=[role])
            for tenant in ("310000", "330000")
            for role in (Role.PROVINCE_ADMIN, Role.AUDITOR)
        ],
    ]
    for reader in readers:
        client = await world.as_(reader)
        assert (await client.get(f"/api/v1/bookings/{booking['id']}")).status_code == 200
        told = await busy(client, world.place)
        assert (told["booking_id"], told["mine"], told["label"]) == (
            booking["id"],
            False,
            "林知夏 · 示例研究所",
        )
        assert told["booked"] == {name: booking[name] for name in ("starts_at", "ends_at")}


async def test_a_colleague_of_the_province_is_told_who_and_not_which(world: World) -> None:
    place = await make_instrument(world.database, "310000")
    await book(world, day(0, 9), day(0, 11), place)
    colleague, stranger = [await world.as_(await world.person(tenant)) for tenant in ("310000", "330000")]
    told = await busy(colleague, place)
    assert (told["booking_id"], told["booked"], told["label"]) == (None, None, "林知夏 · 示例研究所")
    told = await busy(stranger, place)
    assert (told["booking_id"], told["booked"], told["label"]) == (None, None, None)


async def test_a_visitor_is_told_a_time_is_taken_and_nothing_else(
    world: World, client: httpx2.AsyncClient
) -> None:
    """A visitor has neither account nor province, which must not equal the blanks of a booking not shown."""
    place = await make_instrument(world.database, "330000", scope="public")
    await book(world, day(0, 9), day(0, 11), place)
    client.cookies.clear()
    told = await busy(client, place)
    assert (told["booking_id"], told["booked"], told["label"], told["mine"]) == (None, None, None, False)


async def test_another_instrument_s_unit_is_refused(world: World) -> None:
    other = await make_instrument(world.database, "330000")
    for unit in (other.units[0], uuid4()):
        answer = await availability(world.client, world.place, unit_id=str(unit))
        assert answer.status_code == 422
        assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("unit_id", "unknown_unit")]
    own = await availability(world.client, world.place, unit_id=str(world.place.units[0]))
    assert own.status_code == 200


@pytest.mark.parametrize(
    ("values", "takes"),
    [
        ({}, True),
        ({"service_status": "restricted"}, True),
        ({"service_status": "suspended"}, False),
        ({"service_status": "retired"}, False),
        ({"booking_mode": "sample"}, False),
    ],
)
async def test_an_instrument_that_takes_no_bookings_says_so(
    world: World, values: dict[str, Any], *, takes: bool
) -> None:
    place = await make_instrument(world.database, "330000", **values)
    assert (await availability(world.client, place)).json()["takes_bookings"] is takes
    page = await world.client.get(
        f"/instruments/{place.instrument_id}/book?week={day(7, 0):%Y-%m-%d}", headers=HTML
    )
    assert ('class="week-list__free"' in page.text) is takes


async def test_the_grid_of_starts_begins_at_the_opening(world: World) -> None:
    hours = [{"weekday": number, "opens": time(9), "closes": time(11)} for number in range(1, 8)]
    place = await make_instrument(
        world.database, "330000", hours=hours, step_min=120, min_min=120, max_min=120
    )
    found = (await availability(world.client, place)).json()
    assert [datetime.fromisoformat(start) for start in found["grid_starts"]] == [day(n, 9) for n in range(7)]
    refused = await world.client.post("/api/v1/bookings", json=wish(place, day(0, 10), day(0, 12)))
    told = {e["code"]: e["message"] for e in refused.json()["errors"]}
    assert told["off_grid"] == "开始时间须从 09:00 起，每 120 分钟一格"
    await book(world, day(0, 9), day(0, 11), place)


async def test_alternatives_are_written_as_every_other_instant(world: World) -> None:
    await book(world, day(0, 9), day(0, 11))
    refused = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 10), day(0, 12)))
    offers = refused.json()["alternatives"]
    assert offers
    assert all(offer[name].endswith("Z") for offer in offers for name in ("starts_at", "ends_at"))


async def test_the_week_offers_none_after_the_last_bookable_day(world: World) -> None:
    """The horizon's end is exclusive: when it is a Monday's midnight, that week has nothing to book."""
    days_to_sunday = 7 - day(-1, 0).isoweekday()
    place = await make_instrument(world.database, "330000", horizon_days=days_to_sunday + 7)
    week = f"{day(days_to_sunday, 0):%Y-%m-%d}"
    page = await world.client.get(f"/instruments/{place.instrument_id}/book?week={week}", headers=HTML)
    assert page.status_code == 200
    assert "下一周" not in page.text
    assert "上一周" in page.text


async def test_a_manager_s_own_list_says_who_booked(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    lab = UUID(booking["organisation_id"])
    manager = await world.as_(await world.person("310000", organisations={lab: Role.MANAGER}))
    listed = (await manager.get("/bookings", headers=HTML)).text
    assert booking["id"] in listed
    assert "林知夏" in listed.partition("<table")[2]
    assert "同事预约" in listed
    own = (await world.client.get("/bookings", headers=HTML)).text
    assert "林知夏" not in own.partition("<table")[2].partition("</table>")[0]
    moved = await manager.patch(
        f"/api/v1/bookings/{booking['id']}", json=times(day(0, 10), day(0, 12)), headers={"If-Match": '"v1"'}
    )
    assert (moved.status_code, moved.json()["moved_from"]) == (200, None)


@pytest.mark.parametrize(("days", "status"), [(4, 403), (5, 201)])
async def test_customs_supervision_is_judged_on_the_day_of_the_booking(
    world: World, days: int, status: int
) -> None:
    """Its last day is four days after tomorrow: the fifth is free."""
    place = await make_instrument(
        world.database, "330000", customs_supervised=True, customs_until=day(4, 0).date()
    )
    answer = await world.client.post("/api/v1/bookings", json=wish(place, day(days, 0), day(days, 2)))
    assert answer.status_code == status, answer.text
    lasting = await make_instrument(
        world.database, "330000", customs_supervised=True, customs_until=day(90, 0).date()
    )
    page = await world.client.get(f"/instruments/{lasting.instrument_id}/book", headers=HTML)
    assert "海关监管" in page.text


async def test_a_move_out_of_the_free_days_is_refused(world: World) -> None:
    place = await make_instrument(
        world.database, "330000", customs_supervised=True, customs_until=day(4, 0).date()
    )
    booking = await book(world, day(5, 9), day(5, 11), place)
    moved = await world.client.patch(
        f"/api/v1/bookings/{booking['id']}", json=times(day(4, 9), day(4, 11)), headers={"If-Match": '"v1"'}
    )
    assert moved.status_code == 403
