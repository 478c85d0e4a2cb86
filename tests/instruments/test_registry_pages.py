"""The register's pages: read without script, filled in, refused with what was typed."""

from typing import Any

import pytest
from sqlalchemy import select

from app.access.permissions import Role
from app.instruments.models import Instrument, InstrumentUnit, OpeningRule
from app.tenancy.context import TenantContext
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.support.clients import statements_on
from tests.support.database import RolledBackDatabase
from tests.support.forms import HTML, submit
from tests.support.places import make_instrument

URL = "/instruments"
NEW: dict[str, Any] = {
    "name_zh": "场发射扫描电子显微镜",
    "inner_id": "HZ-SEM-01",
    "class_code": "010100",
    "adcode": "330106",
    "technical": "分辨率 1.0 nm\n加速电压 0.1–30 kV",
    "function": "表面形貌观察",
    "requirement": "提前三天预约",
    "worth_wan": "285.5",
    "begin_date": "2021-03-15",
    "nation": "JP",
    "contact_phone": "0571-1234567",
    "scope": "public",
    "unit_count": "2",
    "customs_supervised": "true",
    "disciplines": ["140", "430", "", ""],
}


async def found(lab: Lab, statement: Any) -> list[Any]:
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        return list((await session.execute(statement)).all())


async def registered(lab: Lab, **values: Any) -> str:
    answer = await submit(lab.manager, f"{URL}/new", f"{URL}/new", NEW | values)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_registering_through_the_form(lab: Lab) -> None:
    url = await registered(lab)
    entry = (await lab.manager.get(f"/api/v1{url}")).json()
    assert entry["worth_fen"] == 285_500_000
    assert entry["disciplines"] == ["140", "430"]
    assert entry["customs_supervised"] is True
    assert entry["organisation_id"] == str(lab.organisation_id)
    assert [unit["label"] for unit in entry["units"]] == ["1 号机", "2 号机"]
    page = await lab.manager.get(url, headers=HTML)
    for text in (
        "已登记",
        "285.50 万元",
        "日本",
        "物理学、材料科学",
        "海关监管",
        "全天开放",
        "<dt>台（套）数</dt><dd>2</dd>",
        "杭州市西湖区",
    ):
        assert text in page.text, text


async def test_the_page_of_an_instrument_for_a_visitor(lab: Lab) -> None:
    url = await registered(lab, name_en="Field emission SEM")
    page = await lab.visitor.get(url, headers=HTML)
    assert page.status_code == 200
    assert "0571-1234567" not in page.text
    assert "后可看到联系方式" in page.text
    assert f"{url}/edit" not in page.text
    english = await lab.visitor.get(url, params={"lang": "en"}, headers=HTML)
    for text in ("Field emission SEM", "Functions", "Electron optics", "Xihu District"):
        assert text in english.text, text


async def test_an_unchanged_form_changes_nothing_and_emptied_boxes_are_emptied(lab: Lab) -> None:
    url = await registered(lab)
    before = (await lab.manager.get(f"/api/v1{url}")).json()
    same = await submit(lab.manager, f"{url}/edit", f"{url}/edit")
    assert same.status_code == 303, same.text
    assert (await lab.manager.get(f"/api/v1{url}")).json() == before
    emptied = {
        "worth_wan": "",
        "begin_date": "",
        "contact_phone": "",
        "nation": "",
        "disciplines": ["", "", "", ""],
    }
    changed = await submit(lab.manager, f"{url}/edit", f"{url}/edit", {**emptied, "name_zh": "改名"})
    assert changed.status_code == 303, changed.text
    after = (await lab.manager.get(f"/api/v1{url}")).json()
    assert (after["name_zh"], after["worth_fen"], after["begin_date"], after["nation"]) == (
        "改名",
        None,
        None,
        "",
    )
    assert after["disciplines"] == []
    assert after["contact"]["phone"] == ""
    assert after["version"] == 2


async def test_what_is_wrong_stands_beside_its_field_with_what_was_typed(lab: Lab) -> None:
    wrong = {
        "name_zh": "",
        "worth_wan": "很贵",
        "service_url": "http://a",
        "function": "打字很久的内容",
    }
    refused = await submit(lab.manager, f"{URL}/new", f"{URL}/new", NEW | wrong)
    assert refused.status_code == 422
    for text in ("很贵", "应为金额，例如 67.81", "应为以 https:// 开头的网址", "打字很久的内容", "必填"):
        assert text in refused.text, text
    assert await found(lab, select(Instrument.id)) == []
    ruled = await submit(lab.manager, f"{URL}/new", f"{URL}/new", NEW | {"requirement": ""})
    assert ruled.status_code == 422
    assert "对外开放的仪器须填写开放共享规定" in ruled.text
    assert await found(lab, select(Instrument.id)) == []


