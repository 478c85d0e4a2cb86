"""What the instrument's side owes to whom it moves: a reason, and the time that was given up."""

from typing import Any

import httpx2
import pytest
from icalendar import Calendar
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.access.permissions import Role
from app.tenancy.context import TenantContext
from tests.instruments.test_booking import World, book, day, times
from tests.instruments.test_booking import world as world  # noqa: PLC0414 - a fixture is known by its name
from tests.support.forms import HTML, submit

REASON = "上午电镜检修"
LOCAL = "%Y-%m-%dT%H:%M"


async def move(
    client: httpx2.AsyncClient, booking: dict[str, Any], hour: int, version: int, **more: str
) -> httpx2.Response:
    body = times(day(1, hour), day(1, hour + 2)) | more
    url = f"/api/v1/bookings/{booking['id']}"
    return await client.patch(url, json=body, headers={"If-Match": f'"v{version}"'})


async def test_the_requester_reads_why_and_from_when(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    admin = await world.as_(await world.person("330000", roles=[Role.PROVINCE_ADMIN]))
    silent = await move(admin, booking, 9, 1)
    assert silent.status_code == 422
    assert [(e["field"], e["code"]) for e in silent.json()["errors"]] == [("reason", "missing")]
    moved = await move(admin, booking, 9, 1, reason=REASON)
    assert moved.status_code == 200, moved.text
    seen = (await world.client.get(f"/api/v1/bookings/{booking['id']}")).json()
    assert seen["move_reason"] == REASON
    assert seen["moved_from"] == {name: booking[name] for name in ("starts_at", "ends_at")}
    page = (await world.client.get(f"/bookings/{booking['id']}", headers=HTML)).text
    assert "仪器方已改期，原时段为" in page
    assert REASON in page
    file = (await world.client.get(f"/api/v1/bookings/{booking['id']}/calendar.ics")).content
    assert REASON in str(Calendar.from_ical(file).walk("VEVENT")[0]["description"])


async def test_the_requester_s_own_move_needs_no_reason_and_ends_the_note(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    admin = await world.as_(await world.person("330000", roles=[Role.PROVINCE_ADMIN]))
    assert (await move(admin, booking, 9, 1, reason=REASON)).status_code == 200
    own = await move(world.client, booking, 14, 2)
    assert own.status_code == 200
    assert (own.json()["moved_from"], own.json()["move_reason"]) == (None, "")
    assert "仪器方已改期" not in (await world.client.get(f"/bookings/{booking['id']}", headers=HTML)).text


async def test_the_page_that_moves_asks_the_instrument_s_side_why(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    admin = await world.as_(await world.person("330000", roles=[Role.PROVINCE_ADMIN]))
    url = f"/bookings/{booking['id']}/move"
    assert 'name="reason"' not in (await world.client.get(url, headers=HTML)).text
    typed = {"starts_at": day(1, 9).strftime(LOCAL), "ends_at": day(1, 11).strftime(LOCAL)}
    refused = await submit(admin, url, url, typed)
    assert refused.status_code == 422
    assert 'href="#f-reason"' in refused.text
    done = await submit(admin, url, url, typed | {"reason": REASON})
    assert done.status_code == 303, done.text


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        (
            "setup_min = -15, occupied = tstzrange(starts_at + interval '15 min', occupied_to)",
            "ck_booking_buffers",
        ),
        (
            "teardown_min = -15, occupied = tstzrange(occupied_from, ends_at - interval '15 min')",
            "ck_booking_buffers",
        ),
        ("moved_from = during", "ck_booking_moved"),
        ("move_reason = 'x'", "ck_booking_moved"),
    ],
)
async def test_the_database_refuses_what_no_form_would_send(
    world: World, values: str, constraint: str
) -> None:
    await book(world, day(0, 9), day(0, 11))
    with pytest.raises(IntegrityError, match=constraint):
        async with world.database.transaction(TenantContext("330000").info()) as session:
            await session.execute(text(f"UPDATE booking SET {values}"))
