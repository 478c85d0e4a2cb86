"""Where the records of a file stand: level and parent, told by the code, the tree or the file's own column."""

from collections.abc import Mapping

from app.codes.reading import Reading, Record
from app.codes.rules.changes import Entry
from app.codes.rules.hierarchy import Hierarchy
from app.codes.schemes import Scheme
from app.core.errors import FieldError
from app.core.i18n import msg

DEEPEST = 9


def place(reading: Reading, scheme: Scheme, stored: Mapping[str, Entry], *, source: str) -> dict[str, Entry]:
    """The records as entries; those whose parent is unknown become faults of the reading.

    Historical records of a branch that is not loaded are left out: without its current list they would pass for dead.
    """
    placed: dict[str, Entry] = {}
    for code, record in reading.records.items():
        if scheme.hierarchy and record.status == "historical" and not _loaded(code, scheme.hierarchy, stored):
            reading.omit(msg("该地区的现行代码尚未导入，无法判断是否已废止"), record.row)
            continue
        parent = record.parent or _nearest(code, scheme.hierarchy, reading.records, stored)
        level = record.level or _level(code, scheme, reading.records, stored)
        if (parent is None and level > 1) or (
            parent and parent not in reading.records and parent not in stored
        ):
            reason = msg("上级代码不存在；请先导入上级，或一并导入")
            reading.faults.append(
                FieldError("parent", "parent_unknown", reason, row=record.row, value=parent or code)
            )
            continue
        if not 0 < level <= DEEPEST:
            reason = msg("上级代码互为上下级，或层级过深")
            reading.faults.append(FieldError("parent", "parent_cycle", reason, row=record.row, value=parent))
            continue
        placed[code] = _entry(record, parent, level, source)
    return placed


def _entry(record: Record, parent: str | None, level: int, source: str) -> Entry:
    return Entry(
        record.code,
        record.name_zh,
        record.name_en,
        parent,
        level,
        record.status,
        record.valid_from,
        record.valid_to,
        record.successor,
        source,
    )


def _loaded(code: str, hierarchy: Hierarchy, stored: Mapping[str, Entry]) -> bool:
    root = [code, *hierarchy.above(code)][-1]
    return root in stored and stored[root].status == "current"


def _nearest(
    code: str, hierarchy: Hierarchy | None, records: Mapping[str, Record], stored: Mapping[str, Entry]
) -> str | None:
    """The nearest code above that exists: counties without a city hang on their province."""
    if hierarchy is None:
        return None
    return next((above for above in hierarchy.above(code) if above in records or above in stored), None)


def _level(code: str, scheme: Scheme, records: Mapping[str, Record], stored: Mapping[str, Entry]) -> int:
    """The level the code tells, or the number of codes above it; 0 where they run in a circle."""
    if scheme.hierarchy:
        return scheme.hierarchy.level(code)
    above = code
    for level in range(1, DEEPEST + 1):
        if above not in records:
            return level - 1 + stored[above].level if above in stored else level
        parent = records[above].parent
        if parent is None:
            return level
        above = parent
    return 0
