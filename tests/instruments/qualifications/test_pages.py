"""The pages of qualifications as a browser without script uses them."""

from datetime import timedelta

import httpx2

from app.instruments.qualifications import queries
from tests.instruments.qualifications.conftest import API, JIANGSU, SHANGHAI, School
from tests.support.forms import HTML, form_to, submit
from tests.support.places import make_instrument
from tests.support.qualifications import end_on, make_type, require

PDF = ("proof.pdf", b"%PDF-1.7 proof", "application/pdf")
DESK = "/qualifications?side="


async def page(client: httpx2.AsyncClient, path: str, status: int = 200, lang: str = "zh") -> str:
    answer = await client.get(path, headers=HTML | {"accept-language": lang})
    assert answer.status_code == status, answer.text
    return answer.text


async def test_from_the_instruments_page_to_the_qualification(school: School) -> None:
    instrument = f"/instruments/{school.place.instrument_id}"
    _, client = await school.person()
    shown = await page(client, instrument)
    assert "您尚不具备" in shown
    ask = f"/qualifications/request?type_id={school.type_id}"
    assert f"{ask}&amp;level=independent" in shown
    assert "您还没有上机资格" in await page(client, "/qualifications")
    made = await submit(client, ask, "/qualifications/request", {"message": "已培训"})
    assert made.status_code == 303
    request = made.headers["location"]
    assert "正在等待审核" in await page(client, request)
    assert "审核决定" not in await page(client, request)
    assert "江苏研究员" in await page(school.steward, DESK + "requests")
    refused = await submit(school.steward, request, request, {"decision": "decline"})
    assert (refused.status_code, "不批准时须说明理由" in refused.text) == (422, True)
    late = str(queries.today() + timedelta(days=1))
    refused = await submit(school.steward, request, request, {"decision": "approve", "valid_from": late})
    assert (refused.status_code, late in refused.text) == (422, True)
    done = await submit(school.steward, request, request, {"decision": "approve", "basis": "考核合格"})
    assert done.status_code == 303
    assert "您已具备" in await page(client, instrument)
    assert "考核合格" in await page(client, (await held(client))["url"])
    assert "没有等待审核的申请" in await page(school.steward, DESK + "requests")
    assert "江苏研究员" in await page(school.steward, DESK + "requests&status=all")


async def held(client: httpx2.AsyncClient) -> dict[str, str]:
    (one,) = (await client.get(API)).json()["items"]
    return {"id": one["id"], "url": f"/qualifications/{one['id']}"}


async def test_a_visitor_is_led_to_sign_in(school: School) -> None:
    place = await make_instrument(school.database, SHANGHAI, scope="public")
    await require(
        school.database, place, await make_type(school.database, place, "公开的资格", scope="public")
    )
    await require(school.database, place, await make_type(school.database, place, "区域的资格"))
    shown = await page(school.visitor, f"/instruments/{place.instrument_id}")
    assert "公开的资格" in shown
    assert "后可以申请" in shown
    assert "区域的资格" not in shown
    assert "未向您开放的资格" in shown


async def test_evidence_on_the_pages(school: School) -> None:
    _, client = await school.person()
    path = f"/qualifications/requests/{await school.ask(client)}"
    token = dict(form_to(await page(client, path), f"{path}/evidence").fields)
    added = await client.post(f"{path}/evidence", files={"files": PDF}, data=token, headers=HTML)
    assert added.status_code == 303, added.text
    assert "proof.pdf" in await page(school.steward, path)
    wrong = {"files": ("proof.pdf", b"MZ", "application/pdf")}
    refused = await client.post(f"{path}/evidence", files=wrong, data=token, headers=HTML)
    assert (refused.status_code, "文件类型按内容判断" in refused.text) == (422, True)


async def test_asking_with_evidence_is_one_form(school: School) -> None:
    _, client = await school.person()
    path = f"/qualifications/request?type_id={school.type_id}"
    fields = dict(form_to(await page(client, path), "/qualifications/request").fields)
    refused = await client.post(
        "/qualifications/request", files={"files": ("x.pdf", b"MZ", "text/plain")}, data=fields, headers=HTML
    )
    assert refused.status_code == 422
    assert (await client.get(f"{API}/requests")).json()["items"] == []
    made = await client.post("/qualifications/request", files={"files": PDF}, data=fields, headers=HTML)
    assert made.status_code == 303
    assert "proof.pdf" in await page(school.steward, made.headers["location"])


