"""Housekeeping of files."""

import asyncio

from sqlalchemy import text

from app.core.logs import logger
from app.files import store
from app.files.public import folder
from app.jobs.public import Job, periodic

log = logger(__name__)
KEPT = text("SELECT files_kept(:digests)")


@periodic("47 4 * * *", "files.purge")
async def purge(job: Job) -> None:
    """Remove files that were not used for 30 days and that no row holds."""
    where = folder(job.settings)
    stale = await asyncio.to_thread(store.stale, where)
    async with job.database.transaction() as session:
        kept = set(await session.scalars(KEPT, {"digests": stale}))
    removed = await asyncio.to_thread(store.purge, where, kept=kept)
    log.info("files_purged", count=removed)