async def test_a_taken_number_is_said_above_the_form(lab: Lab) -> None:
    await registered(lab)
    refused = await submit(lab.manager, f"{URL}/new", f"{URL}/new", NEW | {"name_zh": "另一台"})
    assert refused.status_code == 409
    assert "该单位已有相同单位内编号的仪器" in refused.text
    assert "另一台" in refused.text
    assert len(await found(lab, select(Instrument.id))) == 1


async def test_a_stale_form_keeps_what_was_typed(lab: Lab) -> None:
    url = await registered(lab)
    refused = await submit(lab.manager, f"{url}/edit", f"{url}/edit", {"version": "0", "name_zh": "晚来的"})
    assert refused.status_code == 412
    assert "晚来的" in refused.text
    assert (await found(lab, select(Instrument.name_zh)))[0][0] == "场发射扫描电子显微镜"


@pytest.mark.parametrize("page", ["/edit", "/units", "/hours", "/stewards", "/retire"])
async def test_managing_pages_are_for_managers(lab: Lab, page: str) -> None:
    url = await registered(lab, scope="organisation")
    assert (await lab.admin.get(f"{url}{page}", headers=HTML)).status_code == 200
    assert (await lab.member.get(f"{url}{page}", headers=HTML)).status_code == 403
    assert (await lab.stranger.get(f"{url}{page}", headers=HTML)).status_code == 404
    signed_out = await lab.visitor.get(f"{url}{page}", headers=HTML)
    assert (signed_out.status_code, "/sign-in" in signed_out.headers["location"]) == (303, True)


async def test_registering_is_for_managers(lab: Lab) -> None:
    for client in (lab.member, lab.neighbour, lab.auditor):
        assert (await client.get(f"{URL}/new", headers=HTML)).status_code == 403
        assert "登记仪器" not in (await client.get(URL, headers=HTML)).text
    assert "登记仪器" in (await lab.manager.get(URL, headers=HTML)).text


async def test_units_on_their_page(lab: Lab) -> None:
    url = await registered(lab, unit_count="1")
    added = await submit(lab.manager, f"{url}/units", f"{url}/units", {"label": "二号", "serial": "S2"})
    assert added.headers["location"] == f"{url}/units"
    taken = await submit(lab.manager, f"{url}/units", f"{url}/units", {"label": "二号"})
    assert taken.status_code == 409
    assert "该仪器已有同名的单元" in taken.text
    units = dict(await found(lab, select(InstrumentUnit.label, InstrumentUnit.id)))
    first, second = f"{url}/units/{units['1 号机']}", f"{url}/units/{units['二号']}"
    assert (await submit(lab.manager, f"{url}/units", first, {"label": "一号"})).status_code == 303
    assert (await submit(lab.manager, f"{url}/units", f"{second}/state")).status_code == 303
    last = await submit(lab.manager, f"{url}/units", f"{first}/state")
    assert last.status_code == 409
    assert "至少保留一个可预约的单元" in last.text
    assert (await submit(lab.manager, f"{url}/units", f"{second}/state")).status_code == 303
    assert sorted(map(tuple, await found(lab, select(InstrumentUnit.label, InstrumentUnit.active)))) == [
        ("一号", True),
        ("二号", True),
    ]


async def test_opening_hours_on_their_page(lab: Lab) -> None:
    url = await registered(lab)
    blank = [""] * 14
    opens, closes = [*blank], [*blank]
    opens[0], closes[0] = "08:30", "12:00"
    opens[1], closes[1] = "13:00", "17:30"
    saved = await submit(lab.manager, f"{url}/hours", f"{url}/hours", {"opens": opens, "closes": closes})
    assert saved.headers["location"] == url
    assert "08:30–12:00" in (await lab.visitor.get(url, headers=HTML)).text
    shown = await lab.manager.get(f"{url}/hours", headers=HTML)
    assert shown.text.count('name="opens"') == 15
    half = ["", *["09:00"], *[""] * 13]
    refused = await submit(lab.manager, f"{url}/hours", f"{url}/hours", {"opens": [""] * 15, "closes": half})
    assert refused.status_code == 422
    assert "请把开始和结束时间都填上" in refused.text
    overlapping = await submit(
        lab.manager,
        f"{url}/hours",
        f"{url}/hours",
        {"opens": ["08:00", "09:00", *[""] * 13], "closes": ["10:00", "11:00", *[""] * 13]},
    )
    assert "与其他开放时间重叠" in overlapping.text
    assert len(await found(lab, select(OpeningRule.id))) == 2


