"""Housekeeping of files."""

import asyncio

from app.core.logs import logger
from app.files import store
from app.files.public import folder
from app.jobs.public import Job, periodic

log = logger(__name__)


@periodic("47 4 * * *", "files.purge")
async def purge(job: Job) -> None:
    """Remove files that were not used for 30 days."""
    removed = await asyncio.to_thread(store.purge, folder(job.settings))
    log.info("files_purged", count=removed)
