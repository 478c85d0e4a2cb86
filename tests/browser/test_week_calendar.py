"""The week calendar in Chromium: what is drawn, dragged, refused with a reason, and kept in step with the form."""

from datetime import timedelta

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import OpenPage, Serve
from tests.web.preview import MINE, MONDAY, platform

pytestmark = pytest.mark.browser
STATUS = ".week-calendar__status"


def day(number: int) -> str:
    """A day of the week shown; 0 is Monday."""
    return (MONDAY + timedelta(days=number)).date().isoformat()


async def shown(serve: Serve, open_page: OpenPage, zone: str = "Asia/Shanghai") -> Page:
    page = await open_page(height=1400, zone=zone)
    await page.goto(await serve(platform()) + "/styleguide", wait_until="networkidle")
    await page.locator(".week-calendar").scroll_into_view_if_needed()
    return page


async def point(page: Page, number: int, hour: float) -> tuple[float, float]:
    """Where an hour of a day lies on the page."""
    head = await page.locator(".ec-col-head").nth(number).bounding_box()
    slot = await page.locator(".ec-body .ec-slot").nth(1).bounding_box()
    nine = await page.get_by_text("09:00", exact=True).bounding_box()
    assert head
    assert slot
    assert nine
    y = nine["y"] + nine["height"] / 2 + (hour - 9) * slot["height"]
    return head["x"] + head["width"] / 2, y


