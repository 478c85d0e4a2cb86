"""Mails about qualifications: to whoever decides, to the holder, and before the last day.

A job carries ids; it reads in the province of those it writes to, and finds their addresses where alone they are seen.
"""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Date, and_, cast, func, or_, select, update

from app.core.db import ReadSession, Session
from app.core.i18n import msg, named
from app.identity import public as identity
from app.identity.public import News
from app.instruments.qualifications import standing
from app.instruments.qualifications.models import (
    Qualification,
    QualificationRequest,
    QualificationRequirement,
)
from app.instruments.rules.qualified import REMINDERS, WORDS, reminder_due
from app.jobs.public import Job, enqueue, periodic, task
from app.journal.public import provinces
from app.tenancy.context import TenantContext

TASK = "instruments.tell_of_qualification"
MINE = "/qualifications"


async def tell(db: Session, kind: str, subject_id: UUID, *, tenant_id: str) -> None:
    """Have people of a province told of what this transaction does: `kind` is one of `TELLERS`."""
    await enqueue(db, TASK, {"kind": kind, "subject_id": str(subject_id), "tenant_id": tenant_id})


async def _asked(db: ReadSession, request_id: UUID) -> News | None:
    row = await db.scalar(select(QualificationRequest).where(QualificationRequest.id == request_id))
    if row.status != "open":
        return None  # withdrawn, or decided, before the mail was written
    people = set(await db.scalars(identity.deciders(row.tenant_id, row.organisation_id)))
    instruments = select(QualificationRequirement.instrument_id).where(
        QualificationRequirement.type_id == row.type_id
    )
    for instrument_id in (await db.scalars(instruments)).all():
        people |= {steward.account_id for steward in await identity.stewards_of(db, instrument_id)}
    name = named(row.type_name, row.type_name_en)
    path = f"/qualifications/requests/{request_id}"
    subject = msg("有人申请「{name}」资格", name=name)
    return News(people - {row.holder_id}, subject, (msg("请登录后审核。"),), path)


async def _decided(db: ReadSession, request_id: UUID) -> News:
    row = await db.scalar(select(QualificationRequest).where(QualificationRequest.id == request_id))
    name = named(row.type_name, row.type_name_en)
    said = (msg("理由：{reason}", reason=row.reason),) if row.reason else ()
    subject = msg("您的「{name}」资格申请有了结果", name=name)
    path = f"/qualifications/requests/{request_id}"
    return News([row.holder_id], subject, (*said, msg("详情请登录后查看。")), path)


async def _granted(db: ReadSession, qualification_id: UUID) -> News:
    row = await _row(db, qualification_id)
    name, level = named(row.type_name, row.type_name_en), WORDS[row.level]
    subject = msg("您已获得「{name}」资格：{level}", name=name, level=level)
    until = msg("有效期至 {day}。", day=row.valid_to.isoformat()) if row.valid_to else msg("长期有效。")
    return News([row.holder_id], subject, (until, msg("详情请登录后查看。")), f"{MINE}/{qualification_id}")


async def _changed(db: ReadSession, qualification_id: UUID) -> News:
    """One of its steps; its reason, and how many bookings it keeps from being begun."""
    row = await _row(db, qualification_id)
    name = named(row.type_name, row.type_name_en)
    subject = {
        "active": msg("您的「{name}」资格已恢复", name=name),
        "suspended": msg("您的「{name}」资格已被暂停", name=name),
        "revoked": msg("您的「{name}」资格已被撤销", name=name),
    }[row.status]
    said = [msg("理由：{reason}", reason=row.status_reason)] if row.status_reason else []
    affected = len(await standing.bookings_affected(db, person_id=row.holder_id))
    if row.status != "active" and affected:
        said.append(msg("您有 {count} 个预约因此不能上机，请取消或改由同事操作。", count=affected))
    paragraphs = (*said, msg("详情请登录后查看。"))
    return News([row.holder_id], subject, paragraphs, f"{MINE}/{qualification_id}")


async def _expiring(db: ReadSession, qualification_id: UUID) -> News:
    row = await _row(db, qualification_id)
    name, day = named(row.type_name, row.type_name_en), str(row.valid_to)
    subject = msg("您的「{name}」资格将于 {day} 到期", name=name, day=day)
    said = [msg("请在到期前申请续期；到期后的预约不能上机。")]
    affected = len(await standing.bookings_affected(db, person_id=row.holder_id))
    if affected:
        said.append(msg("您有 {count} 个预约在到期之后。", count=affected))
    return News([row.holder_id], subject, tuple(said), f"{MINE}/{qualification_id}")


async def _row(db: ReadSession, qualification_id: UUID) -> Qualification:
    row: Qualification = (
        await db.scalars(select(Qualification).where(Qualification.id == qualification_id))
    ).one()
    return row


Teller = Callable[[ReadSession, UUID], Awaitable[News | None]]
TELLERS: dict[str, Teller] = {
    "asked": _asked,
    "decided": _decided,
    "granted": _granted,
    "suspend": _changed,
    "reinstate": _changed,
    "revoke": _changed,
    "expiring": _expiring,
}


@task(TASK)
async def send(job: Job) -> None:
    """Find what is to be said to whom, then their addresses, and queue the mails."""
    async with job.transaction() as db:
        news = await TELLERS[job.payload["kind"]](db, UUID(job.payload["subject_id"]))
    if news is not None:
        await identity.deliver(job, news)


@periodic("17 1 * * *", "instruments.remind_of_qualifications")
async def remind(job: Job) -> None:
    """Every morning, 09:17 in Shanghai: tell the holders whose last day is 30 or 7 days off, once each.

    What was told of is noted on the row in the transaction that puts the mail's job in the queue, so that a run that is
    late, doubled or broken off tells nobody twice and forgets nobody; a late run sends the nearer of two that are due.
    """
    for province in await provinces(job.database):
        context = TenantContext(province, request_id=f"job-{job.id}")
        async with job.database.transaction(context.info()) as db:
            await _remind(db, province)


async def _remind(db: Session, province: str) -> None:
    row = Qualification
    today: date = (
        await db.scalars(select(cast(func.timezone("Asia/Shanghai", func.clock_timestamp()), Date)))
    ).one()
    nearest = today + timedelta(days=min(REMINDERS))
    due = (
        select(row.id, row.valid_to, row.holder_tenant_id)
        .where(
            row.tenant_id == province,
            row.status == "active",
            row.valid_to >= today,
            row.valid_to <= today + timedelta(days=max(REMINDERS)),
            or_(
                row.reminded_days.is_(None),
                and_(row.reminded_days > min(REMINDERS), row.valid_to <= nearest),
            ),
        )
        .order_by(row.id)
        .with_for_update(skip_locked=True)
    )
    for found in (await db.execute(due)).all():
        days = reminder_due(found.valid_to, today)
        await db.execute(update(row).where(row.id == found.id).values(reminded_days=days))
        await tell(db, "expiring", found.id, tenant_id=found.holder_tenant_id)
