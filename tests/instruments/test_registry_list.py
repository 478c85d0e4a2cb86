"""The list: search, filters, order, keyset pages, and how many statements it costs."""

from datetime import time
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.permissions import Role
from app.core import clock
from app.core.db import Database
from app.instruments.registry import listing
from app.web.public import SHANGHAI
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.support.clients import clients_of, statements_on
from tests.support.database import RolledBackDatabase
from tests.support.places import make_instrument, make_organisation

URL = "/api/v1/instruments"


async def names(client: httpx2.AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    return [item["name_zh"] for item in answer.json()["items"]]


@pytest.fixture
async def register(database: Database) -> UUID:
    """Four public instruments of two organisations in two provinces."""
    university = await make_organisation(database, "330000", "之江示例大学")
    institute = await make_organisation(database, "310000", "浦东示例光学研究所")
    entries: list[dict[str, Any]] = [
        {"name_zh": "场发射扫描电子显微镜", "class_code": "010100", "worth_fen": 300, "model": "SU8010"},
        {
            "name_zh": "气相色谱-质谱联用仪",
            "class_code": "010200",
            "worth_fen": 200,
            "manufacturer": "示例仪器",
        },
        {"name_zh": "X射线衍射仪", "class_code": "010300", "worth_fen": None, "service_status": "suspended"},
    ]
    for place, values in enumerate(entries):
        await make_instrument(
            database, "330000", organisation_id=university, scope="public", inner_id=f"Z{place}", **values
        )
    await make_instrument(
        database,
        "310000",
        organisation_id=institute,
        scope="public",
        inner_id="S1",
        name_zh="机器学习计算服务器",
        class_code="990000",
        worth_fen=400,
    )
    return university


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("显微", ["场发射扫描电子显微镜"]),
        ("镜", ["场发射扫描电子显微镜"]),
        ("射", ["X射线衍射仪", "场发射扫描电子显微镜"]),
        ("x射线", ["X射线衍射仪"]),
        ("Ｘ", ["X射线衍射仪"]),
        ("色谱 质谱", ["气相色谱-质谱联用仪"]),
        ("谱质", []),
        ("色谱 显微", []),
        ("su8010", ["场发射扫描电子显微镜"]),
        ("Z1", ["气相色谱-质谱联用仪"]),
        ("光学研究所", ["机器学习计算服务器"]),
        ("示例光学 学习", ["机器学习计算服务器"]),
        ("之江 质谱", ["气相色谱-质谱联用仪"]),
        ("之江 学习", []),
        ("示例仪器", ["气相色谱-质谱联用仪"]),
        ("！？", []),
        ("'; DROP TABLE", []),
        ("& | ! <-> :* \\ ''", []),
    ],
)
async def test_search(client: httpx2.AsyncClient, register: UUID, q: str, found: list[str]) -> None:
    assert sorted(await names(client, q=q)) == sorted(found)


async def test_a_match_in_the_name_comes_first(client: httpx2.AsyncClient, database: Database) -> None:
    await make_instrument(database, "330000", scope="public", name_zh="离心机", function="配合显微镜使用")
    await make_instrument(database, "330000", scope="public", name_zh="光学显微镜")
    await make_instrument(database, "330000", scope="public", name_zh="天平", model="显微镜台")
    assert await names(client, q="显微镜") == ["光学显微镜", "天平", "离心机"]
    assert await names(client, q="显微镜", sort="newest") == ["天平", "光学显微镜", "离心机"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"province": "310000"}, {"机器学习计算服务器"}),
        ({"class": "01"}, {"场发射扫描电子显微镜", "气相色谱-质谱联用仪", "X射线衍射仪"}),
        ({"class": "0102"}, {"气相色谱-质谱联用仪"}),
        ({"class": "010300"}, {"X射线衍射仪"}),
        ({"class": "99"}, {"机器学习计算服务器"}),
        ({"service_status": "suspended"}, {"X射线衍射仪"}),
        ({"scope": "region"}, set()),
        ({"q": "射", "class": "0103"}, {"X射线衍射仪"}),
        ({"q": "射", "province": "310000"}, set()),
        ({"q": "学习", "service_status": "open"}, {"机器学习计算服务器"}),
        (
            {"q": "", "class": ""},
            {"场发射扫描电子显微镜", "气相色谱-质谱联用仪", "X射线衍射仪", "机器学习计算服务器"},
        ),
    ],
)
async def test_filters(
    client: httpx2.AsyncClient, register: UUID, params: dict[str, str], found: set[str]
) -> None:
    assert set(await names(client, **params)) == found


