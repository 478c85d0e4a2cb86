"""Mails about requests: a question to whoever decides, the answer to whoever asked."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text

from app.core.db import ReadSession, Session
from app.core.i18n import Message, msg
from app.identity.public import News, deliver, managers_of, stewards_of
from app.instruments.models import Booking
from app.jobs.public import Job, enqueue, periodic, task
from app.journal.public import record
from app.web.public import SHANGHAI

TASK = "instruments.tell_of_booking"
ENDED = "instruments.booking_ended"
TO_ANNOUNCE = text("SELECT booking_id, tenant_id, requester_tenant_id FROM booking_to_announce()")
SUBJECTS = {
    "requested": msg("「{name}」有新的预约待审批"),
    "approved": msg("「{name}」的预约已获批准"),
    "rejected": msg("「{name}」的预约未获批准"),
    "superseded": msg("「{name}」的时段已批给他人"),
    "expired": msg("「{name}」的预约逾期未批，已作废"),
}


async def tell(session: Session, kind: str, booking_id: UUID, *, tenant_id: str) -> None:
    """Have the other side told of what this transaction does; `tenant_id` is the province of those who are told."""
    await enqueue(session, TASK, {"kind": kind, "booking_id": str(booking_id), "tenant_id": tenant_id})


@task(TASK)
async def send(job: Job) -> None:
    """Find who is to be told, and queue the mails."""
    kind, booking_id = job.payload["kind"], UUID(job.payload["booking_id"])
    async with job.transaction() as db:
        booking: Booking | None = await db.scalar(select(Booking).where(Booking.id == booking_id))
        if booking is None:
            return
        people = await _deciders(db, booking) if kind == "requested" else [booking.requester_id]
        said = await _said(booking)
        subject = Message(SUBJECTS[kind].id, {"name": booking.instrument_name})
    await deliver(job, News(people, subject, said, f"/bookings/{booking_id}"))


async def _deciders(db: ReadSession, booking: Booking) -> Sequence[UUID]:
    """The instrument's stewards, or its organisation's managers where it has none; never the one who asks."""
    stewards = [steward.account_id for steward in await stewards_of(db, booking.instrument_id)]
    others = stewards or [*await managers_of(db, booking.owner_id)]
    return [person for person in others if person != booking.requester_id]


async def _said(booking: Booking) -> tuple[Message, ...]:
    when = f"{booking.starts_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return (msg("时段：{at} 起", at=when), msg("详情请登录后查看。"))


@periodic("* * * * *", "instruments.settle_due")
async def settle_due(job: Job) -> None:
    """End what time has ended, wherever nobody has looked since, and have each told once."""
    async with job.transaction() as db:
        await db.execute(text("SELECT booking_settle_due(NULL)"))
        for row in (await db.execute(TO_ANNOUNCE)).all():
            about = {"booking_id": str(row.booking_id), "tenant_id": row.tenant_id}
            await enqueue(db, ENDED, about | {"requester_tenant_id": row.requester_tenant_id})


@task(ENDED)
async def ended(job: Job) -> None:
    """Write a request's end into its province's journal, and have the requester told."""
    booking_id = UUID(job.payload["booking_id"])
    async with job.transaction() as db:
        after = {"status": "expired"}
        await record(
            db,
            "booking.expired",
            subject=("booking", booking_id),
            before={"status": "requested"},
            after=after,
        )
        await tell(db, "expired", booking_id, tenant_id=job.payload["requester_tenant_id"])
