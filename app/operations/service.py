"""The state of the platform, and running a failed job again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core import revisions
from app.core.db import ReadSession, Session
from app.identity import public as identity
from app.jobs import public as jobs
from app.journal.public import record
from app.notify import public as notify
from app.tenancy.models import Province
from app.web.public import provinces


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the sign-in context alone can count."""

    keys: Sequence[identity.PublishedKey]
    mails: Mapping[str, int]
    sms: Mapping[str, int]
    slowed: int


@dataclass(frozen=True, slots=True)
class State:
    """The platform at this moment."""

    revision: str
    workers: Sequence[jobs.Worker]
    queue: Sequence[jobs.QueueLength]
    failed: Sequence[jobs.FailedJob]
    provinces: Sequence[Province]


async def hidden(session: Session) -> Hidden:
    """Counts of what no operator may read. Runs in the sign-in context."""
    return Hidden(
        keys=await identity.signing_keys(session),
        mails=await notify.numbers(session),
        sms=await notify.sms_numbers(session),
        slowed=await identity.slowed(session),
    )


async def state(db: ReadSession) -> State:
    """Workers, the queue, and the member provinces: four statements."""
    return State(
        revision=revisions.head(),
        workers=await jobs.workers(db),
        queue=await jobs.queue_lengths(db),
        failed=await jobs.failed_jobs(db),
        provinces=await provinces(db),
    )


async def run_again(db: Session, *, job_id: int) -> None:
    """Give a job that was given up another full number of tries.

    Raises:
        NotFound: there is no such job, or it was not given up.
    """
    name = await jobs.run_again(db, job_id)
    await record(db, "job.run_again", subject=("job", str(job_id)), after={"task": name})
