"""Lists of bookings: filters, tabs that keep them, states that hold the unit, and the file of all rows."""

import csv
import io
from urllib.parse import urlencode

import pytest

from app.access.permissions import Role
from tests.instruments.test_booking import World, book, day, wish
from tests.instruments.test_booking import world as world  # noqa: PLC0414 - a fixture is known by its name
from tests.support.forms import HTML
from tests.support.places import make_instrument


async def page(world: World, **query: str) -> str:
    answer = await world.client.get(f"/bookings?{urlencode(query)}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer.text


async def rows(world: World, **query: str) -> list[list[str]]:
    answer = await world.client.get(f"/bookings/export.csv?{urlencode(query)}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_the_file_has_every_row_and_runs_no_formula(world: World) -> None:
    for number in range(25):
        start, end = day(number % 5, 9 + number // 5 * 2), day(number % 5, 10 + number // 5 * 2)
        answer = await world.client.post(
            "/api/v1/bookings", json=wish(world.place, start, end, project="=HYPERLINK(1)")
        )
        assert answer.status_code == 201, answer.text
    head, *found = await rows(world)
    assert (len(found), found[0][head.index("课题")]) == (25, "'=HYPERLINK(1)")
    assert found[0][head.index("开始时间")] == f"{day(0, 9):%Y-%m-%d %H:%M}"
    assert "Start" in (await rows(world, lang="en"))[0]
    assert "/bookings/export.csv?" in await page(world)


async def test_a_list_is_narrowed_by_words_and_days(world: World) -> None:
    first = await book(world, day(0, 9), day(0, 11))
    second = (
        await world.client.post(
            "/api/v1/bookings", json=wish(world.place, day(3, 9), day(3, 11), project="100%纯度_A")
        )
    ).json()
    by_words = await page(world, q="100%纯")
    assert first["id"] not in by_words
    assert second["id"] in by_words
    assert second["id"] not in await page(world, q="100_")
    by_day = await page(world, until=f"{day(0, 9):%Y-%m-%d}")
    assert first["id"] in by_day
    assert second["id"] not in by_day
    api = await world.client.get("/api/v1/bookings", params={"q": "纯度"})
    assert [item["id"] for item in api.json()["items"]] == [second["id"]]


async def test_tabs_and_filters_keep_the_instrument(world: World) -> None:
    other = await make_instrument(world.database, "330000")
    kept = await book(world, day(0, 9), day(0, 11))
    left = (await world.client.post("/api/v1/bookings", json=wish(other, day(0, 9), day(0, 11)))).json()
    shown = await page(world, instrument_id=str(world.place.instrument_id))
    assert kept["id"] in shown
    assert left["id"] not in shown
    assert f"instrument_id={world.place.instrument_id}&amp;view=past" in shown
    assert f'name="instrument_id" value="{world.place.instrument_id}"' in shown


async def test_a_window_turned_round_names_both_ends(world: World) -> None:
    shown = await world.client.get("/bookings?since=2026-12-02&until=2026-12-01", headers=HTML)
    assert shown.status_code == 422
    assert all(f'href="#f-{name}"' in shown.text for name in ("since", "until"))
    window = {"since": day(1, 9).isoformat(), "until": day(0, 9).isoformat()}
    answer = await world.client.get("/api/v1/bookings", params=window)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["since", "until"]


async def test_what_waits_for_approval_is_among_the_upcoming_and_apart(world: World) -> None:
    place = await make_instrument(world.database, "330000", requires_approval=True)
    asked = await world.client.post("/api/v1/bookings", json=wish(place, day(0, 9), day(0, 11)))
    booking = asked.json()
    assert booking["status"] == "requested"
    assert booking["id"] in await page(world)
    assert booking["id"] in await page(world, view="waiting")
    assert booking["id"] not in await page(world, view="cancelled")


@pytest.mark.parametrize("view", ["upcoming", "waiting", "past", "cancelled"])
@pytest.mark.parametrize("side", ["requested", "received"])
async def test_an_empty_list_says_what_to_do_next(world: World, side: str, view: str) -> None:
    world.client = await world.as_(await world.person("330000", roles=[Role.PROVINCE_ADMIN]))
    shown = await page(world, side=side, view=view)
    empty = shown.partition('class="empty"')[2]
    assert 'class="button' in empty
    assert "清除筛选" in await page(world, side=side, view=view, q="没有的词")
