"""The worker: runs, tries again, parks, puts back, and takes over from the dead."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text

from app import registry  # noqa: F401 - the built-in tasks
from app.access.models import IdempotencyKey
from app.core.db import Database
from app.jobs import tasks, worker
from app.jobs.public import Job, enqueue, periodic, task
from app.jobs.worker import Worker
from app.settings import Settings
from app.tenancy.context import TenantContext

ROOT = Path(__file__).parents[2]
SOON = timedelta(milliseconds=50)


@pytest.fixture(autouse=True)
def own_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test registers its own tasks."""
    monkeypatch.setattr(tasks, "TASKS", dict(tasks.TASKS))
    monkeypatch.setattr(tasks, "SCHEDULE", dict(tasks.SCHEDULE))
    monkeypatch.setattr(worker, "TASKS", tasks.TASKS)
    monkeypatch.setattr(worker, "SCHEDULE", tasks.SCHEDULE)


@asynccontextmanager
async def working(database: Database, settings: Settings) -> AsyncIterator[None]:
    async with Worker(database, settings, poll=timedelta(milliseconds=200)).running():
        yield


async def ask(database: Database, name: str, **payload: Any) -> None:
    async with database.transaction() as session:
        await enqueue(session, name, payload)


async def column(database: Database, statement: str) -> list[Any]:
    async with database.statements() as connection:
        return list((await connection.execute(text(statement))).scalars())


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the other side is a database or a process
            await asyncio.sleep(0.05)


