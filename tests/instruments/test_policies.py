"""Booking policies over HTTP: who sets them, what they do to a booking, and what another province learns."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from app.access.permissions import Role
from tests.instruments.conftest import Lab
from tests.instruments.test_booking import World, day, wish
from tests.instruments.test_booking import world as world  # noqa: PLC0414 - a fixture is known by its name
from tests.support.places import make_instrument, make_organisation

URL = "/api/v1/booking-policies"


def codes(answer: httpx2.Response) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


async def manager_of(world: World) -> httpx2.AsyncClient:
    organisations = {world.place.organisation_id: Role.MANAGER}
    return await world.as_(await world.person("330000", organisations=organisations))


async def put(client: httpx2.AsyncClient, world: World, **body: Any) -> httpx2.Response:
    where = {"instrument_id": str(world.place.instrument_id)}
    return await client.post(URL, json=where | body)


async def test_a_policy_for_outsiders_binds_outsiders_and_the_booking_names_it(world: World) -> None:
    manager = await manager_of(world)
    made = await put(manager, world, audience="other_province", settings={"max_min": 60, "user_day_min": 90})
    assert made.status_code == 201, made.text
    long = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    assert (long.status_code, codes(long)) == (422, {"too_long", "quota_user_day"})
    short = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 10)))
    assert short.status_code == 201, short.text
    assert made.json()["id"] in short.json()["policies"]
    more = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 13), day(0, 14)))
    assert (more.status_code, codes(more)) == (422, {"quota_user_day"})
    inside = await manager.post("/api/v1/bookings", json=wish(world.place, day(0, 15), day(0, 18)))
    assert inside.status_code == 201, inside.text


async def test_a_refusal_has_its_reason_and_only_a_manager_sets_it_aside(world: World) -> None:
    manager = await manager_of(world)
    refusal = {
        "version": 1,
        "settings": {"bookable": False},
        "reason": "检修期间不接受预约",
    }
    assert (await put(manager, world, **refusal)).status_code == 201
    answer = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    assert codes(answer) == {"not_for_you"}
    assert "检修期间不接受预约" in answer.text
    own = wish(world.place, day(0, 9), day(0, 11), override_reason="急用")
    assert codes(await world.client.post("/api/v1/bookings", json=own)) == {"not_for_you"}
    person = await world.person("330000", organisations={world.place.organisation_id: Role.MEMBER})
    stewards = f"/api/v1/instruments/{world.place.instrument_id}/stewards"
    appointed = await manager.post(stewards, json={"account_id": str(person.id)})
    assert appointed.status_code in {201, 204}, appointed.text
    steward = await world.as_(person)
    kept_out = await steward.post("/api/v1/bookings", json=own)
    assert kept_out.status_code == 422, kept_out.text
    assert codes(kept_out) == {"not_for_you"}
    let = await manager.post("/api/v1/bookings", json=own)
    assert (let.status_code, let.json()["overridden"]) == (201, ["not_for_you"])
    assert let.json()["override_reason"] == "急用"


async def test_versions_follow_one_another_and_none_is_lost(world: World) -> None:
    manager = await manager_of(world)
    before = (await manager.get(URL, params={"instrument_id": str(world.place.instrument_id)})).json()
    assert [(one["version"], one["audience"]) for one in before] == [(1, "")]
    stale = await put(manager, world, settings={"max_min": 60}, version=7)
    assert stale.status_code == 412
    again = await put(manager, world, settings={"max_min": 60})
    assert again.status_code == 412
    assert (await put(manager, world, settings={"max_min": 60}, version=1)).status_code == 201
    where = {"instrument_id": str(world.place.instrument_id)}
    assert len((await manager.get(URL, params=where)).json()) == 1
    history = (await manager.get(f"{URL}/history", params=where)).json()
    assert [one["version"] for one in history] == [2, 1]
    assert [one["superseded_at"] is None for one in history] == [True, False]
    gone = await put(manager, world, settings={}, version=2)
    assert gone.status_code == 201
    assert (await manager.get(URL, params=where)).json() == []
    assert (await put(manager, world, settings={})).status_code == 422


async def test_every_fault_of_a_policy_at_once(world: World) -> None:
    manager = await manager_of(world)
    wrong = {"step_min": 25, "lead_min": -1, "horizon_days": 400, "nonsense": 1}
    answer = await put(manager, world, settings=wrong, audience="everyone", unit_id=str(world.place.units[0]))
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields >= {"settings.lead_min", "settings.horizon_days", "settings.nonsense", "audience"}
    ruled = await put(
        manager, world, settings={"step_min": 30, "min_min": 40, "max_min": 30}, audience="internal"
    )
    assert codes(ruled) == {"off_grid", "below_minimum"}


@pytest.mark.parametrize("where", ["instrument_id", "organisation_id", "unit_id"])
async def test_others_neither_set_nor_read_a_places_policies(world: World, where: str) -> None:
    ids = {
        "instrument_id": world.place.instrument_id,
        "organisation_id": world.place.organisation_id,
        "unit_id": world.place.units[0],
    }
    place = {where: str(ids[where])}
    body = place | {"settings": {"bookable": False}}
    member = await world.person("330000", organisations={world.place.organisation_id: Role.MEMBER})
    foreign = await world.person("310000", roles=[Role.PROVINCE_ADMIN])
    for client in [await world.as_(member), await world.as_(foreign)]:
        assert (await client.post(URL, json=body)).status_code == 403
        assert (await client.get(URL, params=place)).status_code == 403
    secret = await make_instrument(world.database, "330000", scope="organisation")
    hidden = {"instrument_id": str(secret.instrument_id), "settings": {"max_min": 60}}
    assert (await (await world.as_(foreign)).post(URL, json=hidden)).status_code == 404


async def test_a_province_sets_what_holds_where_nobody_says_otherwise(lab: Lab) -> None:
    entry = await lab.create()
    rules = f"/api/v1/instruments/{entry['id']}/rules"
    body = {"settings": {"lead_min": 120, "max_min": 240}}
    assert (await lab.manager.post(URL, json=body)).status_code == 403
    assert (await lab.admin.post(URL, json=body)).status_code == 201
    own = {"organisation_id": str(lab.organisation_id), "settings": {"max_min": 60}}
    assert (await lab.manager.post(URL, json=own)).status_code == 201
    found = {rule["name"]: (rule["value"], rule["place"]) for rule in (await lab.member.get(rules)).json()}
    assert found["lead_min"] == (120, "province")
    assert found["max_min"] == (60, "organisation")
    assert found["step_min"] == (15, None)


async def test_a_trial_says_all_that_is_wrong_and_books_nothing(world: World) -> None:
    body = wish(world.place, day(0, 9, 5), day(0, 20))
    del body["purpose"]
    tried = await world.client.post("/api/v1/instruments/rules/trial", json=body)
    assert tried.status_code == 200, tried.text
    assert {(one["code"], one["may_be_set_aside"]) for one in tried.json()} == {
        ("off_grid", True),
        ("too_long", True),
    }
    assert await world.count() == 0


async def test_special_days_close_an_instrument_that_keeps_hours(lab: Lab) -> None:
    entry = await lab.create(scope="region")
    hours = [{"weekday": number, "opens": "08:00", "closes": "18:00"} for number in range(1, 8)]
    set_hours = await lab.manager.put(
        f"/api/v1/instruments/{entry['id']}/opening-hours",
        json={"hours": hours},
        headers={"If-Match": '"v1"'},
    )
    assert set_hours.status_code in {200, 204}, set_hours.text
    off = {"days": [{"day": day(3, 0).date().isoformat(), "acts_as": 0, "name": "中秋节"}]}
    assert (await lab.manager.post("/api/v1/calendar-days", json=off)).status_code == 403
    assert (await lab.admin.post("/api/v1/calendar-days", json=off)).status_code == 201
    body = {"unit_id": entry["units"][0]["id"], "purpose": "research"}

    async def book(offset: int) -> httpx2.Response:
        times = {"starts_at": day(offset, 9).isoformat(), "ends_at": day(offset, 10).isoformat()}
        return await lab.member.post("/api/v1/bookings", json=body | times)

    assert codes(await book(3)) == {"outside_opening_hours"}
    assert (await book(2)).status_code == 201
    open_after_all = {
        "instrument_id": entry["id"],
        "days": [{**off["days"][0], "acts_as": 1, "name": "照常开放"}],
    }
    assert (await lab.manager.post("/api/v1/calendar-days", json=open_after_all)).status_code == 201
    assert (await book(3)).status_code == 201
    twice = {"days": [off["days"][0], off["days"][0]]}
    assert codes(await lab.admin.post("/api/v1/calendar-days", json=twice)) == {"repeated"}


async def test_what_holds_for_others_is_not_told(world: World) -> None:
    """What kind an organisation is can be told from the rules that hold for it."""
    rules = f"/api/v1/instruments/{world.place.instrument_id}/rules"
    hidden = await make_organisation(world.database, "310000", scope="organisation")
    trial = wish(world.place, day(0, 9), day(0, 10))
    del trial["purpose"]
    for organisation in (hidden, world.place.organisation_id, uuid4()):
        asked = await world.client.get(rules, params={"organisation_id": str(organisation)})
        tried = await world.client.post(
            "/api/v1/instruments/rules/trial", json=trial | {"organisation_id": str(organisation)}
        )
        assert (asked.status_code, tried.status_code) == (403, 403)
        assert asked.json()["detail"] == tried.json()["detail"] == "您不是该单位的成员，不能以其名义预约"
    manager = await manager_of(world)
    own = {"organisation_id": str(world.place.organisation_id)}
    assert (await manager.get(rules, params=own)).status_code == 200


async def test_a_cancellation_keeps_its_notice_and_the_instruments_side_may_still_cancel(
    world: World,
) -> None:
    manager = await manager_of(world)
    made = await world.client.post("/api/v1/bookings", json=wish(world.place, day(0, 9), day(0, 11)))
    url, match = f"/api/v1/bookings/{made.json()['id']}/cancel", {"If-Match": '"v1"'}
    two_days = {"audience": "other_province", "settings": {"cancel_lead_min": 2 * 24 * 60}}
    assert (await put(manager, world, **two_days)).status_code == 201
    late = await world.client.post(url, json={}, headers=match)
    assert (late.status_code, late.json()["code"]) == (409, "instruments.too_late_to_cancel")
    assert (await manager.post(url, json={"reason": "停电"}, headers=match)).status_code == 200
    own = await world.client.post("/api/v1/bookings", json=wish(world.place, day(5, 9), day(5, 11)))
    url = f"/api/v1/bookings/{own.json()['id']}/cancel"
    assert (await world.client.post(url, json={}, headers=match)).status_code == 200
