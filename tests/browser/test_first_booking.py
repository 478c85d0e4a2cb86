"""A researcher in Shanghai finds a microscope in Zhejiang by two characters and books an hour on it, in Chromium."""

import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from playwright.async_api import Page, expect

from app.core import clock
from app.demo.accounts import PASSWORD
from app.settings import Settings
from tests.browser.conftest import OpenPage
from tests.support.processes import servers
from tests.support.slots import SHANGHAI, Span, first_free, next_week

pytestmark = pytest.mark.browser
SHANGHAI_CODE, ZHEJIANG_CODE = "310000", "330000"
FOUND_BY = "拉曼"
HOUR = timedelta(hours=1)
SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""A folder for pictures of each page on the way, for people to look at."""


@pytest.fixture
async def url(demo_settings: Settings) -> AsyncIterator[str]:
    """A platform of its own process, with the demonstration data."""
    with servers(demo_settings) as (served,):
        yield served.url


async def picture(page: Page, name: str) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


async def sign_in(page: Page, url: str) -> None:
    """Home, province, provider, password: the OAuth pages as a person sees them."""
    await page.goto(url)
    await page.get_by_role("banner").get_by_role("link", name="登录").click()
    await picture(page, "1-province")
    await page.locator(f'a[href^="/sign-in/{SHANGHAI_CODE}/"]').click()
    await expect(page.get_by_role("main")).to_contain_text("上海")
    await picture(page, "2-password")
    await page.get_by_label("登录名").fill("sh.researcher")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("main").get_by_role("button", name="登录").click()
    await expect(page.get_by_role("banner").get_by_role("link", name="登录")).to_have_count(0)


async def find(page: Page) -> str:
    """Search from the home page, keep Zhejiang's, open the instrument; its path."""
    await page.get_by_role("main").get_by_role("searchbox").fill(FOUND_BY)
    await page.keyboard.press("Enter")
    found = page.get_by_role("list", name="查到的仪器").get_by_role("listitem")
    await expect(found).not_to_have_count(0)
    await page.wait_for_load_state()  # whether the filters stand open is for the style sheet to say
    await picture(page, "3-found")
    if not await page.get_by_label("省份").is_visible():
        await page.get_by_text("筛选与排序").click()
    await page.get_by_label("省份").select_option(ZHEJIANG_CODE)
    await page.get_by_role("button", name="查找", exact=True).click()
    await page.wait_for_url(f"**province={ZHEJIANG_CODE}*")
    await expect(found).to_have_count(1)
    await picture(page, "4-found-in-zhejiang")
    await found.get_by_role("link", name=FOUND_BY).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(FOUND_BY)
    return page.url.partition("?")[0]


async def free_hour(page: Page, url: str, instrument_id: str) -> Span:
    """An hour of the coming week at which the instrument is free."""
    since, until = week = next_week(clock.now())
    query: dict[str, str | float | bool] = {"since": since.isoformat(), "until": until.isoformat()}
    answer = await page.request.get(f"{url}/api/v1/instruments/{instrument_id}/availability", params=query)
    availability: dict[str, Any] = await answer.json()
    return first_free(availability, week, HOUR)


async def show_week_of(page: Page, day: datetime) -> None:
    """Turn the calendar's pages until it shows the day."""
    head = page.locator(".ec-col-head", has_text=f"{day.month}/{day.day}")
    await expect(page.locator(".ec-col-head")).to_have_count(7)
    if not await head.count():
        await page.get_by_role("button", name="下一周").click()
    await expect(head).to_be_visible()


async def height_of(page: Page, instant: datetime) -> float:
    """Where the wall clock's time lies on the page, by two labels of the calendar."""
    labels = page.locator(".ec-sidebar .ec-slot:not(.ec-hidden) time")
    boxes = []
    for number in (0, 1):
        label = labels.nth(number)
        box = await label.bounding_box()
        assert box
        hours, minutes = (await label.inner_text()).split(":")
        boxes.append((int(hours) * 60 + int(minutes), box["y"] + box["height"] / 2))
    (first, top), (second, below) = boxes
    return top + (instant.hour * 60 + instant.minute - first) * (below - top) / (second - first)


async def drag(page: Page, start: datetime, end: datetime) -> None:
    """Drag down the day's column, a little inside the span, as a hand does."""
    await page.locator(".week-calendar").scroll_into_view_if_needed()
    column = await page.locator(".ec-col-head", has_text=f"{start.month}/{start.day}").bounding_box()
    assert column
    middle = column["x"] + column["width"] / 2
    top, bottom = await height_of(page, start), await height_of(page, end)
    await page.mouse.move(middle, top + 4)
    await page.mouse.down()
    await page.mouse.move(middle, top + 14)
    await page.mouse.move(middle, bottom - 4, steps=6)
    await page.mouse.up()


async def check_booked(page: Page, url: str, start: datetime, end: datetime) -> None:
    """The booking's page, my bookings, and the calendar file."""
    await page.wait_for_url(f"{url}/bookings/*")
    await expect(page.get_by_text("预约成功")).to_be_visible()
    await picture(page, "7-booked")
    booking_path = page.url.removeprefix(url)
    await page.goto(f"{url}/bookings")
    await picture(page, "8-my-bookings")
    row = page.get_by_role("row").filter(has=page.locator(f'a[href="{booking_path}"]'))
    await expect(row).to_contain_text(FOUND_BY)
    await expect(row).to_contain_text("浙江")
    async with page.expect_download() as download:
        await row.get_by_role("link", name="加入日历").click()
    file = await (await download.value).path()
    (event,) = Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (start, end)
    assert FOUND_BY in str(event["SUMMARY"])


async def test_a_slot_is_dragged_and_booked(url: str, open_page: OpenPage) -> None:
    page = await open_page(height=1400)
    await sign_in(page, url)
    instrument = await find(page)
    start, end = await free_hour(page, url, instrument.rpartition("/")[2])
    await show_week_of(page, start)
    await picture(page, "5-instrument")
    await drag(page, start, end)
    await expect(page.get_by_label("开始时间")).to_have_value(f"{start.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}")
    await expect(page.get_by_label("结束时间")).to_have_value(f"{end.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}")
    await picture(page, "6-dragged")
    await page.get_by_role("button", name="确认预约").click()
    await check_booked(page, url, start, end)


async def test_without_script_a_form_does_the_same(url: str, open_page: OpenPage) -> None:
    page = await open_page(java_script_enabled=False)
    await sign_in(page, url)
    instrument = await find(page)
    start, end = await free_hour(page, url, instrument.rpartition("/")[2])
    await picture(page, "5-instrument-without-script")
    await page.get_by_label("开始时间").fill(f"{start.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}")
    await page.get_by_label("结束时间").fill(f"{end.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}")
    await page.get_by_role("button", name="确认预约").click()
    await check_booked(page, url, start, end)
