"""Families of instruments: who makes them, who knows of them, and what they hold."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.instruments.conftest import SHANGHAI, Lab
from tests.support.forms import HTML, faults_of, submit
from tests.support.places import make_organisation

URL = "/api/v1/instrument-families"
INSTRUMENTS = "/api/v1/instruments"
PAGES = "/instruments/families"


async def made(lab: Lab, name: str = "扫描电镜", **values: Any) -> dict[str, Any]:
    body = {"organisation_id": str(lab.organisation_id), "name": name, **values}
    answer = await lab.manager.post(URL, json=body)
    assert answer.status_code == 201, answer.text
    family: dict[str, Any] = answer.json()
    return family


async def put(lab: Lab, entry: dict[str, Any], family_id: str | None) -> httpx2.Response:
    return await lab.manager.patch(
        f"{INSTRUMENTS}/{entry['id']}",
        json={"family_id": family_id},
        headers={"if-match": f'"v{entry["version"]}"'},
    )


async def names(client: httpx2.AsyncClient, **params: Any) -> list[str]:
    return [item["name"] for item in (await client.get(URL, params=params)).json()["items"]]


async def test_a_family_groups_instruments_of_its_organisation(lab: Lab) -> None:
    family = await made(lab, note="先培训")
    one, _ = await lab.create(scope="public"), await lab.create(inner_id="B", scope="public")
    assert (await put(lab, one, family["id"])).json()["family_name"] == "扫描电镜"
    found = (await lab.visitor.get(INSTRUMENTS, params={"family": family["id"]})).json()["items"]
    assert [item["id"] for item in found] == [one["id"]]
    shown = (await lab.visitor.get(f"{URL}/{family['id']}")).json()
    assert (shown["instruments"], shown["organisation_name"], shown["may_manage"]) == (1, "示例大学", False)
    text = {"family": family["id"], "q": "扫描"}
    assert len((await lab.visitor.get(INSTRUMENTS, params=text)).json()["items"]) == 1


async def test_a_family_is_known_to_who_sees_one_of_its_instruments(lab: Lab) -> None:
    family = await made(lab)
    hidden = await lab.create(scope="organisation")
    assert (await put(lab, hidden, family["id"])).status_code == 200
    seen = {
        who: bool(await names(getattr(lab, who)))
        for who in ("visitor", "stranger", "neighbour", "member", "manager", "admin", "auditor")
    }
    assert [who for who in seen if seen[who]] == ["member", "manager", "admin", "auditor"]
    for outsider in (lab.visitor, lab.stranger, lab.neighbour):
        assert (await outsider.get(f"{URL}/{family['id']}")).status_code == 404
        page = await outsider.get("/instruments", params={"family": family["id"]}, headers=HTML)
        assert "扫描电镜" not in page.text


async def test_who_may_keep_families(lab: Lab) -> None:
    family = await made(lab)
    await put(lab, await lab.create(scope="public"), family["id"])
    change: dict[str, Any] = {"json": {"name": "改名"}, "headers": {"if-match": '"v1"'}}
    for who, status in (("visitor", 401), ("member", 403), ("auditor", 403), ("stranger", 403)):
        assert (await getattr(lab, who).patch(f"{URL}/{family['id']}", **change)).status_code == status, who
    for who, status in (("manager", 200), ("admin", 412)):
        assert (await getattr(lab, who).patch(f"{URL}/{family['id']}", **change)).status_code == status, who
    body = {"organisation_id": str(lab.organisation_id), "name": "别家"}
    assert (await lab.stranger.post(URL, json=body)).status_code == 403
    nowhere = await lab.manager.post(URL, json=body | {"organisation_id": str(uuid4())})
    assert nowhere.json()["errors"][0]["code"] == "organisation_unknown"


async def test_an_instrument_joins_families_of_its_own_organisation_only(lab: Lab) -> None:
    other = await make_organisation(lab.database, SHANGHAI, "外省单位")
    foreign = await lab.stranger.post(URL, json={"organisation_id": str(other), "name": "外省族"})
    entry = await lab.create()
    for family_id in (foreign.json()["id"], str(uuid4())):
        refused = await put(lab, entry, family_id)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "family_unknown")
    assert (await lab.manager.get(f"{INSTRUMENTS}/{entry['id']}")).json()["family_id"] is None


async def test_one_name_once(lab: Lab) -> None:
    await made(lab)
    body = {"organisation_id": str(lab.organisation_id), "name": "扫描电镜"}
    again = await lab.manager.post(URL, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "instruments.family_name_taken")
    page = await submit(lab.manager, f"{PAGES}/new", f"{PAGES}/new", body)
    assert page.status_code == 409
    assert faults_of(page.text)


async def test_only_an_empty_family_goes(lab: Lab) -> None:
    family = await made(lab)
    entry = (await put(lab, await lab.create(), family["id"])).json()
    gone: dict[str, Any] = {"headers": {"if-match": '"v1"'}}
    held = await lab.manager.delete(f"{URL}/{family['id']}", **gone)
    assert (held.status_code, held.json()["code"]) == (409, "instruments.family_in_use")
    assert (await put(lab, entry, None)).status_code == 200
    stale = await lab.manager.delete(f"{URL}/{family['id']}", headers={"if-match": '"v7"'})
    assert stale.status_code == 412
    assert (await lab.manager.delete(f"{URL}/{family['id']}", **gone)).status_code == 204
    assert (await lab.manager.get(f"{URL}/{family['id']}")).status_code == 404


async def test_families_come_by_name_and_page_by_page(lab: Lab) -> None:
    for name in ("c", "a", "b"):
        await made(lab, name)
    assert await names(lab.manager, organisation=str(lab.organisation_id)) == ["a", "b", "c"]
    assert await names(lab.manager, organisation=str(uuid4())) == []
    assert await names(lab.manager, province="330000") == ["a", "b", "c"]
    assert await names(lab.manager, province="310000") == []
    first = (await lab.manager.get(URL, params={"limit": 2})).json()
    assert await names(lab.manager, limit=2, cursor=first["next"]) == ["c"]


async def test_the_pages_keep_a_family(lab: Lab) -> None:
    body = {"organisation_id": str(lab.organisation_id), "name": "质谱仪", "note": "两人在场"}
    created = await submit(lab.manager, f"{PAGES}/new", f"{PAGES}/new", body)
    assert created.status_code == 303, created.text
    url = created.headers["location"]
    assert "族中还没有仪器" in (await lab.manager.get(url, headers=HTML)).text
    entry = await lab.create(scope="public")
    address = f"/instruments/{entry['id']}"
    joined = await submit(
        lab.manager, f"{address}/edit", f"{address}/edit", {"family_id": url.rpartition("/")[2]}
    )
    assert joined.status_code == 303, joined.text
    for page, text in ((url, entry["name_zh"]), (address, "质谱仪"), (PAGES, "1 台仪器")):
        assert text in (await lab.visitor.get(page, headers=HTML)).text, page
    assert (
        "Instruments of the family" in (await lab.visitor.get(url, params={"lang": "en"}, headers=HTML)).text
    )
    renamed = await submit(lab.manager, f"{url}/edit", f"{url}/edit", {"name": "质谱"})
    assert renamed.status_code == 303, renamed.text
    held = await submit(lab.manager, f"{url}/remove", f"{url}/remove")
    assert held.status_code == 409
    assert "请先把它们移出" in held.text
    for who in (lab.visitor, lab.member):
        assert (await who.get(f"{url}/edit", headers=HTML)).status_code in {303, 403}


@pytest.mark.parametrize("who", ["member", "neighbour"])
async def test_who_registers_nothing_makes_no_family(lab: Lab, who: str) -> None:
    assert (await getattr(lab, who).get(f"{PAGES}/new", headers=HTML)).status_code == 403


async def test_a_family_is_exported_by_itself(lab: Lab) -> None:
    family = await made(lab)
    await put(lab, await lab.create(name_zh="=HYPERLINK(1)", scope="public"), family["id"])
    await lab.create(inner_id="B", scope="public")
    text = (await lab.visitor.get(f"{INSTRUMENTS}/export.csv", params={"family": family["id"]})).text
    assert text.count("\n") == 2
    assert "'=HYPERLINK(1)" in text
