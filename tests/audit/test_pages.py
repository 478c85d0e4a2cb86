"""The auditor's page and its CSV file."""

import ast
import csv
import io
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.audit.labels import GROUPS, KINDS
from app.core.db import Database
from app.identity.public import add_membership
from app.journal.public import record
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.clients import Clients, clients_of, statements_on
from tests.support.database import RolledBackDatabase
from tests.support.people import Person, make_person
from tests.support.places import make_instrument, make_organisation

APP = Path(__file__).parents[2] / "app"
HTML = {"accept": "text/html"}
STRANGER = UUID("01930000-0000-7000-8000-00000000000b")


@pytest.fixture
async def clients(app: FastAPI) -> AsyncIterator[Clients]:
    async with clients_of(app) as clients:
        yield clients


@pytest.fixture
async def auditor(clients: Clients) -> httpx2.AsyncClient:
    return await clients.of("330000", name="陈静", roles=[Role.AUDITOR])


@pytest.fixture
async def actor(database: Database, settings: Settings) -> Person:
    """Who changed an organisation; a stranger booked after that."""
    person = await make_person(database, settings, tenant_id="330000", name="周明远")
    async with database.transaction(TenantContext("330000", person.id).info()) as session:
        subject = ("organisation", "01930000-0000-7000-8000-000000000001")
        after = {"name": "=新名", "website": None}
        await record(session, "organisation.changed", subject=subject, before={"name": "旧名"}, after=after)
    async with database.transaction(TenantContext("310000", STRANGER).info()) as session:
        await record(session, "booking.created", subject=("booking", "b1"), tenant_id="330000")
    return person


async def test_page_names_own_people_and_the_province_of_others(
    auditor: httpx2.AsyncClient, actor: Person
) -> None:
    page = (await auditor.get("/audit", headers=HTML)).text
    assert all(
        text in page for text in ("修改单位", "周明远", "新建预约", "外省人员", "上海", "旧名", "=新名")
    )
    assert str(STRANGER) not in page
    assert "/organisations/01930000-0000-7000-8000-000000000001" in page
    only = (await auditor.get("/audit", params={"actor_id": str(actor.id)}, headers=HTML)).text
    assert "修改单位" in only
    assert "新建预约" not in only


async def test_days_are_those_of_shanghai(auditor: httpx2.AsyncClient, actor: Person) -> None:
    query = {"kind": "organisation", "first_day": "2026-01-01", "last_day": ""}
    assert "修改单位" in (await auditor.get("/audit", params=query, headers=HTML)).text
    past = {"first_day": "", "last_day": "2026-01-01"}
    assert "没有符合条件的记录" in (await auditor.get("/audit", params=past, headers=HTML)).text
    assert (await auditor.get("/audit", params={"first_day": "soon"}, headers=HTML)).status_code == 422