async def test_stewards_on_their_page(lab: Lab) -> None:
    url = await registered(lab)
    await lab.people.of(ZHEJIANG, name="候选人", organisations={lab.organisation_id: Role.MEMBER})
    page = (await lab.manager.get(f"{url}/stewards", headers=HTML)).text
    assert "候选人" in page
    assert "还没有机组管理员" in page
    member_id = (await lab.member.get("/api/v1/me")).json()["id"]
    added = await submit(lab.manager, f"{url}/stewards", f"{url}/stewards", {"account_id": member_id})
    assert added.status_code == 303
    page = (await lab.member.get(f"{url}/stewards", headers=HTML)).text
    assert "成员" in page
    assert f"{url}/stewards/{member_id}/remove" not in page
    removed = await submit(lab.manager, f"{url}/stewards", f"{url}/stewards/{member_id}/remove")
    assert removed.status_code == 303
    nobody = await submit(lab.manager, f"{url}/stewards", f"{url}/stewards", {"account_id": ""})
    assert nobody.status_code == 422


async def test_retiring_on_its_page(lab: Lab) -> None:
    url = await registered(lab)
    refused = await submit(lab.manager, f"{url}/retire", f"{url}/retire")
    assert refused.status_code == 422
    done = await submit(lab.manager, f"{url}/retire", f"{url}/retire", {"reason": "老化"})
    assert done.status_code == 303
    assert "该仪器已报废" in (await lab.manager.get(url, headers=HTML)).text
    kept = await submit(lab.manager, f"{url}/edit", f"{url}/edit", {"fee_note": "停止收费"})
    assert kept.status_code == 303
    assert (await found(lab, select(Instrument.service_status)))[0][0] == "retired"
    back = await submit(lab.manager, f"{url}/edit", f"{url}/edit", {"service_status": "open"})
    assert back.status_code == 409
    assert (await found(lab, select(Instrument.service_status)))[0][0] == "retired"


async def test_the_list_says_what_to_do_when_it_is_empty(lab: Lab) -> None:
    assert "还没有仪器" in (await lab.visitor.get(URL, headers=HTML)).text
    nothing = (await lab.visitor.get(URL, params={"q": "没有的", "open_now": "true"}, headers=HTML)).text
    assert "没有查到符合条件的仪器" in nothing
    assert "“没有的”" in nothing


async def test_the_list_and_its_pages(lab: Lab) -> None:
    for number in range(25):
        await make_instrument(lab.database, ZHEJIANG, scope="public", name_zh=f"示例仪器{number:02d}")
    first = await lab.visitor.get(URL, params={"q": "示例", "sort": "name"}, headers=HTML)
    assert first.text.count('class="instrument"') == 20
    following = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = await lab.visitor.get(following, headers=HTML)
    assert second.text.count('class="instrument"') == 5
    assert "已经到底了" in second.text
    part = await lab.visitor.get(URL, params={"q": "示例"}, headers={**HTML, "HX-Request": "true"})
    assert "<html" not in part.text
    assert part.text.count('class="instrument"') == 20


async def test_the_statements_of_the_list_page_do_not_grow_with_it(lab: Lab) -> None:
    """The list and its number; places by name; provinces; classes to choose from."""
    assert isinstance(lab.database, RolledBackDatabase)
    counts = []
    for _ in range(2):
        for _ in range(5):
            await make_instrument(lab.database, ZHEJIANG, scope="public")
        with statements_on(lab.database.connection) as seen:
            await lab.visitor.get(URL, headers=HTML)
        counts.append(len(seen))
    assert counts == [5, 5]


async def test_every_filter_is_said_above_the_list(lab: Lab) -> None:
    place = await make_instrument(lab.database, ZHEJIANG, scope="region", organisation_id=lab.organisation_id)
    wanted = {
        "q": "显微",
        "province": ZHEJIANG,
        "class": "0101",
        "organisation": str(place.organisation_id),
        "service_status": "open",
        "scope": "region",
        "open_now": "true",
    }
    page = (await lab.manager.get(URL, params=wanted, headers=HTML)).text
    chips = page.partition('<ul class="chips"')[2].partition("</ul>")[0]
    for text in ("“显微”", "浙江", "电子光学仪器", "示例大学", "开放", "长三角", "现在开放", "清除全部"):
        assert text in chips, text
    unknown = await lab.manager.get(
        URL, params={"organisation": "01930f3e-5b7a-7c4e-9d2a-3f1b6c8d9e0f", "class": "0777"}, headers=HTML
    )
    assert "某单位" in unknown.text
    assert "0777" in unknown.text
