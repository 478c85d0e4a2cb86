"""Several instruments at once: shown first, then all of them or none, each under its version and in the journal."""

from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select

from app.identity import public as identity
from app.journal.models import JournalEvent
from app.tenancy.context import TenantContext
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.support.clients import statements_on
from tests.support.database import RolledBackDatabase
from tests.support.forms import HTML, faults_of, form_to, submit
from tests.support.places import make_instrument

URL = "/api/v1/instruments"
EDIT = f"{URL}/bulk-edit"
MINE = "/instruments/mine"
BULK = "/instruments/bulk"


async def three(lab: Lab) -> list[dict[str, Any]]:
    return [await lab.create(inner_id=f"N{n}", name_zh=f"仪器{n}", scope="public") for n in range(3)]


async def edit(lab: Lab, entries: list[dict[str, Any]], changes: dict[str, Any], **more: Any) -> Any:
    items = [{"instrument_id": one["id"], "version": one["version"]} for one in entries]
    return await lab.manager.post(EDIT, json={"instruments": items, "changes": changes, **more})


async def seen(lab: Lab, entry: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await lab.manager.get(f"{URL}/{entry['id']}")).json()
    return found


async def changes_in_journal(lab: Lab) -> list[Any]:
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        wanted = select(JournalEvent).where(JournalEvent.kind == "instrument.changed")
        return list(await session.scalars(wanted))


async def test_all_are_changed_and_each_has_its_event(lab: Lab) -> None:
    entries = await three(lab)
    changes = {"service_status": "suspended", "contact_phone": "0571-1", "department": "材料学院"}
    answer = await edit(lab, entries, changes)
    assert answer.status_code == 200, answer.text
    assert [row["version"] for row in answer.json()["items"]] == [2, 2, 2]
    for entry in entries:
        now = await seen(lab, entry)
        assert (now["service_status"], now["department"], now["version"]) == ("suspended", "材料学院", 2)
        assert now["contact"]["phone"] == "0571-1"
    events = await changes_in_journal(lab)
    assert {str(event.subject_id) for event in events} == {entry["id"] for entry in entries}
    assert {event.after["contact_phone"].strip("*") for event in events} == {""}


async def test_a_preview_changes_nothing_and_says_what_would(lab: Lab) -> None:
    entries = await three(lab)
    assert (await edit(lab, entries[:1], {"scope": "region"})).status_code == 200
    answer = await edit(lab, entries, {"scope": "region"}, dry_run=True)
    told = [(row["name"], row["before"], row["after"]) for row in answer.json()["items"]]
    assert told == [
        ("仪器0", {}, {}),
        ("仪器1", {"scope": "public"}, {"scope": "region"}),
        ("仪器2", {"scope": "public"}, {"scope": "region"}),
    ]
    assert answer.json()["applied"] is False
    assert (await seen(lab, entries[1]))["scope"] == "public"


async def test_one_stale_version_stops_all(lab: Lab) -> None:
    entries = await three(lab)
    assert (await edit(lab, entries[1:2], {"scope": "region"})).status_code == 200
    answer = await edit(lab, entries, {"scope": "province"})
    assert (answer.status_code, answer.json()["code"]) == (412, "stale_version")
    assert [e["field"] for e in answer.json()["errors"]] == [f"instruments.{entries[1]['id']}"]
    assert [(await seen(lab, entry))["scope"] for entry in entries] == ["public", "region", "public"]
    assert len(await changes_in_journal(lab)) == 1


