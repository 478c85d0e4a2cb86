"""Keeping the chains: new events are sealed each minute, heads are signed each hour."""

from app.jobs.public import Job, periodic
from app.journal import public as journal


@periodic("* * * * *", "audit.seal")
async def seal(job: Job) -> None:
    """Write what was counted, and add every province's new events to its chain."""
    for province in await journal.provinces(job.database):
        await journal.write_tallies(job.database, province)
        await journal.seal(job.database, province)


@periodic("7 * * * *", "audit.anchor")
async def anchor(job: Job) -> None:
    """Sign the head of every province's chain."""
    for province in await journal.provinces(job.database):
        await journal.anchor(job.database, job.settings, province)
