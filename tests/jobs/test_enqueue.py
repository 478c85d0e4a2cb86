"""A job exists when, and only when, its transaction commits."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.core.db import Database
from app.jobs.public import enqueue


async def rows(database: Database) -> list[Any]:
    async with database.statements() as connection:
        found = await connection.execute(
            text("SELECT entrypoint, payload, execute_after > now() FROM jobs.pgqueuer ORDER BY id")
        )
        return [tuple(row) for row in found]


async def test_commit_leaves_the_job(fresh_database: Database) -> None:
    async with fresh_database.transaction() as session:
        await enqueue(session, "test.work", {"tenant_id": "330000", "名": "甲"})
    [(task, payload, later)] = await rows(fresh_database)
    assert (task, json.loads(payload), later) == ("test.work", {"tenant_id": "330000", "名": "甲"}, False)


async def test_rollback_leaves_no_job(fresh_database: Database) -> None:
    # The enqueue is the session's first statement: where a raw driver connection would be outside the transaction.
    async with fresh_database.session() as session:
        await enqueue(session, "test.work", {})
        await session.rollback()
    assert await rows(fresh_database) == []


async def test_rollback_to_a_savepoint_takes_the_job_along(fresh_database: Database) -> None:
    async with fresh_database.transaction() as session:
        await enqueue(session, "test.kept", {})
        nested = await session.begin_nested()
        await enqueue(session, "test.undone", {})
        await nested.rollback()
    assert [row[0] for row in await rows(fresh_database)] == ["test.kept"]


async def test_delay(fresh_database: Database) -> None:
    async with fresh_database.transaction() as session:
        await enqueue(session, "test.later", {}, delay=timedelta(minutes=5))
    assert [row[2] for row in await rows(fresh_database)] == [True]


async def test_once_key_makes_one_job(fresh_database: Database) -> None:
    for _ in range(2):
        async with fresh_database.transaction() as session:
            await enqueue(session, "test.once", {}, once_key="nightly")
    assert len(await rows(fresh_database)) == 1
