"""The queue's own housekeeping."""

from sqlalchemy import text

from app.jobs.tasks import Job, periodic

TRIM = (
    text(
        "DELETE FROM jobs.pgqueuer_log WHERE aggregated AND created < clock_timestamp() - interval '30 days'"
    ),
    text("DELETE FROM jobs.pgqueuer_statistics WHERE created < clock_timestamp() - interval '90 days'"),
)


@periodic("23 3 * * *", "jobs.trim_log")
async def trim_log(job: Job) -> None:
    """Forget finished jobs after 30 days and their figures after 90."""
    async with job.transaction() as session:
        for statement in TRIM:
            await session.execute(statement)
