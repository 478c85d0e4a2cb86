"""Importing files of instruments over HTTP, from upload to the register."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import Request
from sqlalchemy import func, select, update

from app.access.permissions import Role
from app.access.principal import Principal
from app.instruments.models import Instrument, InstrumentImport, InstrumentImportRow, InstrumentUnit
from app.jobs.tasks import TASKS, Job
from app.journal.models import JournalEvent
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.instruments.importing import BRIEF, FAULTY, HEADER, URL, Importing, csv_of, good_rows
from tests.support.jobs import run_jobs
from tests.support.places import make_organisation


async def found(lab: Lab, statement: Any) -> list[Any]:
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        return list((await session.execute(statement)).all())


async def count(lab: Lab) -> int:
    return int((await found(lab, select(func.count()).select_from(Instrument)))[0][0])


async def test_from_file_to_register(lab: Lab, importing: Importing) -> None:
    sent = await importing.sent(csv_of(*good_rows(3)))
    assert sent["state"] == "uploaded"
    assert (sent["encoding"], sent["delimiter"], sent["header_row"]) == ("utf-8", ",", 1)
    assert [column["name"] for column in sent["columns"]] == HEADER.split(",")
    assert sent["columns"][0]["samples"] == ["A-1", "A-2", "A-3"]
    assert sent["mapping"]["worth_wan"]["column"] == "原值（万元）"
    assert sent["mapping"]["organisation"]["fixed"] == str(lab.organisation_id)
    checked = await importing.check(sent)
    assert checked["state"] == "checked", checked
    assert checked["counts"] == {"new": 3, "changed": 0, "unchanged": 0, "faulty": 0}
    assert await count(lab) == 0
    applied = await importing.apply(sent["id"])
    assert applied["state"] == "applied"
    assert applied["counts"]["new"] == 3
    rows = await found(
        lab, select(Instrument.inner_id, Instrument.worth_fen, Instrument.begin_date, Instrument.version)
    )
    assert sorted((row[0], row[1], row[2].isoformat(), row[3]) for row in rows) == [
        (f"A-{number}", 67_810_000, "2021-03-15", 1) for number in (1, 2, 3)
    ]
    listed = await importing.rows(sent["id"])
    assert [(row["row"], row["outcome"], row["inner_id"]) for row in listed] == [
        (2, "new", "A-1"),
        (3, "new", "A-2"),
        (4, "new", "A-3"),
    ]
    for row in listed:
        entry = (await lab.manager.get(f"/api/v1/instruments/{row['instrument_id']}")).json()
        assert [unit["label"] for unit in entry["units"]] == ["1 号机"]
    kinds = await found(lab, select(JournalEvent.kind, func.count()).group_by(JournalEvent.kind))
    assert dict(kinds)["instrument.created"] == 3
    assert dict(kinds)["instrument_import.applied"] == 1


async def test_importing_again_changes_only_what_differs(lab: Lab, importing: Importing) -> None:
    first = await importing.sent(csv_of(*good_rows(3)))
    await importing.check(first)
    await importing.apply(first["id"])
    rows = good_rows(3)
    rows[1] = rows[1].replace("示例仪器2", "改名仪器")
    again = await importing.sent(csv_of(*rows, *good_rows(1, start=9)))
    checked = await importing.check(again)
    assert checked["counts"] == {"new": 1, "changed": 1, "unchanged": 2, "faulty": 0}
    applied = await importing.apply(again["id"])
    assert applied["counts"] == checked["counts"]
    names = await found(lab, select(Instrument.name_zh, Instrument.version).order_by(Instrument.inner_id))
    assert [tuple(row) for row in names] == [
        ("示例仪器1", 1),
        ("改名仪器", 2),
        ("示例仪器3", 1),
        ("示例仪器9", 1),
    ]
    assert (await found(lab, select(func.count()).select_from(InstrumentUnit)))[0][0] == 4
    ((before, after),) = await found(
        lab, select(JournalEvent.before, JournalEvent.after).where(JournalEvent.kind == "instrument.changed")
    )
    assert before == {"name_zh": "示例仪器2"}
    assert after["name_zh"] == "改名仪器"
    third = await importing.sent(csv_of(*rows, *good_rows(1, start=9)))
    checked = await importing.check(third)
    assert checked["counts"] == {"new": 0, "changed": 0, "unchanged": 4, "faulty": 0}


async def test_every_fault_is_named(importing: Importing) -> None:
    sent = await importing.sent(FAULTY)
    checked = await importing.check(sent)
    assert checked["counts"] == {"new": 2, "changed": 0, "unchanged": 0, "faulty": 4}
    assert await importing.faults(sent["id"]) == {
        (3, "inner_id", "单位内编号", "missing", ""),
        (4, "name_zh", "仪器名称", "missing", ""),
        (4, "class_code", "仪器分类编码", "class_unknown", "999999"),
        (4, "adcode", "安放地行政区划", "division_unknown", "110101"),
        (4, "worth_wan", "原值（万元）", "amount_malformed", "abc"),
        (4, "begin_date", "启用日期", "date_malformed", "2021-13-01"),
        (4, "service_status", "服务状态", "word_unknown", "随便"),
        (5, "inner_id", "单位内编号", "duplicate_in_file", "A-1"),
        (6, "technical", None, "missing_when_open", None),
        (6, "function", None, "missing_when_open", None),
        (6, "requirement", None, "missing_when_open", None),
    }


async def test_one_fault_hides_no_other(importing: Importing) -> None:
    """Who mends what is named must not find more at the next check."""
    sent = await importing.sent(csv_of("A-1,,010100,330106,1,2999-01-01,开放", header=BRIEF))
    await importing.check(sent)
    assert {(field, code) for _, field, _, code, _ in await importing.faults(sent["id"])} == {
        ("name_zh", "missing"),
        ("begin_date", "in_the_future"),
        ("technical", "missing_when_open"),
        ("function", "missing_when_open"),
        ("requirement", "missing_when_open"),
    }


async def test_all_or_nothing_refuses_a_file_with_faults(lab: Lab, importing: Importing) -> None:
    sent = await importing.sent(FAULTY)
    await importing.check(sent)
    answer = await importing.client.post(f"{URL}/{sent['id']}/apply", json={"mode": "all"})
    assert (answer.status_code, answer.json()["code"]) == (409, "instruments.import_has_faults")
    assert answer.json()["faulty"] == 4
    assert await count(lab) == 0


async def test_good_rows_only(lab: Lab, importing: Importing) -> None:
    sent = await importing.sent(FAULTY)
    await importing.check(sent)
    applied = await importing.apply(sent["id"], "good")
    assert applied["counts"] == {"new": 2, "changed": 0, "unchanged": 0, "faulty": 4}
    rows = await found(lab, select(Instrument.inner_id, Instrument.adcode, Instrument.class_code))
    assert sorted(map(tuple, rows)) == [("A-1", "330106", "010100"), ("A-6", "330100", "010100")]


async def test_what_happened_meanwhile_is_seen_when_applying(lab: Lab, importing: Importing) -> None:
    sent = await importing.sent(csv_of(*good_rows(2)))
    await importing.check(sent)
    await lab.create(inner_id="A-1", name_zh="先登记的")
    applied = await importing.apply(sent["id"])
    assert applied["counts"] == {"new": 1, "changed": 1, "unchanged": 0, "faulty": 0}
    assert await count(lab) == 2


async def test_a_code_that_died_meanwhile_stops_all_or_nothing(
    lab: Lab, importing: Importing, settings: Settings
) -> None:
    sent = await importing.sent(csv_of(*good_rows(2)))
    await importing.check(sent)
    (settings.data_dir / "files").rename(settings.data_dir / "elsewhere")
    await importing.client.post(f"{URL}/{sent['id']}/apply", json={"mode": "all"})
    await run_jobs(importing.database, importing.settings)
    after = await importing.get(sent["id"])
    assert (after["state"], after["problem"]["code"]) == ("failed", "instruments.import_file_gone")
    assert await count(lab) == 0


async def test_an_import_is_applied_once(importing: Importing) -> None:
    sent = await importing.sent(csv_of(*good_rows(1)))
    early = await importing.client.post(f"{URL}/{sent['id']}/apply", json={"mode": "all"})
    assert (early.status_code, early.json()["code"]) == (409, "instruments.import_not_checked")
    await importing.check(sent)
    first = await importing.client.post(f"{URL}/{sent['id']}/apply", json={"mode": "all"})
    second = await importing.client.post(f"{URL}/{sent['id']}/apply", json={"mode": "all"})
    assert (first.status_code, second.status_code) == (202, 409)
    assert second.json()["code"] == "instruments.import_busy"
    await run_jobs(importing.database, importing.settings)
    late = await importing.client.post(f"{URL}/{sent['id']}/apply", json={"mode": "good"})
    assert late.json()["code"] == "instruments.import_not_checked"


async def test_a_mapping_must_fit_the_file(importing: Importing) -> None:
    sent = await importing.sent(csv_of(*good_rows(1)))
    body = {"fields": {"name_zh": {"column": "没有"}, "inner_id": {"columns": ["单位内编号", "也没有"]}}}
    answer = await importing.client.post(f"{URL}/{sent['id']}/check", json=body)
    assert answer.status_code == 422
    assert {(error["field"], error["code"]) for error in answer.json()["errors"]} == {
        ("fields.organisation", "missing"),
        ("fields.class_code", "missing"),
        ("fields.adcode", "missing"),
        ("fields.name_zh", "column_unknown"),
        ("fields.inner_id", "column_unknown"),
    }
    wrong_ones: list[dict[str, Any]] = [
        {"nonsense": {"column": "x"}},
        {"name_zh": {}},
        {"name_zh": {"column": "a", "row_number": ""}},
        {"name_zh": {"row_number": ""}},
        {"name_zh": {"columns": ["a"]}},
    ]
    for wrong in wrong_ones:
        answer = await importing.client.post(f"{URL}/{sent['id']}/check", json={"fields": wrong})
        assert answer.status_code == 422, wrong


async def test_ids_from_row_numbers_or_several_columns(lab: Lab, importing: Importing) -> None:
    sent = await importing.sent(csv_of(*good_rows(2)))
    numbered = await importing.check(sent, {"inner_id": {"row_number": "R"}})
    assert numbered["counts"]["new"] == 2
    assert [row["inner_id"] for row in await importing.rows(sent["id"])] == ["R2", "R3"]
    joined = await importing.check(sent, {"inner_id": {"columns": ["仪器名称", "启用日期"]}})
    assert joined["counts"]["new"] == 2
    assert [row["inner_id"] for row in await importing.rows(sent["id"])] == [
        "示例仪器1-2021-03-15",
        "示例仪器2-2021-03-15",
    ]


async def test_the_same_row_twice_is_pointed_out(importing: Importing) -> None:
    sent = await importing.sent(csv_of(*good_rows(1), *good_rows(1)))
    checked = await importing.check(sent, {"inner_id": {"row_number": ""}})
    assert checked["counts"]["new"] == 2
    (row,) = await importing.rows(sent["id"], "warnings")
    assert (row["row"], row["warnings"][0]["code"]) == (3, "same_as_row")
    assert row["warnings"][0]["message"] == "与第 2 行完全相同"


async def test_units_are_made_once(lab: Lab, importing: Importing) -> None:
    header = f"{HEADER},台（套）数"
    sent = await importing.sent(csv_of(f"{good_rows(1)[0]},3", header=header))
    await importing.check(sent)
    await importing.apply(sent["id"])
    labels = await found(lab, select(InstrumentUnit.label).order_by(InstrumentUnit.label))
    assert [label for (label,) in labels] == ["1 号机", "2 号机", "3 号机"]
    again = await importing.sent(csv_of(f"{good_rows(1)[0]},5", header=header))
    checked = await importing.check(again)
    assert checked["counts"]["unchanged"] == 1
    (row,) = await importing.rows(again["id"], "warnings")
    assert row["warnings"][0]["code"] == "units_kept"


async def test_the_mapping_is_remembered_for_files_of_the_same_columns(importing: Importing) -> None:
    sent = await importing.sent(csv_of(*good_rows(1)))
    await importing.check(sent, {"worth_wan": None, "nation": {"fixed": "日本"}})
    await importing.apply(sent["id"])
    again = await importing.sent(csv_of(*good_rows(2)))
    assert "worth_wan" not in again["mapping"]
    assert again["mapping"]["nation"]["fixed"] == "日本"


async def test_managers_import_for_their_own_organisation_only(lab: Lab, importing: Importing) -> None:
    await make_organisation(lab.database, ZHEJIANG, "另一所示例大学")
    rows = [f"{row},{owner}" for row, owner in zip(good_rows(2), ("示例大学", "另一所示例大学"), strict=True)]
    sent = await importing.sent(csv_of(*rows, header=f"{HEADER},所属单位"))
    checked = await importing.check(sent)
    assert checked["counts"] == {"new": 1, "changed": 0, "unchanged": 0, "faulty": 1}
    assert await importing.faults(sent["id"]) == {
        (3, "organisation", "所属单位", "organisation_unknown", "另一所示例大学")
    }


async def test_province_admins_import_for_any_organisation(lab: Lab, settings: Settings) -> None:
    await make_organisation(lab.database, ZHEJIANG, "另一所示例大学")
    await make_organisation(lab.database, ZHEJIANG, "同名示例所")
    await make_organisation(lab.database, ZHEJIANG, "同名示例所")
    await make_organisation(lab.database, "310000", "上海示例所")
    admin = Importing(lab.admin, lab.database, settings)
    owners = ("示例大学", "另一所示例大学", "同名示例所", "上海示例所")
    rows = [f"{row},{owner}" for row, owner in zip(good_rows(4), owners, strict=True)]
    sent = await admin.sent(csv_of(*rows, header=f"{HEADER},所属单位"))
    assert "fixed" not in sent["mapping"]["organisation"] or sent["mapping"]["organisation"]["fixed"] is None
    checked = await admin.check(sent)
    assert checked["counts"]["new"] == 2
    assert {(row, code) for row, _, _, code, _ in await admin.faults(sent["id"])} == {
        (4, "organisation_ambiguous"),
        (5, "organisation_unknown"),
    }


@pytest.mark.parametrize("who", ["member", "neighbour", "auditor"])
async def test_others_may_not_import(lab: Lab, settings: Settings, who: str) -> None:
    answer = await Importing(getattr(lab, who), lab.database, settings).send(csv_of(*good_rows(1)))
    assert answer.status_code == 403
    assert (await found(lab, select(func.count()).select_from(InstrumentImport)))[0][0] == 0


async def test_an_import_is_its_senders_and_the_provinces_admins(lab: Lab, importing: Importing) -> None:
    sent = await importing.sent(csv_of(*good_rows(1)))
    await importing.check(sent)
    other = await make_organisation(lab.database, ZHEJIANG, "另一所示例大学")
    colleague = await lab.people.of(ZHEJIANG, name="另一管理者", organisations={other: Role.MANAGER})
    for client, status in (
        (lab.admin, 200),
        (colleague, 404),
        (lab.stranger, 404),
        (lab.member, 403),
        (lab.visitor, 401),
    ):
        for path in ("", "/rows", "/errors.csv"):
            assert (await client.get(f"{URL}/{sent['id']}{path}")).status_code == status, path
    for client, status in ((colleague, 404), (lab.stranger, 404), (lab.member, 403), (lab.visitor, 401)):
        answer = await client.post(f"{URL}/{sent['id']}/apply", json={"mode": "good"})
        assert answer.status_code == status
    assert (await lab.manager.get(f"{URL}/{uuid4()}")).status_code == 404
    assert (await importing.get(sent["id"]))["state"] == "checked"


async def test_names_stand_for_codes(lab: Lab, importing: Importing) -> None:
    header = f"{HEADER},主要学科领域,产地国别,海关监管"
    rows = good_rows(4)
    given = (
        f"{rows[0]},物理学、150;43010,美国,否".replace("330106", "西湖区"),
        f"{rows[1]},炼金术,美国,也许",
        f"{rows[2]},,,".replace("330106", "鼓楼区"),
        f"{rows[3]},,,".replace("限内部", "报废"),
    )
    sent = await importing.sent(csv_of(*given, header=header))
    await importing.check(sent)
    assert await importing.faults(sent["id"]) == {
        (3, "disciplines", "主要学科领域", "discipline_unknown", "炼金术"),
        (3, "customs_supervised", "海关监管", "word_unknown", "也许"),
        (4, "adcode", "安放地行政区划", "division_unknown", "鼓楼区"),
        (5, "service_status", "服务状态", "retired", "报废"),
    }
    await importing.apply(sent["id"], "good")
    ((disciplines, nation, adcode),) = await found(
        lab, select(Instrument.disciplines, Instrument.nation, Instrument.adcode)
    )
    assert (disciplines, nation, adcode) == (["140", "150", "430"], "US", "330106")


async def test_a_system_imports_for_its_province(lab: Lab, settings: Settings) -> None:
    client_id = uuid4()
    system = Principal("system", client_id, ZHEJIANG, "平台对接", frozenset({Role.SYSTEM}))

    async def authenticate(_request: Request) -> Principal:
        return system

    known, lab.app.state.authenticate = lab.app.state.authenticate, authenticate
    importing = Importing(lab.visitor, lab.database, settings)
    rows = [f"{row},示例大学" for row in good_rows(2)]
    sent = await importing.sent(csv_of(*rows, header=f"{HEADER},单位名称"))
    await importing.check(sent)
    assert (await importing.apply(sent["id"]))["counts"]["new"] == 2
    lab.app.state.authenticate = known
    ((actor,),) = await found(
        lab, select(JournalEvent.actor_id).where(JournalEvent.kind == "instrument_import.applied")
    )
    assert actor == client_id


async def test_what_was_checked_long_ago_is_forgotten(
    lab: Lab, importing: Importing, settings: Settings
) -> None:
    sent = await importing.sent(csv_of(*good_rows(1)))
    await importing.check(sent)
    purge = Job(
        1, "instruments.purge_imports", {}, 1, last_attempt=True, database=lab.database, settings=settings
    )
    await TASKS[purge.task].handler(purge)
    assert (await importing.get(sent["id"]))["state"] == "checked"
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        await session.execute(update(InstrumentImport).values(created_at=func.now() - timedelta(days=31)))
    await TASKS[purge.task].handler(purge)
    assert (await importing.client.get(f"{URL}/{sent['id']}")).status_code == 404
    assert await found(lab, select(InstrumentImportRow.row_number)) == []
