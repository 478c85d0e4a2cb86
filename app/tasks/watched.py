"""Job handlers that report to a task."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.db import Session
from app.core.errors import InternalError, Problem
from app.jobs.public import Job, task
from app.tasks import service


@dataclass(frozen=True, slots=True)
class Watch:
    """A running job's way to tell those who watch it."""

    job: Job
    task_id: UUID

    async def advance(self, done: int, total: int | None = None) -> None:
        """Say how far the work is, at once: in a transaction of its own."""
        async with self.job.transaction() as db:
            await service.advance(db, self.task_id, done=done, total=total)

    async def finish(self, db: Session, result: Mapping[str, Any] | None = None) -> None:
        """End well, together with the work done in `db`."""
        await service.finish(db, self.task_id, result=result)


WatchedHandler = Callable[[Job, Watch], Awaitable[None]]


def watched(name: str, *, at_once: int = 0) -> Callable[[WatchedHandler], WatchedHandler]:
    """Make `async def run(job: Job, watch: Watch)` the handler of tasks made by `start(task=name)`.

    The handler calls `watch.finish` in its last transaction. A Problem it raises ends the task; other errors do so
    when the queue gives up.
    """

    def register(handler: WatchedHandler) -> WatchedHandler:
        async def run(job: Job) -> None:
            watch = Watch(job, UUID(job.payload["task_run_id"]))
            async with job.transaction() as db:
                if not await service.begin(db, watch.task_id):
                    return
            try:
                await handler(job, watch)
            except Problem as problem:
                await _fail(watch, problem)
            except Exception:
                if job.last_attempt:
                    await _fail(watch, InternalError())
                raise

        task(name, at_once=at_once, given_up=_give_up)(run)
        return handler

    return register


async def _give_up(job: Job) -> None:
    await _fail(Watch(job, UUID(job.payload["task_run_id"])), InternalError())


async def _fail(watch: Watch, problem: Problem) -> None:
    async with watch.job.transaction() as db:
        await service.fail(db, watch.task_id, problem)
