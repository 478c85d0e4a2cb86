"""Asking for a qualification, with evidence, and deciding."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.access.permissions import Role
from app.instruments.qualifications import queries
from app.instruments.rules.qualified import last_day
from app.tenancy.context import TenantContext
from tests.instruments.qualifications.conftest import ANHUI, API, JIANGSU, SHANGHAI, School

PDF = ("proof.pdf", b"%PDF-1.7 proof", "application/pdf")


async def test_a_jiangsu_person_is_qualified_by_shanghai(school: School) -> None:
    person, client = await school.person()
    request_id = await school.ask(client, message="已参加培训")
    waiting = await school.steward.get(f"{API}/requests", params={"side": "received", "status": "open"})
    assert [one["id"] for one in waiting.json()["items"]] == [request_id]
    assert waiting.json()["items"][0]["holder_name"] == person.name
    answer = await school.steward.post(f"{API}/requests/{request_id}/approve", json={"basis": "口试通过"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "approved"
    today = queries.today()
    (held,) = (await client.get(API)).json()["items"]
    assert held["level"] == "independent"
    assert held["state"] == "valid"
    assert (held["valid_from"], held["valid_to"]) == (str(today), str(last_day(today, 24)))
    assert held["province"] == SHANGHAI
    (need,) = (await client.get(f"/api/v1/instruments/{school.place.instrument_id}/qualifications")).json()
    assert need == {
        "type_id": str(school.type_id),
        "name": "电镜上机资格",
        "level": "independent",
        "met": True,
        "valid_to": held["valid_to"],
    }


async def test_a_visitor_learns_what_is_required_and_nothing_of_anybody(school: School) -> None:
    place = school.place.instrument_id
    assert (await school.visitor.get(f"/api/v1/instruments/{place}/qualifications")).status_code == 404
    for path in ("", "/requests", "/types"):
        assert (await school.visitor.get(API + path)).status_code == 401
    _, other = await school.person(ANHUI)
    (need,) = (await other.get(f"/api/v1/instruments/{place}/qualifications")).json()
    assert (need["met"], need["valid_to"]) == (False, None)


async def test_third_provinces_learn_nothing(school: School) -> None:
    _, client = await school.person()
    request_id = await school.ask(client)
    files = [("files", PDF)]
    added = await client.post(f"{API}/requests/{request_id}/evidence", files=files)
    evidence_id = added.json()["evidence"][0]["id"]
    await school.manager.post(f"{API}/requests/{request_id}/approve", json={})
    (held,) = (await client.get(API)).json()["items"]
    body: dict[str, Any] = {"reason": "x"}
    neighbour = (await school.person(JIANGSU, "同省的人"))[1]
    for outsider in (school.stranger, neighbour):
        for path in (f"requests/{request_id}", f"requests/{request_id}/evidence/{evidence_id}", held["id"]):
            assert (await outsider.get(f"{API}/{path}")).status_code == 404
        for side in ("mine", "issued"):
            found = await outsider.get(API, params={"side": side, "q": "江苏"})
            assert found.json()["items"] == []
        for path in (f"requests/{request_id}/decline", f"{held['id']}/revoke"):
            answer = await outsider.post(f"{API}/{path}", json=body, headers={"if-match": '"v1"'})
            assert answer.status_code == 404


async def test_officers_of_both_provinces_read_and_do_not_decide(school: School) -> None:
    _, client = await school.person()
    request_id = await school.ask(client)
    theirs = (await school.person(JIANGSU, "江苏审计", roles=[Role.AUDITOR]))[1]
    for officer in (theirs, school.auditor):
        assert (await officer.get(f"{API}/requests/{request_id}")).status_code == 200
        answer = await officer.post(f"{API}/requests/{request_id}/approve", json={})
        assert answer.status_code == 403
    assert (await client.get(f"{API}/requests/{request_id}")).json()["status"] == "open"


async def test_nobody_decides_about_themselves(school: School) -> None:
    mine = await school.ask(school.manager)
    for deed, body in (("approve", {}), ("decline", {"reason": "x"})):
        answer = await school.manager.post(f"{API}/requests/{mine}/{deed}", json=body)
        assert answer.status_code == 403, answer.text
        assert "自己" in answer.json()["detail"]
    assert (await school.steward.post(f"{API}/requests/{mine}/approve", json={})).status_code == 200


async def test_a_trainer_grants_and_makes_no_trainers(school: School) -> None:
    _, trainer = await school.person(SHANGHAI, "培训老师")
    _, pupil = await school.person()
    first = await school.ask(trainer, level="trainer")
    wanted = await school.ask(pupil)
    assert (await trainer.post(f"{API}/requests/{wanted}/approve", json={})).status_code == 404
    await school.manager.post(f"{API}/requests/{first}/approve", json={})
    too_high = await trainer.post(f"{API}/requests/{wanted}/approve", json={"level": "trainer"})
    assert too_high.status_code == 403
    assert (await trainer.post(f"{API}/requests/{wanted}/approve", json={})).status_code == 200
    (held,) = (await pupil.get(API)).json()["items"]
    taken = await trainer.post(
        f"{API}/{held['id']}/revoke", json={"reason": "x"}, headers={"if-match": '"v1"'}
    )
    assert taken.status_code == 403


async def test_one_open_request_and_its_ends(school: School) -> None:
    _, client = await school.person()
    first = await school.ask(client)
    again = await client.post(f"{API}/requests", json={"type_id": str(school.type_id)})
    assert (again.status_code, again.json()["code"]) == (409, "qualifications.requested_already")
    other = (await school.person(JIANGSU, "同省的人"))[1]
    assert (await other.post(f"{API}/requests/{first}/withdraw")).status_code == 404
    assert (await client.post(f"{API}/requests/{first}/withdraw")).json()["status"] == "withdrawn"
    for deed, body in (("withdraw", None), ("evidence", None)):
        answer = await client.post(f"{API}/requests/{first}/{deed}", json=body)
        assert answer.status_code in {409, 422}
    decided = await school.manager.post(f"{API}/requests/{first}/approve", json={})
    assert (decided.status_code, decided.json()["code"]) == (409, "qualifications.request_closed")
    second = await school.ask(client)
    declined = await school.manager.post(f"{API}/requests/{second}/decline", json={"reason": "请先培训"})
    assert declined.json()["reason"] == "请先培训"
    assert (await client.get(API)).json()["items"] == []


async def test_what_is_withdrawn_leaves_no_evidence(school: School) -> None:
    _, client = await school.person()
    request_id = await school.ask(client)
    await client.post(f"{API}/requests/{request_id}/evidence", files=[("files", PDF)])
    assert (await client.post(f"{API}/requests/{request_id}/withdraw")).json()["evidence"] == []
    async with school.database.transaction(TenantContext(JIANGSU).info()) as session:
        assert await session.scalar(text("SELECT count(*) FROM kept_file")) == 0


async def test_evidence_is_what_its_bytes_say_and_is_asked_for(school: School) -> None:
    changed = await school.manager.patch(
        f"{API}/types/{school.type_id}", json={"needs_evidence": True}, headers={"if-match": '"v1"'}
    )
    assert changed.status_code == 200, changed.text
    _, client = await school.person()
    request_id = await school.ask(client)
    refused = await school.manager.post(f"{API}/requests/{request_id}/approve", json={})
    assert [error["code"] for error in refused.json()["errors"]] == ["qualifications.evidence_missing"]
    fake = [("files", ("proof.pdf", b"MZ", "application/pdf"))]
    wrong = await client.post(f"{API}/requests/{request_id}/evidence", files=fake)
    assert wrong.json()["errors"][0]["code"] == "identity.evidence_kind"
    for _ in range(2):
        added = await client.post(f"{API}/requests/{request_id}/evidence", files=[("files", PDF)])
    (one,) = added.json()["evidence"]
    read = await school.steward.get(f"{API}/requests/{request_id}/evidence/{one['id']}")
    assert (read.content, read.headers["x-content-type-options"]) == (PDF[1], "nosniff")
    assert (await school.manager.post(f"{API}/requests/{request_id}/approve", json={})).status_code == 200


@pytest.mark.parametrize(
    ("days", "fields"),
    [
        ({"valid_from": 1}, ["valid_from"]),
        ({"valid_from": -400}, ["valid_from"]),
        ({"valid_to": -1}, ["valid_to"]),
        ({"valid_to": 800}, ["valid_to"]),
        ({"valid_from": 1, "valid_to": -1}, ["valid_from", "valid_to"]),
    ],
)
async def test_terms_are_possible_ones(school: School, days: dict[str, int], fields: list[str]) -> None:
    _, client = await school.person()
    request_id = await school.ask(client)
    terms = {name: str(queries.today() + timedelta(days=days[name])) for name in days}
    refused = await school.manager.post(f"{API}/requests/{request_id}/approve", json=terms)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == fields
    assert (await client.get(f"{API}/requests/{request_id}")).json()["status"] == "open"
