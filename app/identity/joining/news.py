"""Mails about joining: an answer to whoever asked, a question to whoever decides."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy import select

from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.i18n import msg
from app.identity.appointments.queries import admins
from app.identity.contacts.news import News, deliver
from app.identity.joining import queries
from app.identity.joining.models import JoinRequest, OrganisationApplication, OrganisationInvitation
from app.jobs.public import Job, enqueue, task
from app.organisations.public import names

TASK = "identity.tell_of_joining"


async def tell(db: Session, kind: str, subject_id: UUID, *, tenant_id: str) -> None:
    """Have people told of what this transaction does: `kind` is one of `TELLERS`."""
    await enqueue(db, TASK, {"kind": kind, "subject_id": str(subject_id), "tenant_id": tenant_id})


async def _application(db: ReadSession, _tenant_id: str, subject_id: UUID) -> News | None:
    row = await db.scalar(select(OrganisationApplication).where(OrganisationApplication.id == subject_id))
    subjects = {
        "approved": msg("「{name}」的入驻申请已批准", name=row.name),
        "returned": msg("「{name}」的入驻申请需要补正", name=row.name),
        "rejected": msg("「{name}」的入驻申请已驳回", name=row.name),
    }
    if row.status not in subjects:
        return None  # corrected and handed in again before the mail was written
    last = (await db.scalars(queries.history(subject_id))).all()[-1]
    said = (msg("审核意见：{reason}", reason=last.reason),) if last.reason else ()
    path = f"/organisations/apply/{subject_id}"
    return News([row.account_id], subjects[row.status], (*said, msg("详情请登录后查看。")), path)


async def _submitted(db: ReadSession, tenant_id: str, subject_id: UUID) -> News | None:
    row = await db.scalar(select(OrganisationApplication).where(OrganisationApplication.id == subject_id))
    if row.status != "submitted":
        return None  # withdrawn or decided before the mail was written
    people = (await db.scalars(admins(tenant_id))).all()
    subject = msg("「{name}」的入驻申请等待审核", name=row.name)
    return News(people, subject, (msg("请登录后审核。"),), f"/organisation-applications/{subject_id}")


async def _asked(db: ReadSession, tenant_id: str, subject_id: UUID) -> News | None:
    row = await db.scalar(select(JoinRequest).where(JoinRequest.id == subject_id))
    people = (await db.scalars(queries.deciders(tenant_id, row.organisation_id))).all()
    name = await _name(db, tenant_id, row.organisation_id)
    path = f"/organisations/{row.organisation_id}/members"
    return News(people, msg("有人申请加入「{name}」", name=name), (msg("请登录后审核。"),), path)


async def _answered(db: ReadSession, tenant_id: str, subject_id: UUID) -> News | None:
    row = await db.scalar(select(JoinRequest).where(JoinRequest.id == subject_id))
    name = await _name(db, tenant_id, row.organisation_id)
    if row.status == "approved":
        subject = msg("您已成为「{name}」的成员", name=name)
    else:
        subject = msg("「{name}」谢绝了您的加入申请", name=name)
    said = (msg("理由：{reason}", reason=row.reason),) if row.reason else ()
    return News([row.account_id], subject, (*said, msg("详情请登录后查看。")), "/account")


async def _invited(db: ReadSession, tenant_id: str, subject_id: UUID) -> News | None:
    row = await db.scalar(select(OrganisationInvitation).where(OrganisationInvitation.id == subject_id))
    if row.status != "open" or row.account_id is None:
        return None
    name = await _name(db, tenant_id, row.organisation_id)
    subject = msg("「{name}」邀请您加入", name=name)
    return News([row.account_id], subject, (msg("请登录后在账户页答复，14 天内有效。"),), "/account")


Teller = Callable[[ReadSession, str, UUID], Awaitable[News | None]]
TELLERS: dict[str, Teller] = {
    "application_submitted": _submitted,
    "application_decided": _application,
    "join_requested": _asked,
    "join_request_decided": _answered,
    "invited": _invited,
}


@task(TASK)
async def send(job: Job) -> None:
    """Find who is to be told, then their addresses, and queue the mails."""
    tenant_id: str = job.payload["tenant_id"]
    async with job.transaction() as db:
        news = await TELLERS[job.payload["kind"]](db, tenant_id, UUID(job.payload["subject_id"]))
    if news is None:
        return
    await deliver(job, news)


async def _name(db: ReadSession, tenant_id: str, organisation_id: UUID) -> str:
    """Whom a mail is about, were the organisation hidden from all but its members."""
    province = Principal(tenant_id=tenant_id, roles=frozenset({Role.PROVINCE_ADMIN}))
    return (await names(db, province, [organisation_id]))[organisation_id]