async def test_one_that_cannot_be_changed_so_stops_all(lab: Lab) -> None:
    good = await lab.create(inner_id="A", service_status="suspended")
    bare = await lab.create(inner_id="B", service_status="restricted", technical="", requirement="")
    gone = await lab.create(inner_id="C")
    version = {"if-match": '"v1"'}
    retired = await lab.manager.post(f"{URL}/{gone['id']}/retire", json={"reason": "旧"}, headers=version)
    answer = await edit(lab, [good, bare, retired.json()], {"service_status": "open"})
    assert answer.status_code == 422
    assert {(e["field"].split(".", 1)[1], e["code"]) for e in answer.json()["errors"]} == {
        (f"{bare['id']}.technical", "missing_when_open"),
        (f"{bare['id']}.requirement", "missing_when_open"),
        (f"{gone['id']}.service_status", "already_retired"),
    }
    assert (await seen(lab, good))["service_status"] == "suspended"


async def test_families_are_of_the_instruments_own_organisation(lab: Lab) -> None:
    entries = await three(lab)
    told: dict[str, Any] = dict.fromkeys(("technical", "function", "requirement"), "有")
    elsewhere = await make_instrument(lab.database, ZHEJIANG, scope="public", **told)
    family = await lab.admin.post(
        "/api/v1/instrument-families",
        json={"organisation_id": str(lab.organisation_id), "name": "一族"},
    )
    items = [{"instrument_id": one, "version": 1} for one in (entries[0]["id"], str(elsewhere.instrument_id))]
    body = {"instruments": items, "changes": {"family_id": family.json()["id"]}}
    answer = await lab.admin.post(EDIT, json=body)
    assert [(e["code"], e["field"]) for e in answer.json()["errors"]] == [
        ("family_unknown", f"instruments.{elsewhere.instrument_id}.family_id")
    ]
    assert (await edit(lab, entries, {"family_id": family.json()["id"]})).status_code == 200
    assert (await seen(lab, entries[2]))["family_name"] == "一族"


async def test_who_may_not_change_one_changes_none(lab: Lab) -> None:
    entries = await three(lab)
    hidden = await make_instrument(lab.database, "310000", scope="organisation")
    shared = await make_instrument(lab.database, "310000", scope="public")
    for other, status in ((hidden.instrument_id, 404), (uuid4(), 404), (shared.instrument_id, 403)):
        foreign = {"id": str(other), "version": 1}
        assert (await edit(lab, [*entries, foreign], {"scope": "region"})).status_code == status
    for who, status in (("visitor", 401), ("member", 403), ("stranger", 403)):
        items = [{"instrument_id": entries[0]["id"], "version": 1}]
        body = {"instruments": items, "changes": {"scope": "region"}}
        assert (await getattr(lab, who).post(EDIT, json=body)).status_code == status, who
    assert [(await seen(lab, entry))["scope"] for entry in entries] == ["public"] * 3


@pytest.mark.parametrize(
    ("items", "changes", "code"),
    [
        ([], {"scope": "region"}, "too_short"),
        ([str(UUID(int=1))] * 2, {"scope": "region"}, "repeated"),
        ([str(UUID(int=1))], {}, "nothing_to_change"),
        ([str(UUID(int=1))], {"service_status": "retired"}, "literal_error"),
        ([str(UUID(int=1))], {"name_zh": "一"}, "extra_forbidden"),
    ],
)
async def test_bad_input(lab: Lab, items: list[str], changes: dict[str, Any], code: str) -> None:
    body = {"instruments": [{"instrument_id": one, "version": 1} for one in items], "changes": changes}
    answer = await lab.manager.post(EDIT, json=body)
    assert (answer.status_code, [e["code"] for e in answer.json()["errors"]]) == (422, [code])


async def test_the_cost_does_not_grow_with_the_instruments(lab: Lab) -> None:
    assert isinstance(lab.database, RolledBackDatabase)
    entries = await three(lab)
    counts = []
    for some in (entries[:1], entries[1:]):
        with statements_on(lab.database.connection) as seen_now:
            assert (await edit(lab, some, {"department": "甲"})).status_code == 200
        counts.append(len(seen_now))
    assert counts[0] == counts[1]


