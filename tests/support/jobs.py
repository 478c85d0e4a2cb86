"""Running what was enqueued, in the test's own process and database."""

import json

from sqlalchemy import text

from app import registry
from app.core.db import Database
from app.jobs.tasks import TASKS, Job
from app.settings import Settings

assert registry.metadata is not None  # importing it registers every task


async def run_jobs(database: Database, settings: Settings) -> int:
    """Run the queued jobs in order, once each; how many there were."""
    async with database.transaction() as session:
        taken = text("DELETE FROM jobs.pgqueuer WHERE status = 'queued' RETURNING id, entrypoint, payload")
        jobs = sorted((await session.execute(taken)).all())
    for number, name, payload in jobs:
        job = Job(
            number, name, json.loads(payload), 1, last_attempt=True, database=database, settings=settings
        )
        await TASKS[name].handler(job)
    return len(jobs)