async def test_types_requirements_and_recognition_on_the_pages(school: School) -> None:
    new = "/qualifications/types/new"
    faulty = await submit(school.manager, new, new, {"name_zh": "", "validity_months": "0"})
    assert faulty.status_code == 422
    values = {
        "organisation_id": str(school.place.organisation_id),
        "name_zh": "透射电镜上机资格",
        "validity_months": "12",
        "needs_evidence": "true",
    }
    made = await submit(school.manager, new, new, values)
    assert made.status_code == 303, made.text
    url = made.headers["location"]
    assert "还没有仪器要求它" in await page(school.manager, url)
    required = await submit(
        school.manager, url, f"{url}/requirements", {"instrument_id": str(school.place.instrument_id)}
    )
    assert required.status_code == 303
    assert "取消要求" in await page(school.manager, url)
    changed = await submit(school.manager, f"{url}/edit", f"{url}/edit", {"name_en": "TEM operation"})
    assert changed.status_code == 303
    shown = (await school.manager.get(f"{API}{url.removeprefix('/qualifications')}")).json()
    assert (shown["name_en"], shown["needs_evidence"], shown["active"]) == ("TEM operation", True, True)
    assert "TEM operation" in await page(school.manager, url, lang="en")
    released = await submit(
        school.manager, url, f"{url}/requirements/{school.place.instrument_id}/remove", {}
    )
    assert released.status_code == 303
    assert "透射电镜上机资格" in await page(school.manager, DESK + "types")


async def test_recognition_on_the_page(school: School) -> None:
    theirs = await make_type(school.database, await make_instrument(school.database, JIANGSU), "江苏的资格")
    url = f"/qualifications/types/{school.type_id}"
    assert "江苏 · 示例大学 · 江苏的资格" in await page(school.manager, url)
    made = await submit(school.manager, url, f"{url}/recognitions", {"other_type_id": str(theirs)})
    assert made.status_code == 303
    _, reader = await school.person()
    assert "江苏的资格" in await page(reader, url)
    gone = await submit(school.manager, url, f"{url}/recognitions/{theirs}/remove", {})
    assert gone.status_code == 303
    assert "还没有互认的资格" in await page(school.manager, url)


async def test_a_list_on_the_page_tells_what_became_of_each(school: School) -> None:
    _, client = await school.person()
    request_id = await school.ask(client)
    path = f"/qualifications/types/{school.type_id}/grant"
    assert "江苏研究员" in await page(school.steward, path)
    nobody = await submit(school.steward, path, f"{path}s", {})
    assert (nobody.status_code, "请选择授予给谁" in nobody.text) == (422, True)
    given = await submit(school.steward, path, f"{path}s", {"request_ids": [request_id], "level": "assisted"})
    assert (given.status_code, "已授予 1 人" in given.text) == (200, True)
    outsider = (await school.person(JIANGSU, "别人"))[1]
    await page(outsider, path, 403)


async def test_steps_say_what_they_mean_and_which_bookings_they_stop(school: School) -> None:
    _, client = await school.person()
    one = await school.qualified(client)
    url = f"/qualifications/{one['id']}"
    assert "不能上机和预约" not in await page(school.steward, url)
    assert "暂停期间" in await page(school.steward, f"{url}/suspend")
    await page(client, f"{url}/suspend", 404)
    await page(school.steward, f"{url}/nonsense", 404)
    empty = await submit(school.steward, f"{url}/suspend", f"{url}/suspend", {"reason": ""})
    assert empty.status_code == 422
    done = await submit(school.steward, f"{url}/suspend", f"{url}/suspend", {"reason": "违规操作"})
    assert done.status_code == 303
    assert "违规操作" in await page(client, url)


async def test_who_decides_sees_what_the_person_held_before(school: School) -> None:
    _, client = await school.person()
    one = await school.qualified(client)
    step = f"/qualifications/{one['id']}/revoke"
    await submit(school.steward, step, step, {"reason": "违规操作"})
    path = f"/qualifications/requests/{await school.ask(client)}"
    shown = await page(school.steward, path)
    assert "独立操作，已撤销：违规操作" in shown
    assert "independent operation, revoked: 违规操作" in await page(school.steward, path, lang="en")
    asking = await page(school.steward, f"/qualifications/types/{school.type_id}/grant")
    assert "—（江苏）" in asking


async def test_lists_have_filters_a_file_and_empty_states(school: School) -> None:
    assert "还没有授予过资格" in await page(school.steward, DESK + "issued")
    _, client = await school.person(name="=cmd()")
    one = await school.qualified(client)
    assert "=cmd()" in await page(school.steward, DESK + "issued")
    assert "没有符合条件的资格" in await page(school.steward, DESK + "issued&state=revoked&q=x")
    await end_on(school.database, SHANGHAI, one["id"], queries.today() - timedelta(days=1))
    assert "已到期" in await page(school.steward, DESK + "issued&state=expired")
    assert "申请续期" in await page(client, "/qualifications")
    file = await school.steward.get("/qualifications/export.csv?side=issued")
    assert file.headers["content-type"].startswith("text/csv")
    lines = file.text.splitlines()
    assert len(lines) == 2
    assert "'=cmd()" in lines[1]
    stranger = await school.stranger.get("/qualifications/export.csv?side=issued")
    assert len(stranger.text.splitlines()) == 1


async def test_english_has_no_chinese_but_names(school: School) -> None:
    _, client = await school.person(name="Smith")
    for path in ("/qualifications", DESK + "requests", DESK + "issued", DESK + "types"):
        main = (await page(school.manager, path, lang="en")).split("<main")[1].split("</main")[0]
        words = main.replace("电镜上机资格", "").replace("示例大学", "")
        assert not any("一" <= letter <= "鿿" for letter in words), path
    await page(client, f"/qualifications/request?type_id={school.type_id}", lang="en")
