"""Work on instruments that is done after the answer, or on a schedule."""

from uuid import UUID

from sqlalchemy import text

from app.instruments import personal
from app.instruments.booking import news as booking_news
from app.instruments.importing import queries, work
from app.instruments.importing.service import APPLY, CHECK
from app.instruments.qualifications import news
from app.jobs.public import Job, periodic
from app.tasks.public import Watch, watched

__all__ = ["apply_import", "booking_news", "check_import", "news", "personal", "purge_imports"]


@watched(CHECK, at_once=2)
async def check_import(job: Job, watch: Watch) -> None:
    """Say what would become of every row of a file."""
    await _work(job, watch)


@watched(APPLY, at_once=2)
async def apply_import(job: Job, watch: Watch) -> None:
    """Write a checked file into the register, in one transaction: whatever stops it leaves nothing."""
    await _work(job, watch)


async def _work(job: Job, watch: Watch) -> None:
    organisations = job.payload["organisations"]
    named = None if organisations is None else tuple(UUID(identifier) for identifier in organisations)
    order = work.Order(named, job.payload.get("mode"))
    async with job.transaction() as db:
        entry = await queries.locked(db, UUID(job.payload["import_id"]))
        if entry is None:
            return
        counts = await work.go_through(db, job.settings, entry, order, watch.advance)
        await watch.finish(db, counts)


@periodic("29 4 * * *", "instruments.purge_imports")
async def purge_imports(job: Job) -> None:
    """Forget imports that are older than 30 days."""
    async with job.transaction() as db:
        await db.execute(text("SELECT purge_instrument_imports()"))
