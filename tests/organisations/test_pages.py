"""The pages of organisations, as a browser without script uses them."""

import html
import re
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from app.access.permissions import Role
from app.core.db import Database
from app.organisations.models import Organisation
from app.tenancy.context import TenantContext
from tests.support.clients import Clients, clients_of, statements_on
from tests.support.database import RolledBackDatabase
from tests.support.places import make_organisation, valid_uscc

ADMIN = {"roles": [Role.PROVINCE_ADMIN]}
URL = "/organisations"
HTML = {"accept": "text/html"}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
VERSION = re.compile(r'name="version" value="(\d+)"')


@pytest.fixture
async def clients(app: FastAPI) -> AsyncIterator[Clients]:
    async with clients_of(app) as clients:
        yield clients


@pytest.fixture
async def admin(clients: Clients) -> httpx2.AsyncClient:
    return await clients.of("330000", **ADMIN)


async def submit(
    client: httpx2.AsyncClient, page: str, values: dict[str, str], *, to: str | None = None
) -> httpx2.Response:
    """Open a page, fill its form in and send it, hidden fields included."""
    shown = await client.get(page, headers=HTML)
    assert shown.status_code == 200, shown.text
    hidden = {"csrf_token": TOKEN.findall(shown.text)[-1]}
    if version := VERSION.search(shown.text):
        hidden["version"] = version[1]
    return await client.post(to or page, data=hidden | values, headers=HTML)


def form(**values: str) -> dict[str, str]:
    given = {"uscc": valid_uscc("330000"), "name": "钱塘示例大学", "kind": "university", "adcode": "330106"}
    return given | {"scope": "public", "website": "", **values}


async def names(database: Database) -> list[str]:
    async with database.transaction(TenantContext("330000").info()) as session:
        return list(await session.scalars(select(Organisation.name).order_by(Organisation.id)))


async def test_admin_registers_through_the_form(admin: httpx2.AsyncClient) -> None:
    response = await submit(admin, f"{URL}/new", form())
    assert response.status_code == 303
    detail = await admin.get(response.headers["location"], headers=HTML)
    assert "已登记「钱塘示例大学」" in detail.text
    assert "杭州市西湖区" in detail.text


async def test_doubtful_code_asks_for_a_reason_and_keeps_what_was_typed(
    admin: httpx2.AsyncClient, database: Database
) -> None:
    first = await admin.get(f"{URL}/new", headers=HTML)
    assert "uscc_override_reason" not in first.text
    refused = await submit(admin, f"{URL}/new", form(uscc="91350100M0001TGQXM", name="某某示例所"))
    assert refused.status_code == 422
    assert "某某示例所" in refused.text
    assert "校验位不符；如确为有效的历史代码，请填写核准理由" in refused.text
    assert 'name="uscc_override_reason"' in refused.text
    assert await names(database) == []
    accepted = await submit(
        admin, f"{URL}/new", form(uscc="91350100M0001TGQXM", uscc_override_reason="已核对原件")
    )
    assert accepted.status_code == 303


async def test_taken_code_is_said_above_the_form(admin: httpx2.AsyncClient, database: Database) -> None:
    values = form()
    await submit(admin, f"{URL}/new", values)
    refused = await submit(admin, f"{URL}/new", values | {"name": "另一所"})
    assert refused.status_code == 409
    assert "该统一社会信用代码已登记" in refused.text
    assert "另一所" in refused.text
    assert await names(database) == ["钱塘示例大学"]


async def test_change_through_the_form(admin: httpx2.AsyncClient, database: Database) -> None:
    made = await submit(admin, f"{URL}/new", form(website="https://a.example/"))
    url = made.headers["location"]
    edited = await submit(admin, f"{url}/edit", form(uscc=valid_uscc("330000"), name="西湖示例大学"))
    assert edited.headers["location"] == url
    assert await names(database) == ["西湖示例大学"]
    assert "https://a.example/" not in (await admin.get(url, headers=HTML)).text


async def test_stale_form_keeps_what_was_typed_and_changes_nothing(
    admin: httpx2.AsyncClient, database: Database
) -> None:
    url = (await submit(admin, f"{URL}/new", form())).headers["location"]
    await submit(admin, f"{url}/edit", form(name="先改"))
    stale = await submit(admin, f"{url}/edit", form(name="后改", version="1"))
    assert stale.status_code == 412
    assert "后改" in stale.text
    assert "内容已被他人修改" in stale.text
    assert await names(database) == ["先改"]


async def test_suspending_is_confirmed_first(admin: httpx2.AsyncClient) -> None:
    url = (await submit(admin, f"{URL}/new", form())).headers["location"]
    confirm = await admin.get(f"{url}/status", headers=HTML)
    assert "确认停用" in confirm.text
    assert (await submit(admin, f"{url}/status", {}, to=f"{url}/suspend")).status_code == 303
    assert "该单位已停用" in (await admin.get(url, headers=HTML)).text
    assert (await submit(admin, f"{url}/status", {}, to=f"{url}/reactivate")).status_code == 303
    assert "该单位已停用" not in (await admin.get(url, headers=HTML)).text