async def test_by_organisation(client: httpx2.AsyncClient, register: UUID) -> None:
    assert len(await names(client, organisation=str(register))) == 3


async def test_orders(client: httpx2.AsyncClient, register: UUID) -> None:
    assert await names(client, sort="worth") == [
        "机器学习计算服务器",
        "场发射扫描电子显微镜",
        "气相色谱-质谱联用仪",
        "X射线衍射仪",
    ]
    by_pinyin = ["X射线衍射仪", "场发射扫描电子显微镜", "机器学习计算服务器", "气相色谱-质谱联用仪"]
    assert await names(client, sort="name") == by_pinyin
    assert (await names(client))[0] == "机器学习计算服务器"
    assert await names(client, sort="relevance") == await names(client, sort="newest")


@pytest.mark.parametrize(
    "params", [{}, {"sort": "name"}, {"sort": "worth"}, {"q": "仪器"}, {"q": "仪器", "sort": "worth"}]
)
async def test_pages_have_every_row_once(
    client: httpx2.AsyncClient, database: Database, params: dict[str, str]
) -> None:
    organisation_id = await make_organisation(database, "330000")
    for number in range(7):
        await make_instrument(
            database,
            "330000",
            organisation_id=organisation_id,
            scope="public",
            name_zh=f"示例仪器{number % 3}",
            worth_fen=None if number == 1 else number % 2,
        )
    whole = (await client.get(URL, params=params)).json()
    assert (len(whole["items"]), whole["next"]) == (7, None)
    seen: list[dict[str, Any]] = []
    url, query = URL, {**params, "limit": "2"}
    for _ in range(4):
        answer = await client.get(url, params=query)
        seen += answer.json()["items"]
        if (following := answer.json()["next"]) is None:
            assert "link" not in answer.headers
            break
        assert answer.headers["link"].endswith('rel="next"')
        query = {**query, "cursor": following}
    assert seen == whole["items"]


async def test_a_cursor_belongs_to_its_list(client: httpx2.AsyncClient, register: UUID) -> None:
    cursor = (await client.get(URL, params={"limit": 1})).json()["next"]
    for params in ({"sort": "name"}, {"q": "射"}, {"province": "330000"}):
        answer = await client.get(URL, params={"cursor": cursor, **params})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "cursor_invalid")
    forged = await client.get(URL, params={"cursor": cursor[:-2] + "AA"})
    assert forged.status_code == 422


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "101"},
        {"limit": "0"},
        {"class": "011"},
        {"class": "0101011"},
        {"province": "浙江"},
        {"organisation": "1"},
        {"sort": "price"},
        {"service_status": "gone"},
        {"open_now": "perhaps"},
        {"q": "a\x00"},
        {"q": "长" * 201},
        {"unknown": "1"},
    ],
)
async def test_bad_queries_are_named(client: httpx2.AsyncClient, params: dict[str, str]) -> None:
    answer = await client.get(URL, params=params)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == list(params)


async def test_open_now(client: httpx2.AsyncClient, database: Database) -> None:
    local = clock.now().astimezone(SHANGHAI)
    today, yesterday = local.isoweekday(), (local.isoweekday() - 2) % 7 + 1
    now = local.time().replace(second=0, microsecond=0, tzinfo=None)
    midnight, last = time(0, 0), time(23, 59)
    cases = {
        "无规则": [],
        "今天全天": [{"weekday": today, "opens": midnight, "closes": midnight}],
        "明天": [{"weekday": today % 7 + 1, "opens": midnight, "closes": last}],
        "昨夜至今晨": [
            {"weekday": yesterday, "opens": last, "closes": now if now != midnight else time(0, 1)}
        ],
        "昨天全天": [{"weekday": yesterday, "opens": midnight, "closes": midnight}],
        "刚开门": [{"weekday": today, "opens": now, "closes": midnight}],
    }
    for name, hours in cases.items():
        await make_instrument(database, "330000", scope="public", name_zh=name, hours=hours)
    await make_instrument(database, "330000", scope="public", name_zh="停用", service_status="suspended")
    if clock.now().astimezone(SHANGHAI).time().replace(second=0, microsecond=0) != now:
        pytest.skip("the minute changed during the test")
    is_open = set(await names(client, open_now="true"))
    assert is_open == {"无规则", "今天全天", "刚开门"}
    assert set(await names(client, open_now="false")) == {"明天", "昨夜至今晨", "昨天全天", "停用"}
    items = (await client.get(URL)).json()["items"]
    assert {item["name_zh"] for item in items if item["open_now"]} == is_open


