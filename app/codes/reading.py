"""From a published file to records of a scheme, every fault named by row."""

import calendar
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast

from app.codes.formats import KEY, TARGETS, Field, Format, format_for, mapped
from app.codes.rules.changes import Status
from app.codes.schemes import Scheme
from app.core import tabular, text
from app.core.errors import FieldError
from app.core.i18n import Message, msg
from app.core.tabular import TableError

LONGEST_NAME = 300
JSON_SUFFIXES = (".json", ".js")
LARGEST_JSON = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as a file has it; what the file leaves out is blank or None."""

    row: int
    code: str
    name_zh: str
    name_en: str
    parent: str | None
    level: int | None
    status: Status
    valid_from: date | None
    valid_to: date | None
    successor: str | None


@dataclass(slots=True)
class Reading:
    """What came of reading a file."""

    format: Format
    records: dict[str, Record] = field(default_factory=dict)
    omitted: dict[str, tuple[Message, list[int]]] = field(default_factory=dict)
    """Rows that are no entries of the scheme, by reason."""
    faults: list[FieldError] = field(default_factory=list)

    def omit(self, reason: Message, row: int) -> None:
        self.omitted.setdefault(reason.id, (reason, []))[1].append(row)


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a table, or an object of a document with the code of the one above it in a tree."""

    row: int
    values: Mapping[str, str]
    above: "Item | None" = None
    faults: Sequence[FieldError] = ()


