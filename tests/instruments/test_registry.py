"""Entries of the register over HTTP: who may do what, and what is refused with nothing changed."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.instruments.models import Instrument, InstrumentUnit
from app.instruments.registry.schemas import InstrumentChange
from app.instruments.rules.record import DEFAULTS
from app.journal.models import JournalEvent
from app.tenancy.context import TenantContext
from app.web.public import SHANGHAI
from tests.instruments.conftest import ZHEJIANG, Lab

URL = "/api/v1/instruments"


async def rows(lab: Lab, statement: Any) -> list[Any]:
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        return list((await session.scalars(statement)).all())


async def count(lab: Lab) -> int:
    (found,) = await rows(lab, select(func.count()).select_from(Instrument))
    return int(found)


def codes(answer: Any) -> set[tuple[str, str]]:
    return {(error["field"], error["code"]) for error in answer.json()["errors"]}


async def test_a_manager_registers_an_instrument(lab: Lab) -> None:
    answer = await lab.manager.post(
        URL, json=lab.entry(worth_fen=285_000_000, nation="JP", disciplines=["140"])
    )
    assert answer.status_code == 201, answer.text
    entry = answer.json()
    assert answer.headers["location"] == f"{URL}/{entry['id']}"
    assert answer.headers["etag"] == '"v1"'
    assert entry["province"] == ZHEJIANG
    assert entry["organisation_name"] == "示例大学"
    assert entry["class_name"] == "电子光学仪器"
    assert entry["worth_fen"] == 285_000_000
    assert [unit["label"] for unit in entry["units"]] == ["1 号机"]
    assert entry["opening_hours"] == []
    assert entry["open_now"] is True
    assert entry["may_manage"] is True
    for name, value in DEFAULTS.items():
        if (
            name not in {"technical", "function", "requirement", "worth_fen", "nation", "disciplines"}
            and name in entry
        ):
            assert entry[name] == value, name
    again = await lab.manager.get(answer.headers["location"])
    assert again.json() == entry


def test_every_field_has_its_usual_value() -> None:
    required = {"inner_id", "name_zh", "class_code", "adcode"}
    assert set(InstrumentChange.model_fields) - required == set(DEFAULTS)


async def test_the_journal_keeps_the_change_without_personal_data(lab: Lab) -> None:
    entry = await lab.create(contact_name="赵老师", contact_phone="0571-1234567")
    (event,) = await rows(lab, select(JournalEvent).where(JournalEvent.kind == "instrument.created"))
    assert event.subject_id == entry["id"]
    assert event.tenant_id == ZHEJIANG
    assert event.after["name_zh"] == "场发射扫描电子显微镜"
    assert event.after["contact_name"] == "***"
    assert "赵老师" not in str(event.after)


@pytest.mark.parametrize("who", ["member", "neighbour", "auditor", "stranger"])
async def test_others_may_not_register(lab: Lab, who: str) -> None:
    answer = await getattr(lab, who).post(URL, json=lab.entry())
    assert answer.status_code == 403, answer.text
    assert await count(lab) == 0


async def test_a_visitor_is_asked_to_sign_in(lab: Lab) -> None:
    assert (await lab.visitor.post(URL, json=lab.entry())).status_code == 401
    assert await count(lab) == 0


async def test_a_province_admin_registers_for_any_organisation_of_the_province(lab: Lab) -> None:
    assert (await lab.admin.post(URL, json=lab.entry())).status_code == 201
    assert await count(lab) == 1


async def test_an_unknown_organisation_is_named(lab: Lab) -> None:
    answer = await lab.admin.post(URL, json=lab.entry(organisation_id=str(uuid4())))
    assert answer.status_code == 422
    assert codes(answer) == {("organisation_id", "organisation_unknown")}


async def test_every_fault_of_the_form_at_once(lab: Lab) -> None:
    wrong = lab.entry(
        name_zh=" ",
        class_code="1",
        disciplines=["110", "110"],
        nation="XX",
        worth_fen=-1,
        begin_date="1900-01-01",
        service_url="http://example.edu.cn",
        contact_email="nobody",
        tz="Mars/Olympus",
        technical="a\x00b",
        address="\u202e",
        unknown=1,
    )
    answer = await lab.manager.post(URL, json=wrong)
    assert answer.status_code == 422
    assert codes(answer) == {
        ("name_zh", "string_too_short"),
        ("class_code", "class_malformed"),
        ("disciplines", "repeated"),
        ("nation", "nation_unknown"),
        ("worth_fen", "greater_than_equal"),
        ("begin_date", "greater_than_equal"),
        ("service_url", "url_malformed"),
        ("contact_email", "email_malformed"),
        ("tz", "literal_error"),
        ("technical", "nul_character"),
        ("address", "bidi_character"),
        ("unknown", "extra_forbidden"),
    }
    assert await count(lab) == 0


async def test_every_broken_rule_at_once(lab: Lab) -> None:
    wrong = lab.entry(
        class_code="123456",
        disciplines=["110", "999"],
        adcode="310101",
        begin_date="2999-01-01",
        carrier_type="仪器中心",
        requirement="",
    )
    answer = await lab.manager.post(URL, json=wrong)
    assert answer.status_code == 422
    assert codes(answer) == {
        ("class_code", "class_unknown"),
        ("disciplines.1", "discipline_unknown"),
        ("adcode", "outside_province"),
        ("begin_date", "in_the_future"),
        ("carrier_name", "missing"),
        ("requirement", "missing_when_open"),
    }
    assert await count(lab) == 0


async def test_a_division_that_does_not_exist(lab: Lab) -> None:
    answer = await lab.manager.post(URL, json=lab.entry(adcode="339999"))
    assert codes(answer) == {("adcode", "division_unknown")}


async def test_an_inner_id_is_the_organisations_own(lab: Lab) -> None:
    await lab.create()
    answer = await lab.manager.post(URL, json=lab.entry())
    assert answer.status_code == 409
    assert answer.json()["code"] == "instruments.inner_id_taken"
    assert codes(answer) == {("inner_id", "taken")}
    assert await count(lab) == 1


async def test_change_needs_the_current_version(lab: Lab) -> None:
    entry = await lab.create()
    url = f"{URL}/{entry['id']}"
    assert (await lab.manager.patch(url, json={"name_zh": "新名"})).status_code == 428
    first = await lab.manager.patch(url, json={"name_zh": "新名"}, headers={"If-Match": '"v1"'})
    assert first.status_code == 200
    assert first.headers["etag"] == '"v2"'
    assert first.json()["name_zh"] == "新名"
    late = await lab.admin.patch(url, json={"name_zh": "另一个"}, headers={"If-Match": '"v1"'})
    assert late.status_code == 412
    same = await lab.admin.patch(url, json={"name_zh": "新名"}, headers={"If-Match": '"v2"'})
    assert (same.status_code, same.headers["etag"]) == (200, '"v2"')
    (event,) = await rows(lab, select(JournalEvent).where(JournalEvent.kind == "instrument.changed"))
    assert (event.before, event.after) == ({"name_zh": "场发射扫描电子显微镜"}, {"name_zh": "新名"})


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("visitor", 401),
        ("member", 403),
        ("neighbour", 403),
        ("auditor", 403),
        ("stranger", 403),
        ("admin", 200),
    ],
)
async def test_who_may_change_a_region_instrument(lab: Lab, who: str, status: int) -> None:
    entry = await lab.create(scope="region")
    answer = await getattr(lab, who).patch(
        f"{URL}/{entry['id']}", json={"name_zh": "新名"}, headers={"If-Match": '"v1"'}
    )
    assert answer.status_code == status, answer.text
    (name,) = await rows(lab, select(Instrument.name_zh))
    assert name == ("新名" if status == 200 else "场发射扫描电子显微镜")


async def test_a_change_is_held_to_the_whole_entry(lab: Lab) -> None:
    entry = await lab.create(service_status="restricted", requirement="")
    answer = await lab.manager.patch(
        f"{URL}/{entry['id']}", json={"service_status": "open"}, headers={"If-Match": '"v1"'}
    )
    assert codes(answer) == {("requirement", "missing_when_open")}


SEEN = {
    "organisation": {"manager", "member", "admin", "auditor"},
    "province": {"manager", "member", "admin", "auditor", "neighbour"},
    "region": {"manager", "member", "admin", "auditor", "neighbour", "stranger"},
    "public": {"manager", "member", "admin", "auditor", "neighbour", "stranger", "visitor"},
}


@pytest.mark.parametrize("scope", list(SEEN))
async def test_who_sees_it_everywhere(lab: Lab, scope: str) -> None:
    entry = await lab.create(scope=scope)
    for who in SEEN["public"]:
        client, seen = getattr(lab, who), who in SEEN[scope]
        assert (await client.get(f"{URL}/{entry['id']}")).status_code == (200 if seen else 404), who
        assert len((await client.get(URL)).json()["items"]) == seen, who
        assert len((await client.get(URL, params={"q": "显微"})).json()["items"]) == seen, who
        assert ("场发射" in (await client.get(f"{URL}/export.csv")).text) is seen, who
        refused = 200 if seen else 404
        if who in {"manager", "admin", "stranger"} and scope != "public":
            hours = await client.put(
                f"{URL}/{entry['id']}/opening-hours", json={"hours": []}, headers={"If-Match": '"v9"'}
            )
            assert hours.status_code == (refused if not seen else (403 if who == "stranger" else 412)), who


async def test_contact_is_for_people_who_signed_in(lab: Lab) -> None:
    entry = await lab.create(scope="public", contact_name="赵老师", contact_phone="0571-1234567")
    url = f"{URL}/{entry['id']}"
    assert (await lab.visitor.get(url)).json()["contact"] is None
    contact = {"name": "赵老师", "phone": "0571-1234567", "email": ""}
    assert (await lab.stranger.get(url)).json()["contact"] == contact


async def test_exports_keep_contacts_in_their_province(lab: Lab) -> None:
    await lab.create(scope="public", contact_phone="0571-1234567", name_en="=cmd()")
    own = (await lab.neighbour.get(f"{URL}/export.csv")).text
    assert "0571-1234567" in own
    assert "'=cmd()" in own
    for outsider in (lab.stranger, lab.visitor):
        text = (await outsider.get(f"{URL}/export.csv")).text
        assert "场发射" in text
        assert "0571-1234567" not in text


async def test_units(lab: Lab) -> None:
    entry = await lab.create(units=[{"label": "A"}])
    url = f"{URL}/{entry['id']}/units"
    added = await lab.manager.post(url, json={"label": "B", "serial": "7"}, headers={"If-Match": '"v1"'})
    assert added.status_code == 201, added.text
    assert [unit["label"] for unit in added.json()["units"]] == ["A", "B"]
    taken = await lab.manager.post(url, json={"label": "B"}, headers={"If-Match": '"v2"'})
    assert (taken.status_code, taken.json()["code"]) == (409, "instruments.unit_label_taken")
    first, second = (unit["id"] for unit in added.json()["units"])
    renamed = await lab.manager.patch(f"{url}/{first}", json={"label": "C"}, headers={"If-Match": '"v2"'})
    assert {unit["label"] for unit in renamed.json()["units"]} == {"B", "C"}
    stale = await lab.manager.patch(f"{url}/{first}", json={"label": "D"}, headers={"If-Match": '"v2"'})
    assert stale.status_code == 412
    off = await lab.manager.patch(f"{url}/{first}", json={"active": False}, headers={"If-Match": '"v3"'})
    assert off.status_code == 200, off.text
    last = await lab.manager.patch(f"{url}/{second}", json={"active": False}, headers={"If-Match": '"v4"'})
    assert (last.status_code, last.json()["code"]) == (409, "instruments.last_unit")
    assert [u["label"] for u in (await lab.member.get(f"{URL}/{entry['id']}")).json()["units"]] == ["B"]
    unknown = await lab.manager.patch(f"{url}/{uuid4()}", json={"label": "E"}, headers={"If-Match": '"v4"'})
    assert unknown.status_code == 404
    assert (await lab.member.post(url, json={"label": "X"}, headers={"If-Match": '"v4"'})).status_code == 403
    assert (await lab.visitor.post(url, json={"label": "X"}, headers={"If-Match": '"v4"'})).status_code == 401
    assert sorted(await rows(lab, select(InstrumentUnit.label))) == ["B", "C"]


async def test_opening_hours(lab: Lab) -> None:
    entry = await lab.create()
    url = f"{URL}/{entry['id']}/opening-hours"
    week = [
        {"weekday": 1, "opens": "08:30", "closes": "12:00"},
        {"weekday": 1, "opens": "13:00", "closes": "17:30"},
        {"weekday": 7, "opens": "22:00", "closes": "08:00"},
    ]
    answer = await lab.manager.put(url, json={"hours": week}, headers={"If-Match": '"v1"'})
    assert answer.status_code == 200, answer.text
    assert [(rule["weekday"], rule["opens"]) for rule in answer.json()["opening_hours"]] == [
        (1, "08:30"),
        (1, "13:00"),
        (7, "22:00"),
    ]
    overlapping = [*week, {"weekday": 1, "opens": "07:00", "closes": "08:00"}]
    refused = await lab.manager.put(url, json={"hours": overlapping}, headers={"If-Match": '"v2"'})
    assert refused.status_code == 422
    assert codes(refused) == {("hours.3", "overlapping")}
    seconds = [{"weekday": 8, "opens": "08:30:10", "closes": "12:00"}]
    assert codes(await lab.manager.put(url, json={"hours": seconds}, headers={"If-Match": '"v2"'})) == {
        ("hours.0.weekday", "less_than_equal")
    }
    assert len((await lab.manager.get(f"{URL}/{entry['id']}")).json()["opening_hours"]) == 3
    cleared = await lab.manager.put(url, json={"hours": []}, headers={"If-Match": '"v2"'})
    assert cleared.json()["opening_hours"] == []


async def test_stewards(lab: Lab) -> None:
    entry = await lab.create(scope="organisation")
    url = f"{URL}/{entry['id']}/stewards"
    steward_id = (await lab.neighbour.get("/api/v1/me")).json()["id"]
    assert (await lab.neighbour.get(f"{URL}/{entry['id']}")).status_code == 404
    added = await lab.manager.post(url, json={"account_id": steward_id})
    assert added.status_code == 201, added.text
    assert added.json() == [{"account_id": steward_id, "name": "邻居", "is_primary": False}]
    assert (await lab.neighbour.get(f"{URL}/{entry['id']}")).json()["may_manage"] is True
    changed = await lab.neighbour.patch(
        f"{URL}/{entry['id']}", json={"fee_note": "每小时 200 元"}, headers={"If-Match": '"v1"'}
    )
    assert changed.status_code == 200
    member_id = (await lab.member.get("/api/v1/me")).json()["id"]
    assert (await lab.neighbour.post(url, json={"account_id": member_id})).status_code == 403
    foreign_id = (await lab.stranger.get("/api/v1/me")).json()["id"]
    foreign = await lab.manager.post(url, json={"account_id": foreign_id})
    assert codes(foreign) == {("account_id", "account_unknown")}
    assert (await lab.stranger.get(url)).status_code == 404
    assert (await lab.member.get(url)).status_code == 403
    assert (await lab.manager.delete(f"{url}/{steward_id}")).status_code == 204
    assert (await lab.manager.delete(f"{url}/{steward_id}")).status_code == 404
    assert (await lab.neighbour.get(f"{URL}/{entry['id']}")).status_code == 404


async def test_a_retired_instrument_stays_readable_and_leaves_the_list(lab: Lab) -> None:
    entry = await lab.create()
    url = f"{URL}/{entry['id']}"
    match = {"If-Match": '"v1"'}
    assert (await lab.member.post(f"{url}/retire", json={"reason": "老化"}, headers=match)).status_code == 403
    assert codes(await lab.manager.post(f"{url}/retire", json={"reason": ""}, headers=match)) == {
        ("reason", "string_too_short")
    }
    retired = await lab.manager.post(f"{url}/retire", json={"reason": "老化"}, headers=match)
    assert retired.json()["service_status"] == "retired"
    assert (await lab.manager.get(url)).status_code == 200
    assert (await lab.manager.get(URL)).json()["items"] == []
    listed = (await lab.manager.get(URL, params={"service_status": "retired"})).json()["items"]
    assert [item["id"] for item in listed] == [entry["id"]]
    again = await lab.manager.post(f"{url}/retire", json={"reason": "老化"}, headers={"If-Match": '"v2"'})
    assert again.json()["code"] == "instruments.already_retired"


async def test_what_is_booked_stays_in_use(lab: Lab) -> None:
    entry = await lab.create(units=[{"label": "A"}, {"label": "B"}])
    unit = entry["units"][0]["id"]
    body = {"unit_id": unit, "starts_at": _at(5, 9), "ends_at": _at(5, 11), "purpose": "research"}
    booked = await lab.member.post("/api/v1/bookings", json=body)
    assert booked.status_code == 201, booked.text
    match = {"If-Match": '"v1"'}
    off = await lab.manager.patch(f"{URL}/{entry['id']}/units/{unit}", json={"active": False}, headers=match)
    assert (off.status_code, off.json()["code"], off.json()["bookings"]) == (
        409,
        "instruments.still_booked",
        1,
    )
    out = await lab.manager.post(f"{URL}/{entry['id']}/retire", json={"reason": "老化"}, headers=match)
    assert out.json()["code"] == "instruments.still_booked"
    (state,) = await rows(lab, select(Instrument.service_status))
    assert state == "open"
    assert await rows(lab, select(InstrumentUnit.active).distinct()) == [True]
    other = await lab.manager.patch(
        f"{URL}/{entry['id']}/units/{entry['units'][1]['id']}", json={"active": False}, headers=match
    )
    assert other.status_code == 200
    cancelled = await lab.member.post(
        f"/api/v1/bookings/{booked.json()['id']}/cancel", json={}, headers={"If-Match": '"v1"'}
    )
    assert cancelled.status_code == 200, cancelled.text
    out = await lab.manager.post(
        f"{URL}/{entry['id']}/retire", json={"reason": "老化"}, headers={"If-Match": '"v2"'}
    )
    assert out.status_code == 200


def _at(days: int, hour: int) -> str:
    day = (clock.now() + timedelta(days=days)).astimezone(SHANGHAI)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0).isoformat()


async def test_an_idempotent_post_registers_once(lab: Lab) -> None:
    header = {"Idempotency-Key": "one"}
    first = await lab.manager.post(URL, json=lab.entry(), headers=header)
    second = await lab.manager.post(URL, json=lab.entry(), headers=header)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert await count(lab) == 1
    assert UUID(first.json()["id"])
