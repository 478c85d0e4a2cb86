"""Personal data is masked whoever records it."""

import re

import asyncpg
import pytest
from sqlalchemy import select

from app.core.db import Database
from app.journal.masking import masked
from app.journal.public import JournalEvent, record
from app.settings import Settings
from app.tenancy.context import TenantContext


@pytest.mark.parametrize(
    ("field", "value", "left"),
    [
        ("display_name", "沈知行", "沈**"),
        ("contact_email", "shen.zhixing@example.cn", "s***@example.cn"),
        ("login_name", "shen.zhixing", "s**"),
        ("mobile", "13812345678", "138****78"),
        ("phone", "021-5566", "****"),
        ("id_number", "11010519491231002X", "110****2X"),
        ("reason", "请致电 13812345678 或 +86 13912345678", "请致电 138****78 或 +86****78"),
        ("reason", "写信给 a.b@c.example.com，谢谢", "写信给 a***@c.example.com，谢谢"),
        ("reason", "证件 11010519491231002X 有误", "证件 110****2X 有误"),
        ("uscc", "913300001234567890", "913300001234567890"),
        ("at", "2026-11-23T01:00:00.123456Z", "2026-11-23T01:00:00.123456Z"),
        ("id", "01930000-0000-7000-8000-013812345678", "01930000-0000-7000-8000-013812345678"),
        ("worth_fen", 13812345678, 13812345678),
        ("login_name", None, None),
    ],
)
def test_what_is_left(field: str, value: object, left: object) -> None:
    assert masked({field: value, "deep": [{field: value}]}) == {field: left, "deep": [{field: left}]}


async def test_events_are_masked_before_they_are_written(database: Database) -> None:
    async with database.transaction(TenantContext("310000").info()) as session:
        before, after = {"display_name": "沈知行"}, {"emails": ["x@y.example"], "reason": "13812345678"}
        await record(session, "a.b", subject=("x", "1"), before=before, after=after)
        event = (await session.scalars(select(JournalEvent))).one()
    assert (event.before, event.after) == (
        {"display_name": "沈**"},
        {"emails": ["x***@y.example"], "reason": "138****78"},
    )


PERSONAL = re.compile(
    r"[A-Za-z0-9._%+-]*[A-Za-z0-9]@[A-Za-z0-9-]+\.[a-z]|(?<![0-9A-Za-z-])1[3-9]\d{9}(?![0-9A-Za-z-])"
    r"|(?<![0-9A-Za-z-])\d{17}[0-9Xx](?![0-9A-Za-z-])"
)


async def test_the_demonstration_says_nothing_of_people_in_clear(demo_settings: Settings) -> None:
    assert demo_settings.database_url is not None
    admin = await asyncpg.connect(demo_settings.database_url.replace("+asyncpg", ""))
    rows = await admin.fetch("SELECT kind, concat(before, after) AS facts FROM journal_event")
    names = [row[0] for row in await admin.fetch("SELECT display_name FROM account")]
    await admin.close()
    assert len(rows) > 100
    assert [(row["kind"], row["facts"]) for row in rows if PERSONAL.search(row["facts"])] == []
    assert [(row["kind"], name) for row in rows for name in names if name in row["facts"]] == []
