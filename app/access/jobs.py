"""Housekeeping of the entry point."""

from sqlalchemy import text

from app.access.limits.counter import FORGET
from app.jobs.public import Job, periodic


@periodic("11 * * * *", "access.purge_idempotency_keys")
async def purge_idempotency_keys(job: Job) -> None:
    """Forget the answers to changes that are older than 24 hours."""
    async with job.transaction() as session:
        await session.execute(text("SELECT purge_idempotency_keys()"))


@periodic("*/10 * * * *", "access.forget_rate_limits")
async def forget_rate_limits(job: Job) -> None:
    """Forget the counts of windows that have ended."""
    async with job.transaction() as session:
        await session.execute(FORGET)
