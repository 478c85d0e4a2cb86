"""Where a code stands, and what a new edition changes."""

from dataclasses import replace
from datetime import date

import pytest

from app.codes.rules.changes import Entry, compare, covered_levels
from app.codes.rules.hierarchy import Hierarchy

DIVISIONS = Hierarchy((2, 4, 6, 9), 6)
DISCIPLINES = Hierarchy((3, 5, 7))
XIHU = Entry("330106", "西湖区", "Xihu District", "330100", 3)


@pytest.mark.parametrize(
    ("hierarchy", "code", "level", "above"),
    [
        (DIVISIONS, "330000", 1, []),
        (DIVISIONS, "330100", 2, ["330000"]),
        (DIVISIONS, "330106", 3, ["330100", "330000"]),
        (DIVISIONS, "330106001", 4, ["330106", "330100", "330000"]),
        (DIVISIONS, "3301", 0, []),
        (DISCIPLINES, "110", 1, []),
        (DISCIPLINES, "11014", 2, ["110"]),
        (DISCIPLINES, "1101410", 3, ["11014", "110"]),
        (DISCIPLINES, "1100", 0, []),
    ],
)
def test_where_a_code_stands(hierarchy: Hierarchy, code: str, level: int, above: list[str]) -> None:
    assert (hierarchy.level(code), list(hierarchy.above(code))) == (level, above)


def changed(old: Entry | None, new: Entry | None) -> dict[str, list[Entry]]:
    changes = compare(
        {old.code: old} if old else {},
        {new.code: new} if new else {},
    )
    kinds = ("added", "renamed", "changed", "retired")
    return {kind: found for kind in kinds if (found := getattr(changes, kind))}


def test_a_new_code_is_added() -> None:
    assert changed(None, XIHU) == {"added": [XIHU]}


def test_a_new_name_renames_and_blanks_leave_what_is_stored() -> None:
    new = replace(XIHU, name_zh="西湖新区", name_en="")
    assert changed(XIHU, new) == {"renamed": [replace(XIHU, name_zh="西湖新区")]}


def test_another_source_alone_is_no_change() -> None:
    assert changed(XIHU, replace(XIHU, source="another")) == {}


def test_a_new_parent_is_a_change() -> None:
    assert changed(XIHU, replace(XIHU, parent="330000")) == {"changed": [replace(XIHU, parent="330000")]}


def test_a_code_that_vanished_is_retired_only_within_the_levels_of_a_complete_list() -> None:
    binjiang = Entry("330108", "滨江区", level=3)
    city = Entry("330100", "杭州市", level=2)
    stored = {entry.code: entry for entry in (XIHU, binjiang, city)}
    changes = compare(stored, {XIHU.code: XIHU}, complete={3}, as_of=date(2021, 4, 1))
    assert changes.retired == [replace(binjiang, status="historical", valid_to=date(2021, 3, 31))]
    assert compare(stored, {XIHU.code: XIHU}, complete={3}).retired[0].valid_to is None
    assert compare(stored, {XIHU.code: XIHU}, complete={1}).retired == []


def test_a_file_speaks_for_the_levels_it_has_at_least_half_of() -> None:
    counties = {code: Entry(code, "县", level=3) for code in ("330106", "330108", "330109", "330110")}
    stored = counties | {code: Entry(code, "市", level=2) for code in ("330100", "330200", "330300")}
    half = {code: counties[code] for code in ("330106", "330108")}
    assert covered_levels(stored, half | {"330100": stored["330100"]}) == {3}
    assert covered_levels(stored, {"330106": counties["330106"]}) == set()
    assert covered_levels({}, half) == {3}


def test_a_code_that_returns_is_current_again() -> None:
    old = replace(XIHU, status="historical", valid_to=date(2000, 1, 1))
    assert changed(old, XIHU) == {"changed": [XIHU]}


def test_history_never_overrules_what_is_in_force() -> None:
    assert changed(XIHU, replace(XIHU, name_zh="旧名", status="historical")) == {}


@pytest.mark.parametrize(
    ("known", "said", "name"),
    [
        (date(1999, 12, 31), date(1980, 12, 31), "后名"),
        (date(1980, 12, 31), date(1999, 12, 31), "前名"),
        (None, date(1980, 12, 31), "前名"),
        (date(1980, 12, 31), None, "后名"),
    ],
)
def test_of_two_historical_names_the_later_stays(known: date | None, said: date | None, name: str) -> None:
    old = replace(XIHU, name_zh="后名", status="historical", valid_to=known)
    new = replace(XIHU, name_zh="前名", status="historical", valid_to=said)
    kept = changed(old, new)
    assert kept.get("renamed", [old])[0].name_zh == name