async def pull(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    await page.mouse.move(*start)
    await page.mouse.down()
    await page.mouse.move(start[0], start[1] + 8)
    await page.mouse.move(*end, steps=8)
    await page.mouse.up()


async def drag(page: Page, number: int, start: float, end: float) -> None:
    """Drag down a day from one hour of the wall clock to another, a little inside the span, as a hand does."""
    x, top = await point(page, number, start)
    _, bottom = await point(page, number, end)
    await pull(page, (x, top + 3), (x, bottom - 3))


async def times(page: Page) -> tuple[str, str]:
    return await page.locator("#f-from").input_value(), await page.locator("#f-to").input_value()


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"])
async def test_dragging_free_time_fills_the_form_on_any_machines_clock(
    serve: Serve, open_page: OpenPage, zone: str
) -> None:
    page = await shown(serve, open_page, zone)
    await drag(page, 1, 13, 15)
    assert await times(page) == (f"{day(1)}T13:00", f"{day(1)}T15:00")
    await expect(page.locator(STATUS)).to_have_text(f"已选时段 {day(1)} 13:00 – {day(1)} 15:00")
    await expect(page.locator(".ec-event.is-chosen")).to_contain_text("13:00–15:00")


@pytest.mark.parametrize(
    ("number", "start", "end", "why"),
    [
        (1, 8.5, 14, "最长预约 240 分钟"),
        (1, 9, 9.25, "最短预约 30 分钟"),
        (0, 8.5, 10, "这段时间已被占用"),
        (2, 13, 14, "离相邻的占用太近：前后还要留出准备和清理时间"),
        (0, 8, 9, f"最早可从 {day(0)} 08:30 开始"),
        (4, 9, 10, f"{day(4)} 00:00 及以后的时段还未开放预约"),
    ],
    ids=["too-long", "too-short", "taken", "buffer", "lead", "horizon"],
)
async def test_what_the_terms_forbid_is_not_offered_and_says_why(
    serve: Serve, open_page: OpenPage, number: int, start: float, end: float, why: str
) -> None:
    page = await shown(serve, open_page)
    await drag(page, number, start, end)
    await expect(page.locator(STATUS)).to_have_text(why)
    assert await times(page) == ("", "")


async def test_time_that_cannot_be_booked_is_shaded(serve: Serve, open_page: OpenPage) -> None:
    page = await shown(serve, open_page)
    await expect(page.locator(".ec-bg-event.is-out")).not_to_have_count(0)
    await expect(page.locator(".ec-bg-event.is-closed")).to_have_count(2)
    await expect(page.locator(".ec-bg-event.is-buffer")).to_have_count(1)
    await expect(page.locator(".ec-event.is-mine")).to_contain_text("14:00–16:00")


async def test_what_is_chosen_is_moved_stretched_redrawn_and_cleared(
    serve: Serve, open_page: OpenPage
) -> None:
    page = await shown(serve, open_page)
    await drag(page, 1, 13, 15)
    await pull(page, await point(page, 1, 14), await point(page, 3, 15))
    await expect(page.locator("#f-from")).to_have_value(f"{day(3)}T14:00")
    assert await times(page) == (f"{day(3)}T14:00", f"{day(3)}T16:00")
    x, bottom = await point(page, 3, 16)
    await pull(page, (x, bottom - 2), (x, (await point(page, 3, 17))[1] - 2))
    await expect(page.locator("#f-to")).to_have_value(f"{day(3)}T17:00")
    await drag(page, 1, 9, 10)
    assert await times(page) == (f"{day(1)}T09:00", f"{day(1)}T10:00")
    await expect(page.locator(".ec-event.is-chosen")).to_have_count(1)
    await page.get_by_role("button", name="清除所选").click()
    assert await times(page) == ("", "")
    await expect(page.locator(".ec-event.is-chosen")).to_have_count(0)
    await expect(page.get_by_role("button", name="清除所选")).to_be_hidden()


async def test_typed_times_are_drawn_judged_and_turned_to(serve: Serve, open_page: OpenPage) -> None:
    page = await shown(serve, open_page)
    await page.locator("#f-from").fill(f"{day(3)}T10:00")
    await page.locator("#f-to").fill(f"{day(3)}T11:30")
    await expect(page.locator(".ec-event.is-chosen")).to_contain_text("10:00–11:30")
    await page.locator("#f-to").fill(f"{day(3)}T10:10")
    await expect(page.locator(".ec-event.is-refused")).to_contain_text("10:00–10:10")
    await expect(page.locator(STATUS)).to_contain_text("最短预约 30 分钟")
    await page.locator("#f-from").fill(f"{day(8)}T10:00")
    head = MONDAY + timedelta(days=7)
    await expect(page.locator(".ec-col-head").first).to_have_text(f"周一 {head.month}/{head.day}")


async def test_the_grid_of_starts_begins_at_the_opening(serve: Serve, open_page: OpenPage) -> None:
    page = await shown(serve, open_page)
    fault = """(start) => {
        const at = (clock) => Date.parse(`2100-01-04T${clock}:00Z`);
        const grid_starts = ["2100-01-04T09:00:00Z", "2100-01-04T13:30:00Z"];
        const found = new WeekTerms({ step_min: 120, grid_starts }).fault(at(start), at(start) + 2 * 3600000);
        return found && [found.reason, new Date(found.time).toISOString().slice(11, 16)];
    }"""
    assert [await page.evaluate(fault, start) for start in ("09:00", "11:00", "15:30")] == [None] * 3
    assert await page.evaluate(fault, "10:00") == ["Step", "09:00"]
    assert await page.evaluate(fault, "14:00") == ["Step", "13:30"]


async def test_midnight_ends_a_day_at_24(serve: Serve, open_page: OpenPage) -> None:
    page = await shown(serve, open_page)
    await page.locator("#f-from").fill(f"{day(2)}T21:00")
    await page.locator("#f-to").fill(f"{day(3)}T00:00")
    await expect(page.locator(STATUS)).to_have_text(f"已选时段 {day(2)} 21:00 – {day(2)} 24:00")
    hours = """([start, end]) => document.querySelector("[data-week-calendar]").weekCalendar
        .hours(new Date(start), new Date(end))"""
    for end in (f"{day(3)}T00:00", f"{day(2)}T00:00"):  # the calendar gives the end's time on the start's day
        assert await page.evaluate(hours, [f"{day(2)}T21:00", end]) == "21:00–24:00"


async def test_an_own_booking_is_dragged_to_its_page_with_the_new_time(
    serve: Serve, open_page: OpenPage
) -> None:
    page = await shown(serve, open_page, "America/New_York")

    async def arrive(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<title>move</title>")

    await page.route("**/bookings/**", arrive)
    await pull(page, await point(page, 2, 15), await point(page, 3, 16))
    await page.wait_for_url("**/bookings/**")
    wanted = f"/bookings/{MINE}/move?starts_at={day(3)}T15%3A00&ends_at={day(3)}T17%3A00&week={day(3)}"
    assert page.url.endswith(wanted)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
async def test_today_and_now_are_the_instruments(serve: Serve, open_page: OpenPage, zone: str) -> None:
    page = await shown(serve, open_page, zone)
    await page.clock.install(time=MONDAY + timedelta(hours=10))
    await page.reload(wait_until="networkidle")
    await page.clock.run_for(2000)
    await expect(page.locator(".ec-col-head.ec-today")).to_have_text(f"周一 {MONDAY.month}/{MONDAY.day}")
    await expect(page.locator(".ec-now-indicator")).to_have_count(1)
    distance = await page.evaluate(
        """() => {
            const middle = (element) => { const box = element.getBoundingClientRect(); return box.y + box.height / 2; };
            const ten = [...document.querySelectorAll(".ec-sidebar time")].find((time) => time.textContent === "10:00");
            return middle(document.querySelector(".ec-now-indicator")) - middle(ten);
        }"""
    )
    assert abs(distance) < 4
