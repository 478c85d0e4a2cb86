"""A researcher in Shanghai books an hour on a microscope in Zhejiang, over HTTP, on a running platform."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from icalendar import Calendar

from app.core import clock
from app.demo.accounts import PASSWORD
from app.settings import Settings
from tests.support.oauth import password_sign_in
from tests.support.processes import servers
from tests.support.slots import SHANGHAI, first_free, next_week

ZHEJIANG = "330000"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
async def browser(demo_settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    with servers(demo_settings) as (served,):
        async with httpx2.AsyncClient(
            base_url=served.url, timeout=30, headers={"Accept": "text/html", "Accept-Language": "zh-CN"}
        ) as client:
            yield client


async def test_a_shanghai_researcher_books_a_zhejiang_microscope(browser: httpx2.AsyncClient) -> None:
    back = await password_sign_in(
        browser, login_name="sh.researcher", password=PASSWORD, next_path="/bookings"
    )
    assert (back.status_code, back.headers["location"]) == (303, "/bookings")

    found = await browser.get("/api/v1/instruments", params={"q": "拉曼", "province": ZHEJIANG})
    microscope = found.json()["items"][0]
    assert "拉曼" in microscope["name_zh"]
    assert microscope["province"] == ZHEJIANG

    week = next_week(clock.now())
    since, until = (instant.isoformat() for instant in week)
    path = f"/api/v1/instruments/{microscope['id']}/availability"
    seen = (await browser.get(path, params={"since": since, "until": until})).json()
    strangers = [slot for slot in seen["busy"] if slot["booking_id"] is None]
    assert strangers
    assert not any(slot["label"] or slot["mine"] for slot in strangers)
    start, end = first_free(seen, week, timedelta(hours=1))

    form = await browser.get(f"/instruments/{microscope['id']}/book")
    assert form.status_code == 200
    token = _TOKEN.search(form.text)
    assert token
    wish = {
        "csrf_token": token[1],
        "unit_id": seen["units"][0]["id"],
        "starts_at": f"{start.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}",
        "ends_at": f"{end.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}",
        "purpose": "research",
        "project": "二维材料晶格振动研究",
        "note": "",
    }
    booked = await browser.post(f"/instruments/{microscope['id']}/book", data=wish)
    assert booked.status_code == 303, booked.text
    booking_path = booked.headers["location"]
    assert "二维材料晶格振动研究" in (await browser.get(booking_path)).text
    assert booking_path in (await browser.get("/bookings")).text

    ics = await browser.get(f"/api/v1{booking_path}/calendar.ics")
    (event,) = Calendar.from_ical(ics.content).walk("VEVENT")
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (start, end)
    assert microscope["name_zh"] in str(event["SUMMARY"])

    again = await browser.post(f"/instruments/{microscope['id']}/book", data=wish)
    assert (again.status_code, again.headers["location"]) == (303, booking_path)