async def test_job_acts_for_the_province_in_its_payload(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    caller = UUID("01930000-0000-7000-8000-000000000001")
    seen: list[Any] = []
    ran = asyncio.Event()

    @task("test.context")
    async def run(job: Job) -> None:
        async with job.transaction() as session:
            names = ("tenant_id", "caller_id")
            seen.extend(
                [await session.scalar(text(f"SELECT current_setting('app.{name}')")) for name in names]
            )
        seen.extend([job.attempt, job.last_attempt, job.payload["thing"]])
        ran.set()

    async with working(fresh_database, fresh_settings):
        await ask(fresh_database, "test.context", tenant_id="330000", caller_id=str(caller), thing=7)
        await asyncio.wait_for(ran.wait(), 15)
    assert seen == ["330000", str(caller), 1, False, 7]
    assert await column(fresh_database, "SELECT count(*) FROM jobs.pgqueuer") == [0]


async def test_failure_is_tried_again_then_parked_without_its_text(
    fresh_database: Database, fresh_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[tuple[int, bool]] = []

    @task("test.fails", attempts=3, first_gap=SOON)
    async def run(job: Job) -> None:
        tries.append((job.attempt, job.last_attempt))
        raise ValueError("身份证 330106199001011234")

    async def parked() -> bool:
        return await column(fresh_database, "SELECT status::text FROM jobs.pgqueuer") == ["failed"]

    async with working(fresh_database, fresh_settings):
        await ask(fresh_database, "test.fails", secret="330106199001011234")
        await until(parked)
    assert tries == [(1, False), (2, False), (3, True)]
    [log] = await column(fresh_database, "SELECT string_agg(traceback::text, '') FROM jobs.pgqueuer_log")
    assert "ValueError" in log
    assert "330106199001011234" not in log + caplog.text


async def test_gaps_grow(fresh_database: Database, fresh_settings: Settings) -> None:
    times: list[float] = []

    @task("test.gaps", attempts=3, first_gap=timedelta(milliseconds=200))
    async def run(_job: Job) -> None:
        times.append(asyncio.get_running_loop().time())
        raise ValueError

    async def thrice() -> bool:
        return len(times) == 3

    async with working(fresh_database, fresh_settings):
        await ask(fresh_database, "test.gaps")
        await until(thrice)
    assert times[1] - times[0] >= 0.2
    assert times[2] - times[1] >= 0.8


async def test_stopping_worker_puts_unfinished_work_back(
    fresh_database: Database, fresh_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "STOP_SECONDS", 0.2)
    started = asyncio.Event()

    @task("test.slow")
    async def run(_job: Job) -> None:
        started.set()
        await asyncio.sleep(60)

    async with working(fresh_database, fresh_settings):
        await ask(fresh_database, "test.slow")
        await asyncio.wait_for(started.wait(), 15)
    assert await column(fresh_database, "SELECT status::text FROM jobs.pgqueuer") == ["queued"]


async def test_stopping_worker_lets_short_work_end(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    started = asyncio.Event()
    ended: list[bool] = []

    @task("test.short")
    async def run(_job: Job) -> None:
        started.set()
        await asyncio.sleep(0.3)
        ended.append(True)

    async with working(fresh_database, fresh_settings):
        await ask(fresh_database, "test.short")
        await asyncio.wait_for(started.wait(), 15)
    assert ended == [True]
    assert await column(fresh_database, "SELECT count(*) FROM jobs.pgqueuer") == [0]


async def test_worker_says_that_it_is_alive(fresh_database: Database, fresh_settings: Settings) -> None:
    async def seen() -> bool:
        return await column(
            fresh_database, "SELECT count(*) FROM worker_heartbeat WHERE seen_at > now() - interval '5 s'"
        ) == [1]

    async with working(fresh_database, fresh_settings):
        await until(seen)


async def test_worker_waits_for_a_database_that_is_away(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    ran = asyncio.Event()

    @task("test.after")
    async def run(_job: Job) -> None:
        ran.set()

    async def connected() -> bool:
        return await column(fresh_database, WORKERS) == [1]

    async with working(fresh_database, fresh_settings):
        await until(connected)
        await column(fresh_database, f"SELECT pg_terminate_backend(pid) FROM ({PIDS}) AS workers")
        await ask(fresh_database, "test.after")
        await asyncio.wait_for(ran.wait(), 15)


PIDS = """
    SELECT pid FROM pg_stat_activity
    WHERE application_name = 'commons-worker' AND datname = current_database()
"""
WORKERS = f"SELECT count(*) FROM ({PIDS}) AS workers"


async def test_periodic_task_is_enqueued_by_the_clock(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    ran = asyncio.Event()

    @periodic("* * * * * *", "test.every_second")
    async def run(job: Job) -> None:
        assert job.context == TenantContext(request_id=f"job-{job.id}")
        ran.set()

    async with working(fresh_database, fresh_settings):
        await asyncio.wait_for(ran.wait(), 15)


def test_a_task_has_one_handler() -> None:
    async def run(_job: Job) -> None: ...

    task("test.twice")(run)
    with pytest.raises(ValueError, match=r"test\.twice"):
        task("test.twice")(run)


async def test_idempotency_keys_are_forgotten_after_a_day(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    callers = {"310000": UUID(int=1), "330000": UUID(int=2)}
    for tenant_id, caller in callers.items():
        async with fresh_database.transaction(TenantContext(tenant_id, caller).info()) as session:
            for key, age in (("old", 25), ("new", 23)):
                created = text(f"clock_timestamp() - interval '{age} hours'")
                values = {"tenant_id": tenant_id, "caller_id": caller, "key": key, "request_digest": b""}
                await session.execute(insert(IdempotencyKey).values(**values, created_at=created))
    purge = tasks.TASKS["access.purge_idempotency_keys"]
    await purge.handler(Job(1, purge.name, {}, 1, False, fresh_database, fresh_settings))
    for tenant_id, caller in callers.items():
        async with fresh_database.transaction(TenantContext(tenant_id, caller).info()) as session:
            assert list(await session.scalars(text("SELECT key FROM idempotency_key"))) == ["new"]


async def test_finished_jobs_are_forgotten_after_a_month(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    async with fresh_database.transaction() as session:
        for days in (29, 31):
            await session.execute(
                text(
                    "INSERT INTO jobs.pgqueuer_log (created, job_id, status, priority, entrypoint, aggregated)"
                    f" VALUES (now() - interval '{days} days', {days}, 'successful', 0, 'test.done', true)"
                )
            )
    trim = tasks.TASKS["jobs.trim_log"]
    await trim.handler(Job(1, trim.name, {}, 1, False, fresh_database, fresh_settings))
    assert await column(fresh_database, "SELECT job_id FROM jobs.pgqueuer_log") == [29]


async def test_job_that_kills_its_workers_is_given_up(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    told: list[int] = []

    async def given_up(job: Job) -> None:
        told.append(job.attempt)

    @task("test.deadly", attempts=2, given_up=given_up)
    async def run(_job: Job) -> None:
        raise AssertionError

    await ask(fresh_database, "test.deadly")
    async with fresh_database.transaction() as session:
        # As two workers left it that were killed while they ran it.
        died = "UPDATE jobs.pgqueuer SET headers = '{\"taken\": 2}', status = 'picked', heartbeat = now() - interval '1 h'"
        await session.execute(text(died))

    async def parked() -> bool:
        return await column(fresh_database, "SELECT status::text FROM jobs.pgqueuer") == ["failed"]

    async with working(fresh_database, fresh_settings):
        await until(parked)
    assert told == [3]


@asynccontextmanager
async def worker_process(settings: Settings, diary: Path) -> AsyncIterator[Process]:
    environment = {
        **os.environ,
        "DATABASE_URL": str(settings.database_url),
        "DATABASE_ROLES": settings.database_roles,
        "SECRET_KEY": settings.secret,
    }
    command = (sys.executable, "-m", "tests.jobs.killable", str(diary))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_job_of_a_killed_worker_is_taken_up_by_another(
    fresh_database: Database, fresh_settings: Settings, tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    diary.touch()

    async def written(word: str) -> bool:
        return word in diary.read_text()

    await ask(fresh_database, "test.killable")
    async with worker_process(fresh_settings, diary) as first:
        await until(lambda: written("started"), seconds=30)
        first.send_signal(signal.SIGKILL)
        await first.wait()
    assert await column(fresh_database, "SELECT status::text FROM jobs.pgqueuer") == ["picked"]
    async with worker_process(fresh_settings, diary) as second:
        await until(lambda: written("ended"), seconds=30)
        second.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(second.wait(), 15) == 0
    assert diary.read_text().split() == ["started", "started", "ended"]
    assert await column(fresh_database, "SELECT count(*) FROM jobs.pgqueuer") == [0]
