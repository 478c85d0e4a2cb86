"""Running one job: its handler, the next try, and what may be told about a failure."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta

from pgqueuer.errors import RetryRequested
from pgqueuer.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.models import Context
from pgqueuer.models import Job as QueuedJob
from sqlalchemy import text

from app.core.db import Database
from app.core.logs import logger
from app.jobs.tasks import Job, Task
from app.settings import Settings

GROWTH = 4
# pgqueuer counts failures, not the workers that died of a job; one that kills its worker must not do so for ever.
TAKEN = text(
    """
    UPDATE jobs.pgqueuer
    SET headers = coalesce(nullif(headers, 'null'), '{}') || jsonb_build_object('taken', coalesce((headers ->> 'taken')::int, 0) + 1)
    WHERE id = :id RETURNING (headers ->> 'taken')::int
    """
)
LONGEST_GAP = timedelta(minutes=30)
log = logger(__name__)


class JobFailed(Exception):  # noqa: N818 - what happened, not a kind of error
    """A handler's failure without its text, which may hold people's data; pgqueuer stores and logs this one."""


@dataclass
class Execution(AbstractEntrypointExecutor):
    """Runs the jobs of one task."""

    parameters: EntrypointExecutorParameters
    task: Task
    database: Database
    settings: Settings

    async def execute(self, job: QueuedJob, context: Context) -> None:  # noqa: ARG002 - pgqueuer's signature
        """Run the handler; a failure or a stop of the worker puts the job back, its death leaves it to the next one.

        Raises:
            RetryRequested: it is to be tried again.
            JobFailed: it was the last try.
        """
        mine = self._as_job(job, job.attempts + 1)
        try:
            mine = self._as_job(job, await self._count(job.id))
            if mine.attempt > self.task.attempts:
                await self._give_up(mine)
            else:
                await self.task.handler(mine)
        except JobFailed:
            raise
        except asyncio.CancelledError:
            # pgqueuer would record the job as cancelled and forget it; a stopping worker must not lose work.
            raise RetryRequested(reason="worker stopped") from None
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the job is tried again or parked
            raise self._next(mine, error) from None

    def _as_job(self, job: QueuedJob, attempt: int) -> Job:
        return Job(
            id=job.id,
            task=self.task.name,
            payload=json.loads(job.payload or b"{}"),
            attempt=attempt,
            last_attempt=attempt >= self.task.attempts,
            database=self.database,
            settings=self.settings,
        )

    async def _count(self, job_id: int) -> int:
        async with self.database.statements() as connection:
            return int((await connection.execute(TAKEN, {"id": job_id})).scalar_one())

    async def _give_up(self, job: Job) -> None:
        log.error("job_given_up", job_id=job.id, task=job.task, attempt=job.attempt)
        if self.task.given_up:
            await self.task.given_up(job)
        raise JobFailed("its worker died in the last attempt")

    def _next(self, job: Job, error: Exception) -> Exception:
        reason = f"{type(error).__module__}.{type(error).__qualname__} at {_place(error)}"
        log.warning(
            "job_failed",
            job_id=job.id,
            task=job.task,
            attempt=job.attempt,
            last=job.last_attempt,
            reason=reason,
        )
        if job.last_attempt:
            return JobFailed(reason)
        gap = self.task.first_gap * GROWTH ** (job.attempt - 1)
        return RetryRequested(min(gap, LONGEST_GAP), reason)


def _place(error: Exception) -> str:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return "?" if frame is None else f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
