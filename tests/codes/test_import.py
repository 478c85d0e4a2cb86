"""Taking over editions: every published shape, every fault by row, nothing deleted, nothing half done."""

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.codes.commands import run
from app.codes.loading import Edition, ImportReport, import_codes, load_builtin
from app.codes.models import Code, CodeScheme
from app.codes.public import resolve
from app.core.db import Database, Session
from app.core.tabular import TableError, write_xlsx
from app.settings import Settings, settings_from_environment
from app.tenancy.context import TenantContext
from tests.support.shared import shared_data


@pytest.fixture
async def db(fresh_settings: Settings) -> AsyncIterator[Session]:
    """A session of the owner role, undone at the end; the application's role may not write here."""
    assert fresh_settings.database_url
    database = Database(fresh_settings.database_url, pool_size=1)
    async with database.session(TenantContext(role=fresh_settings.role("owner")).info()) as session:
        yield session
    await database.close()


async def take(
    db: Session, scheme: str, path: Path, *, dry_run: bool = False, **options: object
) -> ImportReport:
    edition = Edition(path, **options)  # type: ignore[arg-type] # passed through
    return await import_codes(db, scheme=scheme, edition=edition, dry_run=dry_run)


def written(folder: Path, content: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def tally(report: ImportReport) -> dict[str, int]:
    kinds = ("added", "renamed", "changed", "retired")
    counts = {kind: len(getattr(report.changes, kind)) for kind in kinds}
    return {kind: count for kind, count in counts.items() if count}


async def entries(db: Session, scheme: str, status: str | None = None) -> int:
    counted = select(func.count()).select_from(Code).where(Code.scheme == scheme)
    return await db.scalar(counted if status is None else counted.where(Code.status == status)) or 0


async def test_a_list_of_ones_own_in_our_columns(db: Session, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "code,name_zh,name_en,parent,valid_from\nA,甲,First,,2020-01-01\nA.1,甲一,,A,\nB,,Second,,202001\n",
    )
    report = await take(db, "grade", path, source="示例标准 2020")
    assert (report.applied, report.format, tally(report)) == (True, "commons-table", {"added": 3})
    below = await resolve(db, "grade", "A.1")
    assert below is not None
    assert (below.parent, below.level, below.source) == ("A", 2, "示例标准 2020")
    again = await take(db, "grade", path)
    assert (again.applied, tally(again), again.changes.unchanged) == (True, {}, 3)
    scheme = await db.get_one(CodeScheme, "grade", populate_existing=True)
    assert (scheme.version, scheme.origin, scheme.source) == (1, "import", "示例标准 2020")


async def test_editions_rename_retire_and_revive(db: Session, tmp_path: Path) -> None:
    await take(db, "grade", written(tmp_path, "code,name_zh\nA,甲\nB,乙\nC,丙\n"))
    second = await take(
        db, "grade", written(tmp_path, "code,name_zh\nA,甲新\nB,乙\nD,丁\n"), as_of=date(2026, 1, 1)
    )
    assert tally(second) == {"added": 1, "renamed": 1, "retired": 1}
    gone = await resolve(db, "grade", "C")
    assert gone is not None
    await db.refresh(gone)
    assert (gone.status, gone.valid_to) == ("historical", date(2025, 12, 31))
    third = await take(db, "grade", written(tmp_path, "code,name_zh\nC,丙\n"), partial=True)
    assert tally(third) == {"changed": 1}
    assert await entries(db, "grade", "current") == 4


async def test_a_file_that_lacks_most_codes_is_refused_unless_told(db: Session, tmp_path: Path) -> None:
    await take(db, "grade", written(tmp_path, "code,name_zh\nA,甲\nB,乙\nC,丙\n"))
    part = written(tmp_path, "code,name_zh\nA,甲\n")
    refused = await take(db, "grade", part)
    assert ([fault.code for fault in refused.faults], refused.applied) == (["too_many_vanish"], False)
    assert await entries(db, "grade", "current") == 3
    assert tally(await take(db, "grade", part, replace=True)) == {"retired": 2}


async def test_every_fault_is_named_by_row_and_nothing_is_written(db: Session, tmp_path: Path) -> None:
    lines = [
        "code,name_zh,parent,level,status,valid_from,valid_to",
        "A,甲,,,,,",
        "A,别的,,,,,",
        "坏,乙,,,,,",
        "C,,,,,,",
        f"D,{'字' * 301},,,,,",
        "E,戊,Z,,,,",
        "F,己,,x,,,",
        "G,庚,,,gone,,",
        "H,辛,,,,2020-13-01,202013",
        "I,壬,J,,,,",
        "J,癸,I,,,,",
        "K,子",
    ]
    report = await take(db, "grade", written(tmp_path, "\n".join(lines)))
    assert [(fault.row, fault.code) for fault in report.faults] == [
        (3, "code_repeated"),
        (4, "code_malformed"),
        (5, "name_missing"),
        (6, "name_too_long"),
        (7, "parent_unknown"),
        (8, "level_malformed"),
        (9, "status_unknown"),
        (10, "date_malformed"),
        (10, "date_malformed"),
        (11, "parent_cycle"),
        (12, "parent_cycle"),
        (13, "too_few_cells"),
    ]
    assert report.faults[0].message.text() == "代码与第 2 行重复而名称不同"
    assert (report.applied, await entries(db, "grade")) == (False, 0)


async def test_characters_that_do_harm_are_faults(db: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps([{"code": "A", "name_zh": "甲\u202e"}, {"code": "B", "name_zh": "乙\0"}]))
    report = await take(db, "grade", path)
    assert [(fault.row, fault.code) for fault in report.faults] == [
        (1, "name_unreadable"),
        (2, "name_unreadable"),
    ]


async def test_a_dry_run_says_what_would_change(db: Session, tmp_path: Path) -> None:
    report = await take(db, "grade", written(tmp_path, "code,name_zh\nA,甲\n"), dry_run=True)
    assert (tally(report), report.applied, await entries(db, "grade")) == ({"added": 1}, False, 0)


async def test_columns_of_another_shape_are_mapped(db: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    with path.open("wb") as file:
        write_xlsx([["编号", "名称"], ["001", "甲"], [2, "乙"]], file)
    with pytest.raises(TableError) as caught:
        await take(db, "grade", path)
    assert caught.value.reason == "format_unknown"
    assert "编号" in caught.value.errors[0].message.text()
    report = await take(db, "grade", path, columns={"code": "编号", "name_zh": "名称"})
    assert [entry.code for entry in report.changes.added] == ["001", "2"]
    with pytest.raises(TableError):
        await take(db, "grade", path, columns={"code": "没有"})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[1, 2",
        '{"a": {"code": 1}, "a": {}}',
        "[" * 100_000,
        "nonsense",
        "[]",
        "{}",
        "3",
        "[[1]]",
        "null",
    ],
)
async def test_what_is_no_list(db: Session, tmp_path: Path, content: str) -> None:
    for name in ("list.json", "list.js"):
        with pytest.raises(TableError) as caught:
            await take(db, "spdx", written(tmp_path, content, name))
        assert caught.value.reason in {"json_invalid", "format_unknown"}


async def test_objects_of_a_document_that_are_none(db: Session, tmp_path: Path) -> None:
    content = (
        '[{"code": "A", "name_zh": "甲"}, 7, {"code": true, "name_zh": []}, {"code": 1.0, "name_zh": 2}]'
    )
    report = await take(db, "grade", written(tmp_path, content, "list.json"))
    assert [(fault.row, fault.code) for fault in report.faults] == [
        (2, "not_an_object"),
        (2, "code_malformed"),
        (2, "name_missing"),
        (3, "not_text"),
        (3, "name_missing"),
    ]


async def test_imported_lists_are_not_touched_by_the_builtin_one(db: Session, tmp_path: Path) -> None:
    path = written(tmp_path, "code,name_zh\n110,数学（新）\n")
    assert tally(await take(db, "gbt13745", path, partial=True)) == {"renamed": 1}
    await db.execute(update(CodeScheme).values(digest=None))
    assert {report.scheme for report in await load_builtin(db)} == {"gb2260", "instrument-class"}
    renamed = await resolve(db, "gbt13745", "110")
    assert renamed is not None
    assert renamed.name_zh == "数学（新）"


async def test_the_divisions_of_the_country_and_their_history(db: Session) -> None:
    folder = shared_data("codes", "gb2260")
    counts = [
        tally(await take(db, "gb2260", folder / f"{name}.csv")) for name in ("provinces", "cities", "areas")
    ]
    assert counts == [{"added": 27}, {"added": 293}, {"added": 2546}]
    tree = await take(db, "gb2260", folder / "pca-code.json")
    # The tree also has the towns of three cities without counties, and not the county areas.csv makes of a fourth.
    assert (tally(tree), tree.applied) == ({"added": 82, "retired": 1}, True)
    assert [entry.code for entry in tree.changes.retired] == ["620201"]
    assert [(reason.text(), len(rows)) for reason, rows in tree.omitted] == [
        ("仅作汇总用的占位名称", 9),
        ("开发区等管理区域，不在 GB/T 2260 中", 124),
    ]
    for path in sorted(folder.glob("history-*.tsv")):
        report = await take(db, "gb2260", path)
        assert (report.applied, report.faults) == (True, [])
        assert tally(await take(db, "gb2260", path)) == {}, path
    assert await entries(db, "gb2260", "current") == 3215 + 82 - 1
    for code, name, until in (
        ("310103", "卢湾区", date(2002, 12, 31)),
        ("320586", "吴县市", date(1999, 12, 31)),
        ("330103", "下城区", date(2019, 4, 30)),
    ):
        old = await resolve(db, "gb2260", code)
        assert old is not None
        assert (old.name_zh, old.status, old.valid_to) == (name, "historical", until), code


async def test_history_of_a_branch_that_is_not_loaded_is_left_out(db: Session) -> None:
    report = await take(db, "gb2260", shared_data("codes", "gb2260", "history-mca-199912.tsv"))
    assert all(entry.code[:2] in {"31", "32", "33", "34"} for entry in report.changes.added)
    reason, rows = report.omitted[-1]
    assert reason.text() == "该地区的现行代码尚未导入，无法判断是否已废止"
    assert len(rows) > 2_000


@pytest.mark.parametrize(
    ("scheme", "path", "added", "sample"),
    [
        ("gbt13745", "gbt13745/subject.json", 412, ("11014", "数理逻辑与数学基础", "110", 2)),
        ("gbt4754", "gbt4754-2017/IndustryData.js", 1971, ("0111", "稻谷种植", "011", 4)),
        ("iso3166", "iso3166/all.csv", 249, ("CN", "China", None, 1)),
        (
            "spdx",
            "spdx/spdx.json",
            680,
            ("CC-BY-4.0", "Creative Commons Attribution 4.0 International", None, 1),
        ),
        (
            "moe-universities",
            "moe-universities/W020250627301230138068.json",
            2919,
            ("4133010335", "浙江大学", None, 1),
        ),
    ],
)
async def test_published_lists(
    db: Session, scheme: str, path: str, added: int, sample: tuple[str, str, str | None, int]
) -> None:
    file = shared_data("codes", *path.split("/"))
    report = await take(db, scheme, file)
    assert [(fault.row, fault.code, fault.value) for fault in report.faults] == []
    assert len(report.changes.added) == added
    assert report.changes.retired == []
    entry = await resolve(db, scheme, sample[0])
    assert entry is not None
    assert (entry.code, entry.name_zh or entry.name_en, entry.parent, entry.level) == sample
    again = await take(db, scheme, file)
    assert (tally(again), again.applied) == ({}, True)


def test_the_command(fresh_settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "code,name_zh\nA,甲\nB,乙\n")
    assert run(["import", "grade", str(path), "--dry-run"], settings=lambda: fresh_settings) == 0
    assert "没有写入任何内容" in capsys.readouterr().out
    assert run(["import", "grade", str(path), "--source", "示例"], settings=lambda: fresh_settings) == 0
    assert "新增 2" in capsys.readouterr().out
    assert run(["import", "grade", str(path)], settings=lambda: fresh_settings, locale="en") == 0
    assert "unchanged 2" in capsys.readouterr().out
    bad = written(tmp_path, "编号,名称\n" + "坏,\n" * 300)
    assert run(["import", "grade", str(bad)], settings=lambda: fresh_settings) == 1
    assert "格式" in capsys.readouterr().err
    mapping = ["--map", "code=编号", "--map", "name_zh=名称"]
    assert run(["import", "grade", str(bad), *mapping], settings=lambda: fresh_settings) == 1
    printed = capsys.readouterr().out
    assert "2:编号:坏: code_malformed: 代码的格式不符" in printed
    assert "还有" in printed


def test_the_command_names_what_it_leaves_out(
    fresh_settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zones = "".join(f"3301{number},开发区\n" for number in range(71, 80))
    path = written(tmp_path, f"code,name\n3301,杭州市\n{zones}" + "\n340171,开发区\n340172,开发区\n")
    options = ["--partial", "--format", "gb2260-table"]
    assert run(["import", "gb2260", str(path), *options], settings=lambda: fresh_settings) == 0
    assert (
        "未作为代码读取 11 行（开发区等管理区域，不在 GB/T 2260 中）：第 3, 4, 5, 6, 7, 8, 9, 10, 11, 13 … 行"
        in capsys.readouterr().out
    )


def test_the_command_asks_for_the_encoding(
    fresh_settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("code,name_zh\nA,掃描電子顯微鏡\nB,質譜儀與離心機\n".encode("big5"))
    assert run(["import", "grade", str(path)], settings=lambda: fresh_settings) == 1
    assert "--encoding big5: A,掃描電子顯微鏡" in capsys.readouterr().err
    assert run(["import", "grade", str(path), "--encoding", "big5"], settings=lambda: fresh_settings) == 0


async def test_a_document_too_large(db: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.codes.reading.LARGEST_JSON", 1)
    with pytest.raises(TableError) as caught:
        await take(db, "grade", written(tmp_path, "[]", "list.json"))
    assert caught.value.reason == "file_too_large"


@pytest.mark.parametrize(
    "wrong",
    [
        ["import", "grade", "/no/such/file"],
        ["import", "Not A Scheme", "x"],
        ["import", "a", "x", "--map", "what=x"],
        ["import", "a", "x", "--map", "code"],
    ],
)
def test_wrong_usage(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        run(wrong, settings=settings_from_environment)


def test_the_command_needs_a_database(tmp_path: Path) -> None:
    path = written(tmp_path, "code,name_zh\nA,甲\n")
    with pytest.raises(SystemExit, match="DATABASE_URL"):
        run(["import", "grade", str(path)], settings=lambda: Settings(database_url=None))
