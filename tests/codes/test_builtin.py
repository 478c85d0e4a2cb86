"""The lists that ship with the platform, against the published ones."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from app.codes.commands import load_builtin
from app.codes.loading import DATA
from app.codes.public import children, exists_all, label, named, options, resolve
from app.codes.schemes import SCHEMES
from app.core.db import Database
from app.settings import Settings
from tests.support.server import administer
from tests.support.shared import shared_data


def rows(scheme: str) -> dict[str, tuple[str, str]]:
    with (DATA / f"{scheme}.csv").open(encoding="utf-8", newline="") as file:
        assert file.readline().startswith("# ")
        return {row["code"]: (row["name_zh"], row["name_en"]) for row in csv.DictReader(file)}


def test_four_provinces_down_to_their_counties() -> None:
    hierarchy = SCHEMES["gb2260"].hierarchy
    assert hierarchy is not None
    counted = Counter((code[:2], hierarchy.level(code)) for code in rows("gb2260"))
    assert counted == {
        ("31", 1): 1,
        ("31", 3): 16,
        ("32", 1): 1,
        ("32", 2): 13,
        ("32", 3): 95,
        ("33", 1): 1,
        ("33", 2): 11,
        ("33", 3): 90,
        ("34", 1): 1,
        ("34", 2): 16,
        ("34", 3): 104,
    }


def test_divisions_agree_with_the_published_list() -> None:
    folder = shared_data("codes", "gb2260")
    published: dict[str, str] = {}
    for level in ("provinces", "cities", "areas"):
        with (folder / f"{level}.csv").open(encoding="utf-8", newline="") as file:
            published |= {row["code"].ljust(6, "0"): row["name"] for row in csv.DictReader(file)}
    ours = {code: zh for code, (zh, _) in rows("gb2260").items()}
    theirs = {
        code: name
        for code, name in published.items()
        if code[:2] in {"31", "32", "33", "34"} and code[4] != "7" and name != "市辖区"
    }
    assert ours == theirs


def test_disciplines_agree_with_the_published_list() -> None:
    subjects = json.loads(shared_data("codes", "gbt13745", "subject.json").read_text(encoding="utf-8"))
    published = {subject["one_rank_no"]: subject["one_rank_name"] for subject in subjects}
    ours = rows("gbt13745")
    assert len(ours) == 62
    assert {code: zh for code, (zh, _) in ours.items()} == published


def test_instrument_classes_have_two_levels_of_six_digits() -> None:
    classes = rows("instrument-class")
    hierarchy = SCHEMES["instrument-class"].hierarchy
    assert hierarchy is not None
    assert Counter(hierarchy.level(code) for code in classes) == {1: 12, 2: 67}
    assert all(above in classes for code in classes for above in hierarchy.above(code))
    assert classes["010300"] == ("X射线仪器", "X-ray")
    assert classes["990000"][0] == "其他仪器"


@pytest.mark.parametrize("path", sorted(DATA.glob("*.csv")), ids=lambda path: path.stem)
def test_every_entry_has_both_names_once(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()[2:]
    found = rows(path.stem)
    assert len(found) == len(lines)
    assert all(zh and en and zh == zh.strip() and en == en.strip() for zh, en in found.values())
    assert list(found) == sorted(found)


async def test_they_are_loaded_and_loading_again_changes_nothing(fresh_settings: Settings) -> None:
    assert await load_builtin(fresh_settings) == []
    await administer(on_server(fresh_settings), "UPDATE code_scheme SET digest = NULL")
    reports = await load_builtin(fresh_settings)
    assert {r.scheme: (r.read, r.changes.unchanged) for r in reports} == {
        "gb2260": (349, 349),
        "gbt13745": (62, 62),
        "instrument-class": (79, 79),
    }
    assert all(report.applied and not report.faults for report in reports)


def on_server(settings: Settings) -> str:
    assert settings.database_url
    return settings.database_url


async def test_what_other_features_ask(database: Database) -> None:
    async with database.transaction() as db:
        district = await resolve(db, "gb2260", "330106")
        assert district is not None
        assert (district.parent, district.level, district.status) == ("330100", 3, "current")
        assert (label(district, "zh"), label(district, "en")) == ("西湖区", "Xihu District")
        assert await resolve(db, "gb2260", "330199") is None
        assert [entry.code for entry in await children(db, "gb2260")] == [
            "310000",
            "320000",
            "330000",
            "340000",
        ]
        assert len(await children(db, "gb2260", "310000")) == 16
        assert (await options(db, "gbt13745", "en", level=1))[0] == ("110", "Mathematics")
        assert len(await options(db, "instrument-class", "zh")) == 79
        assert set(await named(db, "gb2260", ["330106", "330199"])) == {"330106"}
        assert await named(db, "gb2260", []) == {}
        assert await exists_all(db, "gb2260", ["330106", "330199"]) == {"330199"}
