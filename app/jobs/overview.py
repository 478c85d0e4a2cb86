"""The queue as whoever runs the platform sees it: counts and names, never a job's payload."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.core.db import ReadSession, Session
from app.core.errors import NotFound

MOST_SHOWN = 100
COUNTS = text(
    "SELECT entrypoint, status::text AS status, count(*) AS number, min(created) AS oldest FROM jobs.pgqueuer "
    "GROUP BY entrypoint, status ORDER BY entrypoint, status"
)
FAILED = text(
    "SELECT id, entrypoint, attempts, created, updated FROM jobs.pgqueuer WHERE status = 'failed' "
    "ORDER BY id DESC LIMIT :most"
)
WORKERS = text(
    "SELECT worker_id::text AS id, started_at, seen_at FROM worker_heartbeat ORDER BY seen_at DESC"
)
# The deaths of workers are counted beside pgqueuer's own attempts; a person's second chance is a whole one.
AGAIN = text(
    "UPDATE jobs.pgqueuer SET status = 'queued', attempts = 0, execute_after = clock_timestamp(), "
    "updated = clock_timestamp(), queue_manager_id = NULL, headers = coalesce(nullif(headers, 'null'), '{}') - 'taken' "
    "WHERE id = :id AND status = 'failed' RETURNING entrypoint"
)


@dataclass(frozen=True, slots=True)
class QueueLength:
    """How many jobs of a task are in a state, and since when the oldest of them is there."""

    task: str
    status: str
    number: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that was tried as often as it may be."""

    id: int
    task: str
    attempts: int
    created_at: datetime
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process, and when it was last heard of."""

    id: str
    started_at: datetime
    seen_at: datetime


async def queue_lengths(db: ReadSession) -> Sequence[QueueLength]:
    """The jobs that are there, by task and state."""
    rows = await db.execute(COUNTS)
    return [QueueLength(row.entrypoint, row.status, row.number, row.oldest) for row in rows]


async def failed_jobs(db: ReadSession) -> Sequence[FailedJob]:
    """The latest 100 jobs that were given up."""
    rows = await db.execute(FAILED, {"most": MOST_SHOWN})
    return [FailedJob(row.id, row.entrypoint, row.attempts, row.created, row.updated) for row in rows]


async def workers(db: ReadSession) -> Sequence[Worker]:
    """The worker processes that were heard of."""
    return [Worker(row.id, row.started_at, row.seen_at) for row in await db.execute(WORKERS)]


async def run_again(db: Session, job_id: int) -> str:
    """Put a job that was given up back into the queue; the name of its task. Of two who do so at once one does.

    Raises:
        NotFound: there is no such job, or it was not given up.
    """
    name: str | None = await db.scalar(AGAIN, {"id": job_id})
    if name is None:
        raise NotFound
    return name
