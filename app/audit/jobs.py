"""Keeping the chains: new events are sealed each minute, heads are signed each hour."""

import asyncio
import tempfile
from pathlib import Path

from app.audit import exporting, words
from app.core.i18n import LOCALES
from app.files.public import Stored, store
from app.jobs.public import Job, periodic
from app.journal import public as journal
from app.tasks.public import Watch, watched

NAMED = 50
"""Findings kept with a task."""


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


@watched("audit.verify", at_once=1)
async def verify(job: Job, watch: Watch) -> None:
    """Look through the chain of the province that asked; the result is kept with the task."""
    province = job.payload["tenant_id"]
    await journal.seal(job.database, province)
    verdict = await journal.verify(job.database, job.settings, province, progress=watch.advance)
    told = [words.told(finding, verdict) for finding in verdict.findings[:NAMED]]
    result = {
        "checked": verdict.checked,
        "anchors": verdict.anchors,
        "faults": verdict.faults,
        "summary": {locale: words.summary(verdict).text(locale) for locale in LOCALES},
        "findings": [{locale: sentence.text(locale) for locale in LOCALES} for sentence in told],
    }
    async with job.transaction() as db:
        after = {"checked": verdict.checked, "faults": verdict.faults}
        await journal.record(db, "journal.verified", subject=("province", province), after=after)
        await watch.finish(db, result)


@watched("audit.export", at_once=1)
async def export(job: Job, watch: Watch) -> None:
    """Write the chain of the province that asked into a file of the store."""
    province = job.payload["tenant_id"]
    await journal.seal(job.database, province)
    await journal.anchor(job.database, job.settings, province)
    with tempfile.TemporaryDirectory() as folder:
        made = await exporting.export(
            job.database, job.settings, province, Path(folder), progress=watch.advance
        )
        stored = await asyncio.to_thread(_keep, job, made.path)
    async with job.transaction() as db:
        await journal.record(
            db, "journal.exported", subject=("province", province), after={"events": made.events}
        )
        await watch.finish(db, {"events": made.events, "digest": stored.digest, "size": stored.size})


def _keep(job: Job, path: Path) -> Stored:
    with path.open("rb") as file:
        return store(job.settings, file, most_bytes=path.stat().st_size)