async def test_forged_post_is_refused(admin: httpx2.AsyncClient, database: Database) -> None:
    assert (await admin.post(f"{URL}/new", data=form(), headers=HTML)).status_code == 403
    assert await names(database) == []


async def test_others_see_no_way_to_manage_and_are_refused(
    clients: Clients, client: httpx2.AsyncClient, database: Database
) -> None:
    shown = await make_organisation(database, "330000")
    hidden = await make_organisation(database, "330000", scope="organisation")
    outsider = await clients.of("310000", **ADMIN)
    page = await outsider.get(f"{URL}/{shown}", headers=HTML)
    assert f"{URL}/{shown}/edit" not in page.text
    for path in (f"{shown}/edit", f"{shown}/status"):
        assert (await outsider.get(f"{URL}/{path}", headers=HTML)).status_code == 403
    for path in (f"{hidden}", f"{hidden}/edit", f"{hidden}/status"):
        assert (await outsider.get(f"{URL}/{path}", headers=HTML)).status_code == 404
    assert (await (await clients.of("330000")).get(f"{URL}/new", headers=HTML)).status_code == 403
    for path in ("new", f"{shown}/edit", f"{shown}/status"):
        response = await client.get(f"{URL}/{path}", headers=HTML)
        assert (response.status_code, response.headers["location"].partition("?")[0]) == (303, "/sign-in")


async def test_list_filters_and_its_empty_state(client: httpx2.AsyncClient, database: Database) -> None:
    await make_organisation(database, "330000", "钱塘示例大学")
    await make_organisation(database, "310000", "浦江示例大学")
    found = await client.get(URL, params={"q": "钱塘", "province": "", "kind": ""}, headers=HTML)
    assert "钱塘示例大学" in found.text
    assert "浦江示例大学" not in found.text
    nothing = await client.get(URL, params={"q": "没有"}, headers=HTML)
    assert "没有符合条件的单位" in nothing.text
    part = await client.get(URL, headers={**HTML, "hx-request": "true"})
    assert part.text.lstrip().startswith(('<div class="table-frame"', "<ul"))
    assert "<html" not in part.text


async def test_each_filter_can_be_dropped_by_itself(client: httpx2.AsyncClient, database: Database) -> None:
    await make_organisation(database, "330000", "钱塘示例大学", adcode="330106")
    query = {"province": "330000", "kind": "university", "status": "active", "adcode": "330100", "limit": "1"}
    page = (await client.get(URL, params=query, headers=HTML)).text
    assert "钱塘示例大学" in page
    chips = re.findall(r'<a class="chip" href="([^"]+)"><span>([^<]+)</span>', page)
    assert [text for _, text in chips] == ["浙江", "高等院校", "正常", "杭州市"]
    for (url, _), name in zip(chips, query, strict=False):
        left = parse_qs(urlsplit(html.unescape(url)).query).keys()
        assert left == query.keys() - {name}


async def test_list_statements(client: httpx2.AsyncClient, database: RolledBackDatabase) -> None:
    for tenant_id in ("310000", "320000", "330000"):
        await make_organisation(database, tenant_id)
    with statements_on(database.connection) as seen:
        assert (await client.get(URL, headers=HTML)).status_code == 200
    assert len(seen) == 3, seen


async def test_export(client: httpx2.AsyncClient, database: Database) -> None:
    await make_organisation(database, "330000", "=HYPERLINK(1)", uscc="12330000000000900X"[:17] + "0")
    await make_organisation(database, "310000", "浦江示例大学", website="https://a.example/")
    csv = await client.get(f"{URL}/export.csv?province=330000&sort=name&cursor=")
    lines = csv.content.decode("utf-8-sig").splitlines()
    assert csv.headers["content-disposition"].startswith('attachment; filename="organisations-')
    assert len(lines) == 2
    assert "'=HYPERLINK(1)" in lines[1]
    xlsx = await client.get(f"{URL}/export.xlsx?lang=en")
    rows: list[list[Any]] = (
        CalamineWorkbook.from_filelike(BytesIO(xlsx.content)).get_sheet_by_index(0).to_python()
    )
    assert rows[0][1] == "Organisation name"
    assert {row[1] for row in rows[1:]} == {"=HYPERLINK(1)", "浦江示例大学"}
    assert (await client.get(f"{URL}/export.pdf")).status_code == 404
    assert (await client.get(f"{URL}/export.csv?q={quote('无')}")).content.decode("utf-8-sig").count(
        "\n"
    ) == 1


async def test_an_export_that_is_too_long_is_refused_not_cut(
    client: httpx2.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        await make_organisation(database, "330000", scope="public")
    monkeypatch.setattr("app.core.keyset.MOST_EXPORTED", 1)
    refused = await client.get(f"{URL}/export.csv")
    assert (refused.status_code, refused.json()["code"]) == (422, "export_too_large")


async def test_english(client: httpx2.AsyncClient, database: Database) -> None:
    organisation = await make_organisation(database, "330000", adcode="330106")
    page = await client.get(f"{URL}/{organisation}?lang=en", headers=HTML)
    assert "Xihu District, Hangzhou" in page.text
    assert "Unified social credit code" in page.text