async def chosen(client: httpx2.AsyncClient, entries: list[dict[str, Any]]) -> httpx2.Response:
    return await client.get(BULK, params={"instrument_id": [one["id"] for one in entries]}, headers=HTML)


async def test_the_pages_show_first_and_then_change(lab: Lab) -> None:
    entries = await three(lab)
    mine = (await lab.manager.get(MINE, headers=HTML)).text
    assert all(entry["id"] in mine for entry in entries)
    page = await chosen(lab.manager, entries)
    given = form_to(page.text, BULK).fields
    ids = [value for name, value in given if name == "instrument_id"]
    fields: dict[str, Any] = {name: value for name, value in given if name != "instrument_id"}
    nothing = await lab.manager.post(BULK, data={**fields, "instrument_id": ids}, headers=HTML)
    assert nothing.status_code == 422
    assert "请至少选择一项" in nothing.text
    wanted = {**fields, "instrument_id": ids, "scope": "region", "clear": ["department"]}
    shown = await lab.manager.post(BULK, data=wanted, headers=HTML)
    assert shown.status_code == 200, shown.text
    assert "确认修改 3 台" in shown.text
    assert (await seen(lab, entries[0]))["scope"] == "public"
    sent: dict[str, Any] = {}
    for name, value in form_to(shown.text, f"{BULK}/apply").fields:
        sent.setdefault(name, []).append(value)
    done = await lab.manager.post(f"{BULK}/apply", data=sent, headers=HTML)
    assert done.status_code == 303, done.text
    assert (await seen(lab, entries[2]))["scope"] == "region"
    again = await lab.manager.post(f"{BULK}/apply", data=sent | {"scope": "public"}, headers=HTML)
    assert again.status_code == 412
    assert "什么都没有改" in again.text
    both = await lab.manager.post(BULK, data={**wanted, "department": "甲"}, headers=HTML)
    assert both.status_code == 422
    assert "不能既填写又清空" in both.text


async def test_the_pages_say_which_cannot_be_changed_so(lab: Lab) -> None:
    bare = await lab.create(service_status="restricted", technical="")
    page = await chosen(lab.manager, [bare])
    fields = dict(form_to(page.text, BULK).fields) | {"service_status": "open"}
    shown = await lab.manager.post(BULK, data=fields, headers=HTML)
    assert "1 台仪器不能这样修改" in shown.text
    assert "对外开放的仪器须填写主要技术指标" in shown.text
    assert "确认修改" not in shown.text
    bad = await lab.manager.post(BULK, data=fields | {"contact_email": "x"}, headers=HTML)
    assert bad.status_code == 422
    assert faults_of(bad.text)


async def test_one_is_in_charge_of_what_one_runs(lab: Lab) -> None:
    entries = await three(lab)
    await make_instrument(lab.database, ZHEJIANG, scope="public", name_zh="别家的")
    steward = await lab.people.of(ZHEJIANG, name="机组")
    account_id = (await steward.get("/api/v1/me")).json()["id"]
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        await identity.add_steward(
            session,
            tenant_id=ZHEJIANG,
            account_id=UUID(account_id),
            instrument_id=UUID(entries[1]["id"]),
        )

    async def names(client: httpx2.AsyncClient) -> set[str]:
        found = (await client.get(URL, params={"mine": "true"})).json()["items"]
        return {item["name_zh"] for item in found}

    assert await names(lab.manager) == {"仪器0", "仪器1", "仪器2"}
    assert await names(steward) == {"仪器1"}
    assert await names(lab.admin) == {"仪器0", "仪器1", "仪器2", "别家的"}
    assert await names(lab.neighbour) == await names(lab.stranger) == await names(lab.visitor) == set()
    assert (await lab.neighbour.get(MINE, headers=HTML)).status_code == 403
    assert (await chosen(lab.manager, [])).status_code == 303
    page = await submit(steward, f"{BULK}?instrument_id={entries[1]['id']}", BULK, {"scope": "region"})
    assert page.status_code == 200, page.text
