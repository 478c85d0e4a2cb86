"""Sending what is in the outboxes, and forgetting it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy import func, null, select, text, update

from app.core.clock import now
from app.core.logs import logger
from app.core.metrics import MAILS, SMS
from app.jobs.public import Job, periodic, task
from app.notify.message import composed
from app.notify.models import OutgoingMail, OutgoingSms
from app.notify.public import SMS_TASK, TASK
from app.notify.senders import RefusedForGoodError, send
from app.notify.sms import NoGatewayError, sender_of
from app.settings import Settings
from app.tenancy.context import TenantContext

ATTEMPTS = 12
"""With gaps from ten seconds to half an hour: about four hours, after which what a mail says is mostly over."""
FIRST_GAP = timedelta(seconds=10)
TRIM = (
    text(
        "UPDATE outgoing_mail SET recipient = NULL, subject = NULL, paragraphs = NULL, link = NULL, action = NULL "
        "WHERE recipient IS NOT NULL AND created_at < clock_timestamp() - interval '7 days'"
    ),
    text("DELETE FROM outgoing_mail WHERE created_at < clock_timestamp() - interval '90 days'"),
    text(
        "UPDATE outgoing_sms SET recipient = NULL, body = NULL "
        "WHERE recipient IS NOT NULL AND created_at < clock_timestamp() - interval '7 days'"
    ),
    text("DELETE FROM outgoing_sms WHERE created_at < clock_timestamp() - interval '90 days'"),
)
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Outbox:
    """One table of messages, and how they leave."""

    name: str
    model: type[OutgoingMail] | type[OutgoingSms]
    says: tuple[str, ...]
    """The columns that are emptied."""
    counter: Counter
    send: Callable[[Any, Settings], Awaitable[None]]


async def _send_mail(mail: OutgoingMail, settings: Settings) -> None:
    await send(composed(mail, settings), settings, name=f"{mail.created_at:%Y%m%dT%H%M%S}-{mail.id}")


async def _send_sms(sms: OutgoingSms, settings: Settings) -> None:
    if sms.recipient is None or sms.body is None or sms.expires_at <= now():
        raise RefusedForGoodError
    sender = sender_of(settings)
    if sender is None:
        raise NoGatewayError
    await sender.send(sms.id, sms.recipient, sms.body)


OF_MAILS = Outbox(
    "mail", OutgoingMail, ("recipient", "subject", "paragraphs", "link", "action"), MAILS, _send_mail
)
OF_SMS = Outbox("sms", OutgoingSms, ("recipient", "body"), SMS, _send_sms)


def _context(job: Job) -> TenantContext:
    """The outboxes are read by the role that also writes of signing in; the application cannot read them."""
    return TenantContext(
        job.payload.get("tenant_id"), request_id=f"job-{job.id}", role=job.settings.role("login")
    )


async def _give_up_mail(job: Job) -> None:
    await _end(job, OF_MAILS, "failed")


async def _give_up_sms(job: Job) -> None:
    await _end(job, OF_SMS, "failed")


@task(TASK, attempts=ATTEMPTS, first_gap=FIRST_GAP, given_up=_give_up_mail)
async def send_mail(job: Job) -> None:
    """Send one mail and note it; a mail that was sent or refused before is left alone."""
    await _deliver(job, OF_MAILS)


@task(SMS_TASK, attempts=ATTEMPTS, first_gap=FIRST_GAP, given_up=_give_up_sms)
async def send_sms(job: Job) -> None:
    """Send one text message and note it, as a mail; one that is over is not sent."""
    await _deliver(job, OF_SMS)


async def _deliver(job: Job, outbox: Outbox) -> None:
    model, mine = outbox.model, UUID(job.payload[f"{outbox.name}_id"])
    waiting = select(model).where(model.id == mine, model.state == "queued", model.recipient.is_not(None))
    async with job.database.transaction(_context(job).info()) as session:
        message = await session.scalar(waiting)
    if message is None:
        return
    try:
        await outbox.send(message, job.settings)
    except RefusedForGoodError:
        await _end(job, outbox, "failed")
    except Exception:
        if job.last_attempt:
            await _end(job, outbox, "failed")
        raise
    else:
        await _end(job, outbox, "sent")


async def _end(job: Job, outbox: Outbox, state: str) -> None:
    model, mine = outbox.model, UUID(job.payload[f"{outbox.name}_id"])
    emptied = dict.fromkeys(outbox.says, null())
    ended = update(model).where(model.id == mine, model.state == "queued")
    async with job.database.transaction(_context(job).info()) as session:
        await session.execute(ended.values(state=state, ended_at=func.clock_timestamp(), **emptied))
    outbox.counter.labels(state).inc()
    log.info("message_ended", outbox=outbox.name, message_id=str(mine), state=state)


@periodic("53 3 * * *", "notify.trim")
async def trim(job: Job) -> None:
    """Remove the text of messages after 7 days, sent or not, and their rows after 90."""
    async with job.database.transaction(_context(job).info()) as session:
        for statement in TRIM:
            await session.execute(statement)
