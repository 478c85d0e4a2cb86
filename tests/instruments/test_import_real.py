"""Registers that nobody in this project wrote: every fault is named by row, and nothing is lost silently."""

from typing import Any

from tests.instruments.importing import Importing
from tests.support.shared import shared_data

CONTROL_CHARACTER_ROW = 484
"""Where the university's file says `1028 Incucyte Zoom` and an unprintable 0x16."""
FIXED = {"class_code": {"fixed": "其他仪器"}, "adcode": {"fixed": "杭州市"}}


async def outcomes(importing: Importing, import_id: str) -> list[tuple[int, str]]:
    return [(row["row"], row["outcome"]) for row in await importing.rows(import_id)]


async def test_a_universitys_equipment(importing: Importing) -> None:
    content = shared_data("instruments", "st-andrews", "equipment.csv").read_bytes()
    sent = await importing.sent(content, "equipment.csv")
    guessed = {name: source["column"] for name, source in sent["mapping"].items() if source["column"]}
    assert guessed == {
        "name_zh": "Description",
        "department": "Department",
        "address": "Site Location",
        "service_url": "Contact URL",
    }
    fields: dict[str, Any] = {**FIXED, "service_status": {"fixed": "限内部"}}
    by_name = await importing.check(sent, {**fields, "inner_id": {"column": "Description"}})
    faults = await importing.faults(sent["id"])
    assert sum(by_name["counts"].values()) == 623
    assert {(field, code) for _, field, _, code, _ in faults} == {
        ("inner_id", "duplicate_in_file"),
        ("inner_id", "control_character"),
        ("name_zh", "control_character"),
        ("service_url", "url_malformed"),
    }
    assert len([fault for fault in faults if fault[3] == "duplicate_in_file"]) == 623 - 581
    assert by_name["counts"]["faulty"] == len({fault[0] for fault in faults})
    numbered = await importing.check(sent, {**fields, "inner_id": {"row_number": "SA-"}})
    faults = await importing.faults(sent["id"])
    assert (
        CONTROL_CHARACTER_ROW,
        "name_zh",
        "Description",
        "control_character",
        "1028 Incucyte Zoom \ufffd",
    ) in faults
    plain = [fault for fault in faults if fault[1] == "service_url"]
    assert all(value is not None and value.startswith("http://") for *_, value in plain)
    faulty = {fault[0] for fault in plain} | {CONTROL_CHARACTER_ROW}
    assert numbered["counts"] == {
        "new": 623 - len(faulty),
        "changed": 0,
        "unchanged": 0,
        "faulty": len(faulty),
    }
    warned = await importing.rows(sent["id"], "warnings")
    repeated = [row for row in warned if row["warnings"][0]["code"] == "same_as_row"]
    assert len(repeated) == 623 - 588
    untold = {fault["field"] for row in warned for fault in row["warnings"]} - {"row"}
    assert untold == {"technical", "function"}
    applied = await importing.apply(sent["id"], "good")
    assert await outcomes(importing, sent["id"]) == [
        (row, "faulty" if row in faulty else "new") for row in range(2, 625)
    ]
    again = await importing.sent(content, "equipment.csv")
    checked = await importing.check(again)
    assert checked["counts"] == {
        "new": 0,
        "changed": 0,
        "unchanged": applied["counts"]["new"],
        "faulty": len(faulty),
    }


async def test_a_stray_byte_in_it_is_named(importing: Importing) -> None:
    content = shared_data("instruments", "st-andrews", "equipment.csv").read_bytes()
    lines = content.split(b"\n")
    lines[100] = lines[100].replace(b" ", b"\xca", 1)
    sent = await importing.sent(b"\n".join(lines), "equipment.csv")
    assert sent["encoding"] == "utf-8"
    fields: dict[str, Any] = {
        **FIXED,
        "service_status": {"fixed": "限内部"},
        "inner_id": {"row_number": ""},
        "service_url": None,
    }
    checked = await importing.check(sent, fields)
    assert checked["counts"] == {"new": 621, "changed": 0, "unchanged": 0, "faulty": 2}
    assert {fault[:4] for fault in await importing.faults(sent["id"])} == {
        (101, "name_zh", "Description", "undecodable_byte"),
        (CONTROL_CHARACTER_ROW, "name_zh", "Description", "control_character"),
    }


async def test_a_laboratorys_database_table(importing: Importing) -> None:
    dump = shared_data("instruments", "pnnl", "t_emsl_instruments_Data.sql").read_text(encoding="utf-8")
    head, _, rest = dump.partition("COPY public.t_emsl_instruments (")
    assert head
    columns, _, rest = rest.partition(") FROM stdin;\n")
    table = columns.replace(", ", "\t") + "\n" + rest[: rest.index("\\.\n")]
    sent = await importing.sent(table.encode(), "t_emsl_instruments.tsv")
    assert sent["delimiter"] == "\t"
    assert {name: source["column"] for name, source in sent["mapping"].items() if source["column"]} == {
        "inner_id": "eus_instrument_id",
        "name_zh": "eus_display_name",
        "name_en": "eus_instrument_name",
        "service_status": "eus_active_sw",
    }
    texts = {name: {"fixed": "见单位网站"} for name in ("technical", "function", "requirement")}
    checked = await importing.check(sent, {**FIXED, **texts})
    assert checked["counts"] == {"new": 149, "changed": 0, "unchanged": 0, "faulty": 0}, (
        await importing.faults(sent["id"])
    )
    applied = await importing.apply(sent["id"])
    assert applied["counts"]["new"] == 149
    found = (await importing.client.get("/api/v1/instruments", params={"q": "FTICR 7-Tesla"})).json()["items"]
    assert [item["inner_id"] for item in found] == ["1009"]
    statuses = {
        status: len(
            (
                await importing.client.get(
                    "/api/v1/instruments", params={"service_status": status, "limit": 100}
                )
            ).json()["items"]
        )
        for status in ("open", "suspended")
    }
    assert statuses["open"] + statuses["suspended"] >= 100
    text = (await importing.client.get("/api/v1/instruments/export.csv")).text
    assert "\\N" not in text
