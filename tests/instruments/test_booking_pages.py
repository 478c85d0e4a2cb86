"""The booking pages: forms sent twice or with odd characters, offers, one booking, and the week in words."""

from datetime import datetime
from typing import Any

import httpx2
import pytest
from icalendar import Calendar
from sqlalchemy import update

from app.instruments.models import Instrument
from app.tenancy.context import TenantContext
from tests.instruments.test_booking import World, book, day, times, wish
from tests.instruments.test_booking import world as world  # noqa: PLC0414 - a fixture is known by its name
from tests.support.forms import HTML, forms_of, submit
from tests.support.places import make_instrument

LOCAL = "%Y-%m-%dT%H:%M"


def path(world: World) -> str:
    return f"/instruments/{world.place.instrument_id}/book"


def typed(world: World, **more: str) -> dict[str, str]:
    """What a person types: tomorrow from nine to eleven."""
    return {
        "unit_id": str(world.place.units[0]),
        "starts_at": day(0, 9).strftime(LOCAL),
        "ends_at": day(0, 11).strftime(LOCAL),
        "purpose": "teaching",
        "project": "二维材料 A&B",
        "note": "请预冷\n样品室",
        **more,
    }


async def change(world: World, **values: Any) -> None:
    async with world.database.transaction(TenantContext("330000").info()) as session:
        await session.execute(
            update(Instrument).where(Instrument.id == world.place.instrument_id).values(**values)
        )


async def test_a_form_sent_twice_leads_to_the_one_booking(world: World) -> None:
    first = await submit(world.client, path(world), path(world), typed(world))
    again = await submit(world.client, path(world), path(world), typed(world))
    assert first.status_code == again.status_code == 303, again.text
    assert first.headers["location"] == again.headers["location"]
    assert await world.count() == 1


async def test_a_booking_made_again_over_the_api_names_the_one_there_is(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    answer = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "instruments.slot_taken")
    assert (problem["title"], problem["booking_id"]) == ("您已预约该时段", booking["id"])
    assert len(problem["alternatives"]) == 3


async def test_an_offered_time_keeps_what_was_typed(world: World) -> None:
    await book(world, day(0, 10), day(0, 12))
    refused = await submit(world.client, path(world), path(world), typed(world))
    assert refused.status_code == 409
    link = refused.text.partition('class="alternatives__list"')[2].partition('href="')[2].partition('"')[0]
    shown = await world.client.get(path(world) + link.replace("&amp;", "&"), headers=HTML)
    fields = dict(next(form for form in forms_of(shown.text) if form.action == path(world)).fields)
    assert fields["project"] == "二维材料 A&B"
    assert fields["note"].strip().splitlines() == ["请预冷", "样品室"]
    assert fields["purpose"] == "teaching"
    assert fields["starts_at"] != typed(world)["starts_at"]
    sent = await world.client.post(path(world), data=fields, headers=HTML)
    assert sent.status_code == 303, sent.text


