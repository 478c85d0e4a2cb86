"""Forms sent by something else than our pages, and what stands in the way of units and retirement."""

from datetime import timedelta
from typing import Any

import pytest

from app.core import clock
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.support.forms import HTML, submit
from tests.support.places import make_instrument
from tests.support.slots import next_week

URL = "/api/v1/instruments"


@pytest.mark.parametrize(
    "sent",
    [
        {"version": "x"},
        {"version": ""},
        {"version": "-1"},
        {"version": str(2**63)},
        {"weekday": ["0"], "opens": ["08:00"], "closes": ["09:00"]},
        {"weekday": ["8"], "opens": ["08:00"], "closes": ["09:00"]},
        {"weekday": ["-1"], "opens": ["08:00"], "closes": ["09:00"]},
        {"weekday": ["一"], "opens": ["08:00"], "closes": ["09:00"]},
        {"weekday": ["１"], "opens": ["8"], "closes": ["09:00"]},
        {"weekday": ["1", "2"], "opens": ["08:00"], "closes": ["09:00"]},
        {"weekday": ["1"], "opens": ["25:00"], "closes": ["09:00"]},
        {"weekday": ["1"] * 101, "opens": [""] * 101, "closes": [""] * 101},
    ],
)
async def test_hours_no_page_would_send_are_refused(lab: Lab, sent: dict[str, Any]) -> None:
    entry = await lab.create()
    page = f"/instruments/{entry['id']}/hours"
    answer = await submit(lab.manager, page, page, sent)
    assert answer.status_code == 422, answer.text
    assert "周一" in answer.text or sent.get("weekday", ["1"])[0] != "1"
    assert (await lab.manager.get(f"{URL}/{entry['id']}")).json() == entry


async def test_an_instrument_has_at_most_fifty_units(lab: Lab) -> None:
    entry = await lab.create(units=[{"label": f"{number}"} for number in range(49)])
    url = f"{URL}/{entry['id']}/units"
    fiftieth = await lab.manager.post(url, json={"label": "A"}, headers={"If-Match": '"v1"'})
    assert fiftieth.status_code == 201, fiftieth.text
    refused = await lab.manager.post(url, json={"label": "B"}, headers={"If-Match": '"v2"'})
    assert (refused.status_code, refused.json()["code"]) == (409, "instruments.too_many_units")
    page = f"/instruments/{entry['id']}/units"
    shown = await submit(lab.manager, page, page, {"label": "B"})
    assert (shown.status_code, "一台仪器最多 50 台（套）" in shown.text) == (409, True)
    after = (await lab.manager.get(f"{URL}/{entry['id']}")).json()
    assert (len(after["units"]), after["version"]) == (50, 2)


async def test_retiring_says_what_becomes_of_bookings(lab: Lab) -> None:
    place = await make_instrument(lab.database, ZHEJIANG, organisation_id=lab.organisation_id)
    page = f"/instruments/{place.instrument_id}/retire"
    assert "没有未来的预约" in (await lab.manager.get(page, headers=HTML)).text
    start = next_week(clock.now())[0] + timedelta(hours=9)
    for hour in range(2):
        begins = start + timedelta(hours=hour)
        slot = {
            "unit_id": str(place.units[0]),
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(hours=1)).isoformat(),
            "purpose": "research",
        }
        assert (await lab.member.post("/api/v1/bookings", json=slot)).status_code == 201
    shown = (await lab.manager.get(page, headers=HTML)).text
    assert "还有 2 个未来的预约" in shown
    assert "报废不会自动取消预约" in shown
    assert f"/bookings?side=received&amp;instrument_id={place.instrument_id}" in shown
    assert "确认报废" not in shown


async def test_who_cannot_book_is_not_offered_to(lab: Lab) -> None:
    """A visitor is invited to sign in; a person without organisation, or of another than a restricted one's, is told why."""
    place = await make_instrument(lab.database, ZHEJIANG, organisation_id=lab.organisation_id, scope="public")
    inside = await make_instrument(
        lab.database,
        ZHEJIANG,
        organisation_id=lab.organisation_id,
        scope="public",
        service_status="restricted",
    )
    others = await make_instrument(lab.database, "310000", scope="public", service_status="restricted")
    offers = {"book": "预约机时</span>", "sign in": "登录后预约"}
    for reader, instrument, offered in (
        (lab.visitor, place, {"sign in"}),
        (lab.visitor, others, {"sign in"}),
        (lab.neighbour, place, set()),
        (lab.member, place, {"book"}),
        (lab.member, inside, {"book"}),
        (lab.member, others, set()),
    ):
        page = (await reader.get(f"/instruments/{instrument.instrument_id}", headers=HTML)).text
        assert {name for name, shown in offers.items() if shown in page} == offered


async def test_the_members_of_a_restricted_instrument_find_it_open(lab: Lab) -> None:
    place = await make_instrument(
        lab.database,
        ZHEJIANG,
        organisation_id=lab.organisation_id,
        scope="public",
        service_status="restricted",
    )
    for reader, is_open in ((lab.member, True), (lab.neighbour, False), (lab.visitor, False)):
        found = (await reader.get(URL, params={"open_now": "true"})).json()["items"]
        assert [item["id"] for item in found] == [str(place.instrument_id)] * is_open
        (item,) = (await reader.get(URL, params={"q": "显微"})).json()["items"]
        assert item["open_now"] is is_open
        detail = (await reader.get(f"{URL}/{place.instrument_id}")).json()
        assert detail["open_now"] is is_open


async def test_hours_until_midnight_end_at_24(lab: Lab) -> None:
    entry = await lab.create()
    url = f"{URL}/{entry['id']}"
    week = [
        {"weekday": 1, "opens": "18:00", "closes": "24:00"},
        {"weekday": 2, "opens": "00:00", "closes": "00:00"},
        {"weekday": 3, "opens": "20:00", "closes": "06:00"},
    ]
    saved = await lab.manager.put(f"{url}/opening-hours", json={"hours": week}, headers={"If-Match": '"v1"'})
    assert saved.status_code == 200, saved.text
    told = [{"weekday": 1, "opens": "18:00", "closes": "24:00"}, {**week[1], "closes": "24:00"}, week[2]]
    assert saved.json()["opening_hours"] == told
    page = (await lab.member.get(f"/instruments/{entry['id']}", headers=HTML)).text
    shown = page.partition('<dl class="week">')[2].partition("</dl>")[0]
    assert all(f"{hours}</span>" in shown for hours in ("18:00–24:00", "00:00–24:00"))
    assert "20:00–06:00 （次日）</span>" in shown
    again = await lab.manager.put(f"{url}/opening-hours", json={"hours": told}, headers={"If-Match": '"v2"'})
    assert again.json()["opening_hours"] == told
