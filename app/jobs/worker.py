"""The worker: takes jobs off the queue, inside `commons serve` or as a process of its own."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from uuid import uuid4

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.errors import FailingListenerError
from pgqueuer.executors import EntrypointExecutorParameters
from pgqueuer.models import Schedule
from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from app.core.db import Database
from app.core.logs import logger
from app.jobs.execution import Execution
from app.jobs.models import WorkerHeartbeat
from app.jobs.queue import CHANNEL, queries_on
from app.jobs.tasks import SCHEDULE, TASKS
from app.settings import Settings

BEAT_SECONDS = 10
FORGET_AFTER = timedelta(days=1)
STOP_SECONDS = 20
"""How long running jobs may take to end before they are put back."""
BATCH = 2
AT_ONCE = 4
LONGEST_PAUSE_SECONDS = 30
DATABASE_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, FailingListenerError)
log = logger(__name__)


class Worker:
    """Works until stopped; a database that is away is waited for."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        stale_after: timedelta = timedelta(seconds=20),
        poll: timedelta = timedelta(seconds=5),
    ) -> None:
        """A job whose heartbeat is older than `stale_after` is taken from its worker; `poll` is how often we look."""
        self.id = uuid4()
        self._database = database
        self._settings = settings
        self._stale_after = stale_after
        self._poll = poll
        self._stopping = asyncio.Event()
        self._queuer: PgQueuer | None = None

    def stop(self) -> None:
        """Take no further job; `run` returns when the running ones have ended."""
        self._stopping.set()
        if self._queuer is not None:
            self._queuer.shutdown.set()

    async def run(self) -> None:
        """Take jobs until `stop`; whatever ends that, most often a database that is away, it begins anew."""
        pause = 1
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                await self._work()
            except Exception as error:
                # A worker that ended silently would leave the queue standing still; asyncpg has internal errors too.
                unexpected = None if isinstance(error, DATABASE_AWAY) else error
                log.warning(
                    "worker_interrupted",
                    worker_id=str(self.id),
                    reason=type(error).__name__,
                    exc_info=unexpected,
                )
            if time.monotonic() - started > LONGEST_PAUSE_SECONDS:
                pause = 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run beside the block; afterwards wait for the running jobs, and put back what takes too long."""
        work = asyncio.create_task(self.run(), name="worker")
        try:
            yield
        finally:
            self.stop()
            await asyncio.wait({work}, timeout=STOP_SECONDS)
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    async def _work(self) -> None:
        url = self._settings.url_for("app").replace("+asyncpg", "", 1)
        settings = {"application_name": "commons-worker", "timezone": "UTC"}
        connection = await asyncpg.connect(url, server_settings=settings, timeout=10)
        beat = asyncio.create_task(self._beat(), name="worker-heartbeat")
        try:
            self._queuer = self._queuer_on(connection)
            if self._stopping.is_set():
                return
            await self._queuer.run(
                dequeue_timeout=self._poll,
                batch_size=BATCH,
                max_concurrent_tasks=AT_ONCE,
                heartbeat_timeout=self._stale_after,
                shutdown_on_listener_failure=True,
            )
        finally:
            self._queuer = None
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat
            await connection.close(timeout=5)

    def _queuer_on(self, connection: asyncpg.Connection) -> PgQueuer:
        driver = AsyncpgDriver(connection)
        queuer = PgQueuer(driver, CHANNEL, queries=queries_on(driver))
        for task in TASKS.values():
            parameters = EntrypointExecutorParameters(task.at_once, _unused, on_failure="hold")
            queuer.qm.register_executor(
                task.name, Execution(parameters, task, self._database, self._settings)
            )
        for name, cron in SCHEDULE.items():
            queuer.schedule(name, cron, accepts_context=False)(partial(_enqueue_periodic, queuer))
        return queuer

    async def _beat(self) -> None:
        while True:
            with suppress(*DATABASE_AWAY):
                async with self._database.transaction() as session:
                    seen = insert(WorkerHeartbeat).values(worker_id=self.id)
                    await session.execute(
                        seen.on_conflict_do_update(
                            index_elements=["worker_id"], set_={"seen_at": func.clock_timestamp()}
                        )
                    )
                    gone = WorkerHeartbeat.seen_at < func.clock_timestamp() - FORGET_AFTER
                    await session.execute(delete(WorkerHeartbeat).where(gone))
            await asyncio.sleep(BEAT_SECONDS)


async def _unused(_job: object) -> None:
    raise AssertionError  # Execution runs the task's handler


async def _enqueue_periodic(queuer: PgQueuer, schedule: Schedule) -> None:
    assert queuer.queries is not None
    await queuer.queries.enqueue(
        schedule.entrypoint, b"{}", dedupe_key=schedule.entrypoint, on_conflict="skip"
    )


async def run_until_signalled(settings: Settings) -> None:
    """A worker process: SIGTERM or SIGINT lets running jobs end."""
    database = Database(settings.url_for("app"), pool_size=AT_ONCE, application_name="commons-worker")
    worker = Worker(database, settings)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        async with worker.running():
            await stop.wait()
    finally:
        await database.close()
