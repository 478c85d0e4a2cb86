"""Mails about offices: to whoever got, lent or lost one, and to admins who decide or must know. They name nobody; the page does."""

from collections.abc import Iterable
from uuid import UUID

from app.core.db import Session
from app.core.i18n import Message, msg
from app.identity.contacts.news import News, deliver
from app.jobs.public import Job, enqueue, task

TASK = "identity.tell_of_offices"
KINDS: dict[str, tuple[Message, Message, str]] = {
    "appointed": (msg("您在本省有了新的角色"), msg("详情请登录后查看。"), "/account"),
    "dismissed": (msg("您在本省的一个角色已被免去"), msg("详情请登录后查看。"), "/account"),
    "proposed": (
        msg("一份任命提议等待您决定"),
        msg("14 天内没有人批准，提议就会失效。"),
        "/appointments",
    ),
    "decided": (msg("您的任命提议有了结果"), msg("详情请登录后查看。"), "/appointments"),
    "lent": (
        msg("有同事委托您代理其角色"),
        msg("在代理页可以看到期限，也可以辞去。"),
        "/account/delegations",
    ),
    "loan_ended": (msg("一项代理已提前结束"), msg("详情请登录后查看。"), "/account/delegations"),
    "suspended": (msg("您的账号已被停用"), msg("如有疑问，请联系本省的省级管理员。"), "/"),
    "provider_changed": (
        msg("本省的登录方式有变动"),
        msg("另一位省级管理员新增、更改、启用、停用或删除了身份提供方。如果您不知情，请立即核对。"),
        "/identity-providers",
    ),
    "reactivated": (msg("您的账号已恢复"), msg("现在可以重新登录。"), "/sign-in"),
}
"""What is said, and where it is read on."""


async def tell(db: Session, kind: str, people: Iterable[UUID | None], *, tenant_id: str | None) -> None:
    """Have people told of what this transaction does: `kind` is one of `KINDS`."""
    if ids := sorted({str(one) for one in people if one is not None}):
        await enqueue(db, TASK, {"kind": kind, "people": ids, "tenant_id": tenant_id})


@task(TASK)
async def send(job: Job) -> None:
    """Find their addresses, and queue the mails."""
    subject, paragraph, path = KINDS[job.payload["kind"]]
    people = [UUID(one) for one in job.payload["people"]]
    await deliver(job, News(people, subject, (paragraph,), path), statuses=("active", "suspended"))
