"""Mails about applications: to the province's admins that one waits, to its developer what they decided."""

from typing import Literal
from uuid import UUID

from sqlalchemy import select

from app.core.db import Session
from app.core.i18n import msg
from app.identity.appointments import queries
from app.identity.contacts.news import News, deliver
from app.identity.provider.models import OAuthClient
from app.jobs.public import Job, enqueue, task

TASK = "identity.tell_of_application"
Kind = Literal["approved", "refused", "disabled", "enabled"]


async def tell(db: Session, client: OAuthClient, kind: Kind, *, by: UUID | None) -> None:
    """Have the developer told of what this transaction does; of their own deeds nobody is."""
    if client.owner_id not in {None, by}:
        about = {"kind": kind, "application_id": str(client.id), "tenant_id": client.tenant_id}
        await enqueue(db, TASK, about)


async def ask(db: Session, client: OAuthClient) -> None:
    """Have the province's admins told that this transaction makes an application wait for them."""
    about = {"kind": "waiting", "application_id": str(client.id), "tenant_id": client.tenant_id}
    await enqueue(db, TASK, about)


@task(TASK)
async def send(job: Job) -> None:
    """Find the developer or the admins, and queue the mails."""
    kind, application_id = job.payload["kind"], UUID(job.payload["application_id"])
    wanted = select(OAuthClient.owner_id, OAuthClient.name, OAuthClient.review_reason)
    async with job.transaction() as db:
        found = (await db.execute(wanted.where(OAuthClient.id == application_id))).one()
        admins = (await db.scalars(queries.admins(job.payload["tenant_id"]))).all()
    if kind == "waiting":
        subject = msg("应用「{name}」等待审核", name=found.name)
        await deliver(job, News(admins, subject, (msg("请登录后审核。"),), f"/applications/{application_id}"))
        return
    subjects = {
        "approved": msg("您的应用「{name}」已获批准", name=found.name),
        "refused": msg("您的应用「{name}」未获批准", name=found.name),
        "disabled": msg("您的应用「{name}」已被停用", name=found.name),
        "enabled": msg("您的应用「{name}」已恢复使用", name=found.name),
    }
    reason = found.review_reason if kind == "refused" else None
    said = (msg("审核意见：{reason}", reason=reason),) if reason else ()
    path = f"/developer/applications/{application_id}"
    await deliver(job, News([found.owner_id], subjects[kind], (*said, msg("详情请登录后查看。")), path))
