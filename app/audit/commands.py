"""`commons verify audit` and `commons audit anchor`."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.audit import words
from app.core.db import Database
from app.core.i18n import Locale, Message, msg
from app.journal import public as journal
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look through: one province or all, from a day or the beginning, beside anchors kept outside."""

    province: str | None = None
    since: datetime | None = None
    outside: Sequence[journal.Anchor] = ()


def read_anchors(path: Path) -> list[journal.Anchor]:
    """The anchors in a file that `commons audit anchor` wrote, one JSON object a line.

    Raises:
        ValueError: the file has something else in it.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return [journal.Anchor.from_json(json.loads(line)) for line in lines if line.strip()]


def verify(settings: Settings, asked: Asked, *, locale: Locale) -> int:
    """Look through the chains and say what is found; 0 all is whole, 1 something is damaged, 2 no such province."""
    return asyncio.run(_verify(settings, asked, locale))


def anchor(settings: Settings, province: str | None, *, locale: Locale) -> int:
    """Seal, sign the heads and print them, one JSON object a line; 2 when there is no such province."""
    return asyncio.run(_anchor(settings, province, locale))


async def _verify(settings: Settings, asked: Asked, locale: Locale) -> int:
    database = _database(settings)
    try:
        wanted = await _provinces(database, asked.province, locale)
        damaged = [await _verify_one(database, settings, code, asked, locale) for code in wanted]
    finally:
        await database.close()
    return 2 if not wanted else int(any(damaged))


async def _verify_one(
    database: Database, settings: Settings, province: str, asked: Asked, locale: Locale
) -> bool:
    await journal.seal(database, province)
    started = time.monotonic()

    async def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            rate = done / max(time.monotonic() - started, 0.001)
            sys.stderr.write(f"\r{province}: {done}/{total}  {rate:.0f}/s ")

    verdict = await journal.verify(
        database, settings, province, since=asked.since, outside=asked.outside, progress=progress
    )
    seconds = max(time.monotonic() - started, 0.001)
    if sys.stderr.isatty():
        sys.stderr.write("\r")
    _say(msg("{province}  {told}", province=province, told=words.summary(verdict)), locale)
    for finding in verdict.findings:
        _say(msg("  {told}", told=words.told(finding, verdict)), locale)
    if verdict.faults > len(verdict.findings):
        _say(msg("  还有 {count} 处", count=verdict.faults - len(verdict.findings)), locale)
    rate = msg(
        "  第 {first}–{last} 条，{seconds} 秒，每秒 {rate} 条",
        first=verdict.first,
        last=verdict.last,
        seconds=f"{seconds:.1f}",
        rate=round(verdict.checked / seconds),
    )
    _say(rate, locale)
    return verdict.faults > 0


async def _anchor(settings: Settings, province: str | None, locale: Locale) -> int:
    database = _database(settings)
    try:
        wanted = await _provinces(database, province, locale)
        for code in wanted:
            await journal.seal(database, code)
            if found := await journal.anchor(database, settings, code):
                sys.stdout.write(json.dumps(found.as_json()) + "\n")
    finally:
        await database.close()
    return 0 if wanted else 2


async def _provinces(database: Database, province: str | None, locale: Locale) -> list[str]:
    known = await journal.provinces(database)
    if province is None:
        return known
    if province in known:
        return [province]
    sys.stderr.write(
        msg("没有省份 {province}；有 {known}", province=province, known=", ".join(known)).text(locale) + "\n"
    )
    return []


def _say(sentence: Message, locale: Locale) -> None:
    sys.stdout.write(sentence.text(locale) + "\n")


def _database(settings: Settings) -> Database:
    return Database(settings.url_for("app"), pool_size=1, application_name="commons-audit")