def read(
    path: Path,
    scheme: Scheme,
    *,
    format_name: str | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> Reading:
    """The records in a CSV, TSV, XLSX or JSON file; `columns` maps our columns to the file's.

    Raises:
        TableError: the file cannot be read, or its shape is none we know.
    """
    kind: Literal["table", "json"] = "json" if path.suffix.lower() in JSON_SUFFIXES else "table"
    document = _document(path) if kind == "json" else None
    table = tabular.read(path, filename=path.name, encoding=encoding) if kind == "table" else None
    fields = frozenset(table.columns) if table else _fields(document)
    chosen = mapped(kind, columns) if columns else format_for(scheme.name, kind, fields, named=format_name)
    if chosen is None or not (columns is None or set(columns.values()) <= fields):
        known = "、".join(sorted(fields)[:20])
        raise TableError(
            "format_unknown", msg("看不出文件的格式，请指定各列对应关系；文件中的列：{fields}", fields=known)
        )
    reading = Reading(chosen)
    for item in _rows(table) if table else _objects(document, chosen):
        reading.faults.extend(item.faults)
        for entry in chosen.entries:
            _take(reading, scheme, entry, item)
    return reading


def _rows(table: tabular.Table) -> Iterator[Item]:
    for row in table.rows():
        yield Item(row.number, dict(zip(table.columns, row.cells, strict=True)), faults=row.faults)


def _document(path: Path) -> Any:
    """The first JSON value in the file; a script may stand around it (`const x = [...]`)."""
    if path.stat().st_size > LARGEST_JSON:
        raise TableError("file_too_large", msg("文件超过 {limit} MB", limit=LARGEST_JSON // 1024 // 1024))
    try:
        content = path.read_text(encoding="utf-8-sig")
        start = re.search(r"[\[{]", content) if path.suffix.lower() == ".js" else None
        if start:
            return json.JSONDecoder(object_pairs_hook=_unique).raw_decode(content, start.start())[0]
        return json.loads(content, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        row = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise TableError("json_invalid", msg("不是有效的 JSON"), row=row) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without repeated keys: of two entries under one code neither may get lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("repeated key")
    return found


def _fields(document: Any) -> frozenset[str]:
    items = (
        document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    )
    first = next(iter(items), None)
    return frozenset([*first, KEY] if isinstance(first, dict) else ())


def _objects(document: Any, chosen: Format) -> Iterator[Item]:
    """The objects of a document in order, numbered from 1; of a tree, each before the ones below it."""
    keyed = document.items() if isinstance(document, dict) else (("", value) for value in document)
    stack: list[tuple[str, Any, Item | None]] = [(str(key), value, None) for key, value in keyed]
    stack.reverse()
    row = 0
    while stack:
        key, value, above = stack.pop()
        row += 1
        if not isinstance(value, dict):
            yield Item(row, {}, faults=[FieldError("row", "not_an_object", msg("应为对象"), row=row)])
            continue
        below = value.get(chosen.children, []) if chosen.children else []
        faults = [
            FieldError(name, "not_text", msg("应为文本或整数"), row=row, column=name)
            for name in {f.of for entry in chosen.entries for f in entry.values()}
            if not isinstance(value.get(name), str | int | float | None)
        ]
        item = Item(row, {name: _text(part) for name, part in value.items()} | {KEY: key}, above, faults)
        yield item
        stack.extend((key, child, item) for child in reversed(below if isinstance(below, list) else [below]))


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else ""


def _take(reading: Reading, scheme: Scheme, entry: Mapping[str, Field], item: Item) -> None:
    values = {
        target: text.clean(entry[target].value(item.values)) if target in entry else "" for target in TARGETS
    }
    for omission in reading.format.omissions:
        if re.fullmatch(omission.pattern, values[omission.target]):
            reading.omit(omission.reason, item.row)
            return
    faults = list(_faults(values, scheme, entry, item.row))
    if not values["parent"] and item.above and scheme.hierarchy is None:
        values["parent"] = entry["code"].value(item.above.values)
    record = Record(
        item.row,
        values["code"],
        values["name_zh"],
        values["name_en"],
        values["parent"] or None,
        int(values["level"]) if values["level"].isdecimal() else None,
        cast("Status", values["status"]) or reading.format.status,
        _day(values["valid_from"], last=False),
        _day(values["valid_to"], last=True),
        values["successor"] or None,
    )
    known = reading.records.get(record.code)
    if known and (known.name_zh or known.name_en) != (record.name_zh or record.name_en):
        reason = msg("代码与第 {row} 行重复而名称不同", row=known.row)
        faults.append(_fault("code", "code_repeated", reason, entry, item.row, record.code))
    reading.faults.extend(faults)
    if record.code and not known:
        reading.records[record.code] = record


def _faults(
    values: Mapping[str, str], scheme: Scheme, entry: Mapping[str, Field], row: int
) -> Iterator[FieldError]:
    if not re.fullmatch(scheme.code, values["code"]):
        yield _fault("code", "code_malformed", msg("代码的格式不符"), entry, row, values["code"])
    if not (values["name_zh"] or values["name_en"]):
        yield _fault("name_zh", "name_missing", msg("缺少名称"), entry, row, "")
    for target in ("name_zh", "name_en"):
        if len(values[target]) > LONGEST_NAME:
            reason = msg("超过 {limit} 个字符", limit=LONGEST_NAME)
            yield _fault(target, "name_too_long", reason, entry, row, values[target])
        if text.fault(values[target]):
            yield _fault(target, "name_unreadable", msg("含有控制字符"), entry, row, values[target])
    if values["level"] and not re.fullmatch("[1-9]", values["level"]):
        yield _fault("level", "level_malformed", msg("级别应为 1–9"), entry, row, values["level"])
    if values["status"] not in {"", "current", "historical"}:
        reason = msg("状态只能是 current 或 historical")
        yield _fault("status", "status_unknown", reason, entry, row, values["status"])
    for target in ("valid_from", "valid_to"):
        if values[target] and not _day(values[target], last=False):
            reason = msg("日期应为 2023-12-31 或 202312 的形式")
            yield _fault(target, "date_malformed", reason, entry, row, values[target])


def _fault(
    target: str, code: str, reason: Message, entry: Mapping[str, Field], row: int, value: str
) -> FieldError:
    column = entry[target].of if target in entry else None
    return FieldError(target, code, reason, row=row, column=column, value=value[:80])


def _day(value: str, *, last: bool) -> date | None:
    """A day, or the first or last day of a month (YYYYMM)."""
    try:
        if re.fullmatch("[0-9]{6}", value):
            year, month = int(value[:4]), int(value[4:])
            return date(year, month, calendar.monthrange(year, month)[1] if last else 1)
        return date.fromisoformat(value) if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else None
    except ValueError:  # calendar.IllegalMonthError is one too
        return None
