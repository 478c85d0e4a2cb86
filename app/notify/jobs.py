"""Sending what is in the outbox, and forgetting it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, text, update

from app.core.logs import logger
from app.core.metrics import MAILS
from app.jobs.public import Job, periodic, task
from app.notify.message import composed
from app.notify.models import OutgoingMail
from app.notify.public import TASK
from app.notify.senders import RefusedForGoodError, send
from app.tenancy.context import TenantContext

ATTEMPTS = 12
"""With gaps from ten seconds to half an hour: about four hours, after which what a mail says is mostly over."""
EMPTY = {"recipient": None, "subject": None, "paragraphs": None, "link": None, "action": None}
TRIM = (
    text(
        "UPDATE outgoing_mail SET recipient = NULL, subject = NULL, paragraphs = NULL, link = NULL, action = NULL "
        "WHERE recipient IS NOT NULL AND created_at < clock_timestamp() - interval '7 days'"
    ),
    text("DELETE FROM outgoing_mail WHERE created_at < clock_timestamp() - interval '90 days'"),
)
log = logger(__name__)


def _context(job: Job) -> TenantContext:
    """The outbox is read by the role that also writes of signing in; the application cannot read it."""
    return TenantContext(
        job.payload.get("tenant_id"), request_id=f"job-{job.id}", role=job.settings.role("login")
    )


async def _give_up(job: Job) -> None:
    await _end(job, "failed")


@task(TASK, attempts=ATTEMPTS, first_gap=timedelta(seconds=10), given_up=_give_up)
async def send_mail(job: Job) -> None:
    """Send one mail and note it; a mail that was sent or refused before is left alone."""
    async with job.database.transaction(_context(job).info()) as session:
        mail: OutgoingMail | None = await session.scalar(_waiting(job))
    if mail is None:
        return
    name = f"{mail.created_at:%Y%m%dT%H%M%S}-{mail.id}"
    try:
        await send(composed(mail, job.settings), job.settings, name=name)
    except RefusedForGoodError:
        await _end(job, "failed")
    except Exception:
        if job.last_attempt:
            await _end(job, "failed")
        raise
    else:
        await _end(job, "sent")


def _waiting(job: Job) -> Select[OutgoingMail]:
    mine = UUID(job.payload["mail_id"])
    return select(OutgoingMail).where(
        OutgoingMail.id == mine, OutgoingMail.state == "queued", OutgoingMail.recipient.is_not(None)
    )


async def _end(job: Job, state: str) -> None:
    mine = (OutgoingMail.id == UUID(job.payload["mail_id"]), OutgoingMail.state == "queued")
    ended = update(OutgoingMail).where(*mine)
    async with job.database.transaction(_context(job).info()) as session:
        await session.execute(ended.values(state=state, ended_at=func.clock_timestamp(), **EMPTY))
    MAILS.labels(state).inc()
    log.info("mail_ended", mail_id=job.payload["mail_id"], state=state)


@periodic("53 3 * * *", "notify.trim")
async def trim(job: Job) -> None:
    """Remove the text of mails after 7 days, sent or not, and their rows after 90."""
    async with job.database.transaction(_context(job).info()) as session:
        for statement in TRIM:
            await session.execute(statement)
