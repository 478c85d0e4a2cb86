"""Types and what instruments require; a session's list; suspending, reinstating and revoking; recognition."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from app.access.permissions import Role
from app.instruments.qualifications import queries, standing
from app.tenancy.context import TenantContext
from tests.instruments.qualifications.conftest import API, JIANGSU, SHANGHAI, School
from tests.instruments.test_booking import day, wish
from tests.support.places import make_instrument, make_organisation
from tests.support.qualifications import end_on, make_type

V1 = {"if-match": '"v1"'}


async def test_a_type_is_defined_changed_and_required(school: School) -> None:
    new = {"organisation_id": str(school.place.organisation_id), "name_zh": "透射电镜上机资格"}
    for other in (school.steward, school.stranger):
        refused = await other.post(f"{API}/types", json=new)
        assert refused.status_code in {403, 422}
    made = await school.manager.post(f"{API}/types", json=new | {"validity_months": 12})
    assert made.status_code == 201, made.text
    type_id = made.json()["id"]
    again = await school.admin.post(f"{API}/types", json=new)
    assert (again.status_code, again.json()["code"]) == (409, "qualifications.name_taken")
    stale = await school.admin.patch(
        f"{API}/types/{type_id}", json={"name_en": "TEM"}, headers={"if-match": '"v7"'}
    )
    assert stale.status_code == 412
    changed = await school.admin.patch(
        f"{API}/types/{type_id}", json={"name_en": "TEM", "validity_months": None}, headers=V1
    )
    assert (changed.json()["name_en"], changed.json()["validity_months"]) == ("TEM", None)
    place = f"{API}/types/{type_id}/requirements/{school.place.instrument_id}"
    required = await school.steward.put(place, json={"level": "assisted"})
    assert [one["level"] for one in required.json()["requirements"]] == ["assisted"]
    again = await school.steward.put(place, json={"level": "observer"})
    assert [one["level"] for one in again.json()["requirements"]] == ["observer"]
    assert (await school.stranger.put(place, json={"level": "observer"})).status_code == 403
    assert (await school.stranger.delete(place)).status_code == 403
    assert (await school.steward.delete(place)).status_code == 204
    assert (await school.steward.delete(place)).status_code == 404


async def test_an_instrument_requires_types_of_its_own_organisation(school: School) -> None:
    elsewhere = await make_instrument(school.database, SHANGHAI)
    path = f"{API}/types/{school.type_id}/requirements/{elsewhere.instrument_id}"
    assert (await school.admin.put(path, json={"level": "observer"})).status_code == 404


async def test_no_more_requirements_than_a_person_reads(school: School) -> None:
    for number in range(10):
        type_id = await make_type(school.database, school.place, f"资格 {number}")
        path = f"{API}/types/{type_id}/requirements/{school.place.instrument_id}"
        answer = await school.manager.put(path, json={"level": "observer"})
        assert answer.status_code == (200 if number < 9 else 409)


async def test_a_sessions_list_tells_what_became_of_each(school: School) -> None:
    (asked, asker), (_, suspended), (_, high) = [
        await school.person(JIANGSU, name) for name in ("甲", "乙", "丙")
    ]
    member, _ = await school.person(SHANGHAI, "丁")
    held = await school.qualified(suspended)
    await school.manager.post(f"{API}/{held['id']}/suspend", json={"reason": "违规"}, headers=V1)
    first = await school.ask(high, level="trainer")
    await school.manager.post(f"{API}/requests/{first}/approve", json={})
    requests = [await school.ask(one) for one in (asker, suspended, high)]
    mine = await school.ask(school.steward)
    nobody = str(uuid4())
    order: dict[str, Any] = {
        "level": "independent",
        "basis": "第 2 期培训签到表",
        "account_ids": [str(member.id), nobody],
        "request_ids": [*requests, mine],
    }
    answer = await school.steward.post(f"{API}/types/{school.type_id}/grants", json=order)
    assert answer.status_code == 200, answer.text
    told = {one["holder_name"]: one["outcome"] for one in answer.json()}
    assert told == {
        "甲": "granted",
        "乙": "suspended",
        "丙": "higher_held",
        "丁": "granted",
        "机组": "oneself",
        "": "unknown",
    }
    states = {
        one["id"]: one["status"]
        for one in (await school.manager.get(f"{API}/requests?side=received")).json()["items"]
    }
    assert [states[one] for one in (*requests, mine)] == ["approved", "open", "open", "open"]
    again = await school.steward.post(
        f"{API}/types/{school.type_id}/grants", json=order | {"account_ids": [], "request_ids": requests[:1]}
    )
    assert [one["outcome"] for one in again.json()] == ["closed"]
    (one,) = (await school.manager.get(API, params={"side": "issued", "q": "甲"})).json()["items"]
    assert (one["holder_id"], one["basis"]) == (str(asked.id), "第 2 期培训签到表")


async def test_a_list_names_somebody_and_a_level_one_may_grant(school: School) -> None:
    path = f"{API}/types/{school.type_id}/grants"
    empty = await school.steward.post(path, json={"level": "observer"})
    assert (empty.status_code, empty.json()["errors"][0]["field"]) == (422, "account_ids")
    _, outsider = await school.person()
    answer = await outsider.post(path, json={"level": "observer", "account_ids": [str(uuid4())]})
    assert answer.status_code == 403


async def test_a_renewal_goes_on_from_what_is_held(school: School) -> None:
    _, client = await school.person()
    today = queries.today()
    ends = {"valid_from": str(today - timedelta(days=90)), "valid_to": str(today + timedelta(days=3))}
    held = await school.qualified(client, **ends)
    assert held["state"] == "expiring"
    renewed = await school.qualified(client)
    assert (renewed["id"], renewed["valid_from"], renewed["state"]) == (
        held["id"],
        held["valid_from"],
        "valid",
    )


async def test_suspended_reinstated_revoked_and_qualified_anew(school: School) -> None:
    _, client = await school.person()
    held = await school.qualified(client)
    path = f"{API}/{held['id']}"
    need = f"/api/v1/instruments/{school.place.instrument_id}/qualifications"

    async def step(name: str, version: int) -> int:
        answer = await school.steward.post(
            f"{path}/{name}", json={"reason": "未按规程"}, headers={"if-match": f'"v{version}"'}
        )
        return answer.status_code

    assert await step("reinstate", 1) == 409
    assert await step("suspend", 9) == 412
    assert await step("suspend", 1) == 200
    assert (await client.get(path)).json()["status_reason"] == "未按规程"
    assert [one["met"] for one in (await client.get(need)).json()] == [False]
    asked = await school.ask(client)
    refused = await school.manager.post(f"{API}/requests/{asked}/approve", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "qualifications.not_grantable")
    assert await step("reinstate", 2) == 200
    assert [one["met"] for one in (await client.get(need)).json()] == [True]
    assert await step("revoke", 3) == 200
    assert await step("reinstate", 4) == 409
    granted = await school.manager.post(f"{API}/requests/{asked}/approve", json={})
    assert granted.status_code == 200
    assert (await client.get(path)).json()["state"] == "valid"


async def test_bookings_that_can_no_longer_be_begun_are_found(school: School) -> None:
    organisation_id = await make_organisation(school.database, JIANGSU)
    person, client = await school.person(organisations={organisation_id: Role.MEMBER})
    held = await school.qualified(client)
    made = []
    for ahead in (10, 30):
        body = wish(school.place, day(ahead, 9), day(ahead, 10))
        answer = await client.post("/api/v1/bookings", json=body)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
    await end_on(school.database, SHANGHAI, held["id"], queries.today() + timedelta(days=20))

    async def affected(tenant_id: str, **of: Any) -> dict[str, list[str]]:
        async with school.database.transaction(TenantContext(tenant_id).info()) as session:
            found = await standing.bookings_affected(session, **of)
        return {str(key): [fault.code for fault in faults] for key, faults in found.items()}

    late = {made[1]: ["qualification_expired_on_date"]}
    assert await affected(JIANGSU, person_id=person.id) == late
    assert await affected(SHANGHAI, type_id=school.type_id) == late
    assert await affected("330000", type_id=school.type_id) == {}
    await school.manager.post(f"{API}/{held['id']}/revoke", json={"reason": "违规"}, headers=V1)
    gone = await affected(SHANGHAI, type_id=school.type_id)
    assert gone[made[0]] == ["qualification_revoked"]
    assert "qualification_revoked" in gone[made[1]]


async def test_recognition_across_provinces(school: School) -> None:
    """Anhui's admin lets Shanghai's count; a Jiangsu person qualified there is qualified here, up to the level."""
    place = await make_instrument(school.database, "340000")
    own = await make_type(school.database, place, "安徽电镜资格")
    required = f"{API}/types/{own}/requirements/{place.instrument_id}"
    assert (await school.stranger.put(required, json={"level": "assisted"})).status_code == 200
    _, client = await school.person()
    await school.qualified(client)
    need = f"/api/v1/instruments/{place.instrument_id}/qualifications"
    assert [one["met"] for one in (await client.get(need)).json()] == [False]
    path = f"{API}/types/{own}/recognitions/{school.type_id}"
    assert (await school.manager.put(path, json={"level": "assisted"})).status_code == 403
    assert (await school.stranger.put(path, json={"level": "trainer"})).status_code == 422
    made = await school.stranger.put(path, json={"level": "observer"})
    assert [one["level"] for one in made.json()["recognitions"]] == ["observer"]
    assert [one["met"] for one in (await client.get(need)).json()] == [False]
    await school.stranger.put(path, json={"level": "assisted"})
    assert [one["met"] for one in (await client.get(need)).json()] == [True]
    assert (await school.stranger.delete(path)).status_code == 204
    assert [one["met"] for one in (await client.get(need)).json()] == [False]
    hidden = await make_type(school.database, school.place, "不共享的资格", scope="province")
    for unknown in (hidden, uuid4()):
        answer = await school.stranger.put(
            f"{API}/types/{own}/recognitions/{unknown}", json={"level": "observer"}
        )
        assert answer.status_code == 404
    same = await school.stranger.put(f"{API}/types/{own}/recognitions/{own}", json={"level": "observer"})
    assert (same.status_code, same.json()["errors"][0]["code"]) == (422, "qualifications.own_type")


async def test_lists_are_filtered_and_paged(school: School) -> None:
    today = queries.today()
    for name, ends in (("甲", 5), ("乙", 400), ("丙", 600)):
        _, client = await school.person(name=name)
        await school.qualified(client, valid_to=str(today + timedelta(days=ends)))
    held = (await school.manager.get(API, params={"side": "issued", "q": "丙"})).json()["items"][0]
    await school.manager.post(f"{API}/{held['id']}/suspend", json={"reason": "违规"}, headers=V1)

    async def names(**params: str) -> list[str]:
        found = await school.steward.get(API, params={"side": "issued"} | params)
        return [one["holder_name"] for one in found.json()["items"]]

    assert await names() == ["丙", "乙", "甲"]
    assert await names(state="valid") == ["乙"]
    assert await names(state="expiring") == ["甲"]
    assert await names(state="suspended") == ["丙"]
    assert await names(state="expired") == []
    assert await names(level="observer") == []
    assert await names(type_id=str(uuid4())) == []
    first = await school.steward.get(API, params={"side": "issued", "limit": 2})
    assert len(first.json()["items"]) == 2
    rest = await school.steward.get(first.links["next"]["url"])
    assert [one["holder_name"] for one in rest.json()["items"]] == ["甲"]