async def test_csv_is_formula_safe_and_filtered(auditor: httpx2.AsyncClient, actor: Person) -> None:
    response = await auditor.get("/audit/export.csv", params={"kind": "organisation"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    head, row = csv.reader(io.StringIO(response.content.decode("utf-8-sig")))
    assert head[1:3] == ["事件", "事件代码"]
    assert row[1:9] == [
        "修改单位",
        "organisation.changed",
        "organisation",
        "",
        "01930000-0000-7000-8000-000000000001",
        "浙江",
        "浙江",
        "周明远",
    ]
    assert row[15:] == ['{"name": "旧名"}', '{"name": "=新名", "website": null}']
    assert STRANGER.hex not in response.text.replace("-", "")


async def test_a_record_is_told_with_names_words_and_local_time(
    clients: Clients, auditor: httpx2.AsyncClient, database: Database
) -> None:
    """No identifier, no UTC, no code where the reader knows a name, a clock or a word."""
    place = await make_instrument(database, "330000")
    person = await make_person(clients.database, clients.settings, tenant_id="330000", name="沈知行")
    async with database.transaction(TenantContext("330000", person.id).info()) as session:
        await record(
            session,
            "booking.moved",
            subject=("booking", STRANGER),
            before={"starts_at": "2026-11-23T01:00:00Z", "organisation_id": place.organisation_id},
            after={"starts_at": "2026-11-23T02:30:00Z", "organisation_id": None},
        )
        await record(
            session,
            "instrument.changed",
            subject=("instrument", place.instrument_id),
            before={"scope": "province", "worth_fen": 100, "customs_supervised": False, "disciplines": []},
            after={
                "scope": "public",
                "worth_fen": 123456,
                "customs_supervised": True,
                "disciplines": ["140", "150"],
            },
        )
        after = {"organisation_id": place.organisation_id, "role": "manager"}
        await record(session, "membership.added", subject=("account", person.id), after=after)
    page = unescape((await auditor.get("/audit", headers=HTML)).text)
    told = re.sub(r"<[^>]+>|\s+", " ", page)
    told = re.sub(r" +", " ", told)
    assert "开始时间 11月23日 周一 09:00 → 11月23日 周一 10:30" in told
    assert "共享范围 本省 → 公开" in told
    assert "原值 ¥1.00 → ¥1,234.56" in told
    assert "否 → 是" in told
    assert "— → 140、150" in told
    assert "角色 单位管理员" in told
    assert f'<a href="/instruments/{place.instrument_id}">' in page
    assert "仪器的全部记录" in told
    for raw in ("starts_at", "organisation_id", "T01:00", "province_admin", str(place.organisation_id)):
        assert raw not in told


async def told_of(auditor: httpx2.AsyncClient, **query: str) -> str:
    page = unescape((await auditor.get("/audit", params=query, headers=HTML)).text)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_only_what_differs_is_told_and_its_codes_in_words(
    clients: Clients, auditor: httpx2.AsyncClient, database: Database
) -> None:
    person = await make_person(clients.database, clients.settings, tenant_id="330000")
    async with database.transaction(TenantContext("330000", person.id).info()) as session:
        at = {"starts_at": "2026-11-23T01:00:00Z", "purpose": "teaching"}
        after = {"status": "cancelled", "reason": "停电"}
        subject = ("booking", STRANGER)
        await record(
            session, "booking.moved", subject=subject, before=at, after={**at, "purpose": "research"}
        )
        await record(
            session, "booking.cancelled", subject=subject, before={"status": "confirmed"}, after=after
        )
    told = await told_of(auditor)
    assert "状态 已确认 → 已取消" in told
    assert "理由 — → 停电" in told
    assert "用途 教学 → 科学研究" in told
    assert "开始时间" not in told


async def test_a_membership_names_its_organisation_and_a_new_role_is_a_change(
    clients: Clients, auditor: httpx2.AsyncClient, database: Database
) -> None:
    place = await make_instrument(
        database, "330000", organisation_id=await make_organisation(database, "330000", "钱塘示例大学")
    )
    person = await make_person(
        clients.database,
        clients.settings,
        tenant_id="330000",
        name="沈知行",
        organisations={place.organisation_id: Role.MEMBER},
    )
    for role in (Role.MANAGER, Role.MANAGER):
        async with database.transaction(TenantContext("330000", person.id).info()) as session:
            await add_membership(
                session,
                tenant_id="330000",
                account_id=person.id,
                organisation_id=place.organisation_id,
                role=role,
            )
    changed = await told_of(auditor, kind="membership.changed")
    assert changed.count("更改成员角色 membership.changed 沈知行 钱塘示例大学") == 1
    assert "角色 单位成员 → 单位管理员" in changed
    assert "加入单位 membership.added 沈知行 钱塘示例大学" in await told_of(auditor, kind="membership.added")


async def test_records_are_found_by_a_name_and_told_to_the_second(
    clients: Clients, auditor: httpx2.AsyncClient, actor: Person, database: Database
) -> None:
    place = await make_instrument(
        database, "330000", organisation_id=await make_organisation(database, "330000", "钱塘示例大学")
    )
    async with database.transaction(TenantContext("330000", actor.id).info()) as session:
        await record(session, "instrument.changed", subject=("instrument", place.instrument_id))
        await record(session, "organisation.suspended", subject=("organisation", place.organisation_id))
    by_person, by_thing = await told_of(auditor, q="明远"), await told_of(auditor, q="钱塘")
    assert "instrument.changed" in by_person
    assert "booking.created" not in by_person
    assert "organisation.suspended" in by_thing
    assert "instrument.changed" not in by_thing
    assert "instrument.changed" in await told_of(auditor, q=str(place.instrument_id))
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d 修改仪器", by_person)
    assert "对象标识须完整" in await told_of(auditor, q="not-a:known/id")
    file = await auditor.get("/audit/export.csv", params={"q": "钱塘"})
    assert file.text.count("organisation.suspended") == 1
    assert "instrument.changed" not in file.text


async def test_a_file_that_would_be_cut_is_refused(
    auditor: httpx2.AsyncClient, actor: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.keyset.MOST_EXPORTED", 1)
    refused = await auditor.get("/audit/export.csv")
    assert (refused.status_code, refused.json()["code"]) == (422, "export_too_large")


async def test_statements(auditor: httpx2.AsyncClient, actor: Person, database: RolledBackDatabase) -> None:
    with statements_on(database.connection) as seen:
        await auditor.get("/audit", headers=HTML)
    assert len(seen) == 4, seen


@pytest.mark.parametrize("path", ["/audit", "/audit/export.csv"])
async def test_others_are_refused(clients: Clients, client: httpx2.AsyncClient, path: str) -> None:
    admin = await clients.of("330000", roles=[Role.PROVINCE_ADMIN])
    assert (await admin.get(path, headers=HTML)).status_code == 403
    assert (await client.get(path, headers=HTML)).status_code == 303


def test_every_recorded_kind_has_words() -> None:
    """A kind is a text like "booking.created": an argument of a call that records, or held in `kind` before it."""
    kinds = {
        str(text.value)
        for path in APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for said in _said(node)
        for text in ast.walk(said)
        if isinstance(text, ast.Constant) and re.fullmatch(r"[a-z_]+\.[a-z_]+", str(text.value))
    }
    assert len(kinds) > 70
    assert sorted(kinds - KINDS.keys()) == []
    assert sorted({kind.partition(".")[0] for kind in kinds} - GROUPS.keys()) == []


RECORDERS = {"Event", "personal", "record", "write", "_record", "_note", "_move"}


def _said(node: ast.AST) -> list[ast.expr]:
    """Where in a piece of the program a kind may stand."""
    if isinstance(node, ast.Assign) and "kind" in {getattr(target, "id", "") for target in node.targets}:
        return [node.value]
    if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in RECORDERS:
        return [*node.args, *(keyword.value for keyword in node.keywords)]
    return []
