"""`commons codes import`, and the built-in lists at `commons migrate`."""

import argparse
import asyncio
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from app.codes.formats import FORMATS, TARGETS
from app.codes.loading import Edition, ImportReport, import_codes
from app.codes.loading import load_builtin as load_builtin_lists
from app.codes.schemes import NAME
from app.core.db import Database
from app.core.i18n import Locale, msg
from app.core.tabular import EncodingUnclear, TableError
from app.settings import Settings
from app.tenancy.context import TenantContext

ROWS_NAMED = 10
FAULTS_NAMED = 200


def run(argv: Sequence[str], *, settings: Callable[[], Settings], locale: Locale = "zh") -> int:
    """`commons codes …`; returns the exit code: 0 done, 1 the file has faults, 2 wrong usage.

    `settings` is asked for the settings once the usage is right, so that --help needs none.
    """
    arguments = _parser().parse_args(argv)
    edition = Edition(
        arguments.file,
        arguments.source,
        arguments.format,
        dict(arguments.map) or None,
        arguments.encoding,
        arguments.as_of,
        partial=arguments.partial,
        replace=arguments.replace,
    )
    try:
        report = asyncio.run(_import(settings(), arguments.scheme, edition, dry_run=arguments.dry_run))
    except TableError as error:
        lines = [fault.message.text(locale) for fault in error.errors]
        if isinstance(error, EncodingUnclear):
            lines += [f"--encoding {c.encoding}: {c.sample.partition(chr(10))[0]}" for c in error.candidates]
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        return 1
    sys.stdout.write("\n".join(_lines(report, locale)) + "\n")
    return 1 if report.faults else 0


async def load_builtin(settings: Settings) -> Sequence[ImportReport]:
    """Load the built-in lists as the owner role; safe to repeat. For `commons migrate`, after the migrations."""
    database = _owner_database(settings)
    try:
        async with database.transaction(_owner(settings).info()) as session:
            return await load_builtin_lists(session)
    finally:
        await database.close()


async def _import(settings: Settings, scheme: str, edition: Edition, *, dry_run: bool) -> ImportReport:
    database = _owner_database(settings)
    try:
        async with database.transaction(_owner(settings).info()) as session:
            report = await import_codes(session, scheme=scheme, edition=edition, dry_run=dry_run)
            if not report.applied:
                await session.rollback()
            return report
    finally:
        await database.close()


def _owner_database(settings: Settings) -> Database:
    if settings.database_url is None:
        raise SystemExit("DATABASE_URL is not set")
    return Database(settings.database_url, pool_size=1, application_name="commons-codes")


def _owner(settings: Settings) -> TenantContext:
    return TenantContext(role=settings.role("owner"))


def _lines(report: ImportReport, locale: Locale) -> list[str]:
    changes = report.changes
    summary = msg(
        "{scheme}（{format}）：读取 {read} 条；新增 {added}，改名 {renamed}，变更 {changed}，转为历史 {retired}，未变 {unchanged}",
        scheme=report.scheme,
        format=report.format,
        read=report.read,
        added=len(changes.added),
        renamed=len(changes.renamed),
        changed=len(changes.changed),
        retired=len(changes.retired),
        unchanged=changes.unchanged,
    )
    lines = [summary.text(locale)]
    for reason, rows in report.omitted:
        named = ", ".join(map(str, rows[:ROWS_NAMED])) + (" …" if len(rows) > ROWS_NAMED else "")
        counted = msg(
            "未作为代码读取 {count} 行（{reason}）：第 {rows} 行", count=len(rows), reason=reason, rows=named
        )
        lines.append(counted.text(locale))
    for fault in report.faults[:FAULTS_NAMED]:
        place = ":".join(str(part) for part in (fault.row, fault.column or fault.field, fault.value) if part)
        lines.append(f"{place}: {fault.code}: {fault.message.text(locale)}")
    if len(report.faults) > FAULTS_NAMED:
        lines.append(msg("还有 {count} 处错误", count=len(report.faults) - FAULTS_NAMED).text(locale))
    lines.append((msg("已写入") if report.applied else msg("没有写入任何内容")).text(locale))
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="commons codes", description="代码表 / code lists")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    take = commands.add_parser("import", help="take over an edition of a list from CSV, TSV, XLSX or JSON")
    take.add_argument(
        "scheme", type=_scheme, help="gb2260, gbt13745, instrument-class, gbt4754, iso3166, spdx, …"
    )
    take.add_argument("file", type=_file)
    take.add_argument(
        "--format", choices=[f.name for f in FORMATS], help="instead of telling it from the columns"
    )
    take.add_argument(
        "--map",
        type=_mapping,
        action="append",
        default=[],
        metavar="OURS=THEIRS",
        help=f"columns of a file of another shape; ours: {', '.join(TARGETS)}",
    )
    take.add_argument("--source", default="", help="who published the edition, and when")
    take.add_argument("--encoding", help="text encoding of a CSV file that does not tell")
    take.add_argument(
        "--as-of", type=date.fromisoformat, metavar="DATE", help="the day the edition takes effect"
    )
    take.add_argument(
        "--partial", action="store_true", help="the file is a part: codes it lacks stay current"
    )
    take.add_argument("--replace", action="store_true", help="even if most codes become historical")
    take.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
    return parser


def _scheme(value: str) -> str:
    if not re.fullmatch(NAME, value):
        raise argparse.ArgumentTypeError(f"{value!r} is no name of a list")
    return value


def _file(value: str) -> Path:
    path = Path(value)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {value!r}")
    return path


def _mapping(value: str) -> tuple[str, str]:
    ours, equals, theirs = value.partition("=")
    if not equals or ours not in TARGETS:
        raise argparse.ArgumentTypeError(f"{value!r} is not OURS=THEIRS with one of {', '.join(TARGETS)}")
    return ours, theirs