async def test_an_offered_time_is_taken_over_by_the_form_that_moves(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    url = f"/bookings/{booking['id']}/move"
    chosen = {"starts_at": day(1, 9).strftime(LOCAL), "ends_at": day(1, 10).strftime(LOCAL)}
    shown = await world.client.get(url, params=chosen, headers=HTML)
    fields = dict(next(form for form in forms_of(shown.text) if form.action == url).fields)
    assert fields.items() >= chosen.items()


@pytest.mark.parametrize("field", ["project", "note"])
@pytest.mark.parametrize("text", ["a%00b", "a%ED%A0%80b"], ids=["nul", "lone-surrogate"])
async def test_characters_that_are_none_are_refused_beside_their_field(
    world: World, field: str, text: str
) -> None:
    shown = await world.client.get(path(world), headers=HTML)
    fields = dict(next(form for form in forms_of(shown.text) if form.action == path(world)).fields)
    body = httpx2.QueryParams(fields | typed(world, **{field: "TEXT"}))
    answer = await world.client.post(
        path(world),
        content=str(body).replace("TEXT", text),
        headers=HTML | {"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert await world.count() == 0


async def test_the_form_reads_the_instrument_s_clock(world: World) -> None:
    await change(world, tz="Asia/Urumqi")
    made = await submit(world.client, path(world), path(world), typed(world))
    booking = (await world.client.get(f"/api/v1{made.headers['location']}")).json()
    assert datetime.fromisoformat(booking["starts_at"]) == day(0, 11)
    assert "09:00–11:00" in (await world.client.get(made.headers["location"], headers=HTML)).text


async def test_a_retired_instrument_s_booking_is_only_cancelled(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    url = f"/bookings/{booking['id']}"
    before = (await world.client.get(url, headers=HTML)).text
    assert f"{url}/move" in before
    assert "data-dialog-close>保留预约" in before
    await change(world, service_status="retired")
    after = (await world.client.get(url, headers=HTML)).text
    assert f"{url}/move" not in after
    assert f"{url}/cancel" in after


async def test_an_instrument_no_longer_shared_is_no_link(world: World) -> None:
    booking = await book(world, day(0, 9), day(0, 11))
    link = f'<a href="/instruments/{world.place.instrument_id}">'
    pages = (f"/bookings/{booking['id']}", "/bookings")
    assert all([link in (await world.client.get(page, headers=HTML)).text for page in pages])
    await change(world, scope="organisation")
    for page in pages:
        shown = (await world.client.get(page, headers=HTML)).text
        assert link not in shown
        assert booking["instrument_name"] in shown
    assert f"/bookings/{booking['id']}/move" not in shown


async def test_the_calendar_file_says_where_and_in_the_reader_s_language(world: World) -> None:
    await change(world, name_en="Cryo microscope", address="示例路 1 号", adcode="330106")
    booking = await book(world, day(0, 9), day(0, 11))
    url = f"/api/v1/bookings/{booking['id']}"
    await world.client.patch(url, json=times(day(1, 9), day(1, 10)), headers={"If-Match": '"v1"'})
    await world.client.post(f"{url}/cancel", json={}, headers={"If-Match": '"v2"'})
    chinese, english = [
        Calendar.from_ical((await world.client.get(f"{url}/calendar.ics?lang={lang}")).content).walk(
            "VEVENT"
        )[0]
        for lang in ("zh", "en")
    ]
    assert str(chinese["summary"]).startswith(booking["instrument_name"])
    assert str(english["summary"]).startswith("Cryo microscope · ")
    assert str(chinese["location"]).endswith("示例路 1 号")
    assert (chinese["status"], chinese["sequence"], chinese["uid"]) == ("CANCELLED", 2, english["uid"])
    assert str(chinese["url"]).endswith(f"/bookings/{booking['id']}")


async def test_the_week_is_told_by_day_unit_and_time_without_buffers(world: World) -> None:
    place = await make_instrument(world.database, "330000", setup_min=15, teardown_min=30, units=2)
    body = wish(place, day(0, 9), day(0, 11))
    booking = (await world.client.post("/api/v1/bookings", json=body)).json()
    shown = await world.client.get(
        f"/instruments/{place.instrument_id}/book?week={day(0, 9):%Y-%m-%d}", headers=HTML
    )
    words = shown.text.partition('<ol class="week-list">')[2].partition("</ol>")[0]
    today = next(part for part in words.split("<h3") if f"/bookings/{booking['id']}" in part)
    lines = [line.strip() for line in today.split("<li")[1:]]
    assert "00:00–08:15" in lines[0]
    assert "09:00–11:00" in lines[1]
    assert "我的预约" in lines[1]
    assert "11:45–24:00" in lines[2]
    assert "00:00–24:00" in lines[3]
    assert today.index(booking["unit_label"]) < today.index("09:00–11:00")


async def test_a_wrong_address_is_a_page_that_is_not_there(world: World) -> None:
    for wrong in ("/bookings/abc", "/instruments/abc", "/bookings/abc/move"):
        answer = await world.client.get(wrong, headers=HTML)
        assert (answer.status_code, "没有找到" in answer.text) == (404, True)
    answer = await world.client.get("/api/v1/bookings/abc")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_english_readers_see_the_instrument_s_english_name(world: World) -> None:
    await change(world, name_en="Cryo microscope")
    booking = await book(world, day(0, 9), day(0, 11))
    for url in ("/bookings", f"/bookings/{booking['id']}", f"/bookings/{booking['id']}/move", path(world)):
        assert "Cryo microscope" in (await world.client.get(f"{url}?lang=en", headers=HTML)).text
        assert "Cryo microscope" not in (await world.client.get(f"{url}?lang=zh", headers=HTML)).text