async def test_units_in_the_list_are_those_in_use(lab: Lab) -> None:
    entry = await lab.create(units=[{"label": "A"}, {"label": "B"}, {"label": "C"}])
    unit = entry["units"][0]["id"]
    await lab.manager.patch(
        f"{URL}/{entry['id']}/units/{unit}", json={"active": False}, headers={"If-Match": '"v1"'}
    )
    (item,) = (await lab.manager.get(URL)).json()["items"]
    assert (item["units"], item["class_name"], item["organisation_name"]) == (2, "电子光学仪器", "示例大学")


async def test_an_organisation_out_of_sight_is_not_named(app: FastAPI, database: Database) -> None:
    hidden = await make_organisation(database, "330000", "隐名示例所", scope="province")
    await make_instrument(database, "330000", organisation_id=hidden, scope="public")
    async with clients_of(app) as people:
        for tenant, name, found in (("310000", None, 0), ("330000", "隐名示例所", 1)):
            reader = await people.of(tenant)
            (item,) = (await reader.get(URL)).json()["items"]
            assert item["organisation_name"] == name
            assert len(await names(reader, q="隐名")) == found


@pytest.mark.parametrize(
    ("params", "reads"),
    [({}, 1), ({"sort": "name"}, 1), ({"open_now": "true"}, 1), ({"q": "显微"}, 2), ({"q": "显微 大学"}, 2)],
)
async def test_the_statements_of_a_list(
    lab: Lab, register: UUID, database: Database, params: dict[str, str], reads: int
) -> None:
    """One for the page, one for the organisations words may name; none a row. Code names are kept in the process."""
    await lab.visitor.get(URL, params=params)
    assert isinstance(database, RolledBackDatabase)
    connection: AsyncConnection = database.connection
    with statements_on(connection) as seen:
        answer = await lab.visitor.get(URL, params=params)
    assert answer.status_code == 200
    assert len(seen) == reads, seen


async def test_the_statements_of_a_detail(lab: Lab, database: Database) -> None:
    entry = await lab.create(scope="public")
    assert isinstance(database, RolledBackDatabase)
    with statements_on(database.connection) as seen:
        await lab.visitor.get(f"{URL}/{entry['id']}")
    assert len(seen) == 1, seen


async def test_exports_have_every_row_and_come_back_as_an_import(lab: Lab, register: UUID) -> None:
    answer = await lab.visitor.get(f"{URL}/export.csv", params={"class": "01", "sort": "name"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="instruments-')
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("所属单位,单位内编号,仪器名称,英文名称,仪器分类编码")
    assert [line.split(",")[2] for line in lines[1:]] == [
        "X射线衍射仪",
        "场发射扫描电子显微镜",
        "气相色谱-质谱联用仪",
    ]
    workbook = await lab.visitor.get(f"{URL}/export.xlsx", params={"class": "01"})
    assert workbook.content.startswith(b"PK")


async def test_a_manager_of_one_organisation_is_a_stranger_to_the_next(lab: Lab, database: Database) -> None:
    other = await make_organisation(database, ZHEJIANG, "另一所示例大学")
    manager = await lab.people.of(ZHEJIANG, name="另一管理者", organisations={other: Role.MANAGER})
    entry = await lab.create(scope="organisation")
    assert await names(manager) == []
    assert (await manager.get(f"{URL}/{entry['id']}")).status_code == 404
    assert (await manager.post(URL, json=lab.entry(inner_id="X"))).status_code == 403


async def test_an_export_that_is_too_long_is_refused(
    client: httpx2.AsyncClient, register: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.keyset.MOST_EXPORTED", 2)
    answer = await client.get(f"{URL}/export.csv")
    assert (answer.status_code, answer.json()["code"]) == (422, "export_too_large")
    assert (await client.get(f"{URL}/export.csv", params={"class": "0101"})).status_code == 200
    assert (await client.get(f"{URL}/export.csv", params={"q": "！"})).text.count("\n") == 1


async def test_an_export_reads_some_hundred_rows_at_a_time(
    client: httpx2.AsyncClient, register: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "CHUNK", 2)
    assert (await client.get(f"{URL}/export.csv", params={"sort": "worth"})).text.count("\n") == 5
