"""Mails that tell people of what others decided; the page they lead to tells the rest.

The addresses of people are their own, so that a job looks them up in the sign-in context, which alone sees them; who has
none reads the news on their pages. A job carries ids only.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from sqlalchemy import select

from app.core.i18n import Locale, Message
from app.identity.contacts.reach import write_to
from app.identity.context import sign_in_context
from app.identity.models import Account
from app.jobs.public import Job
from app.notify.public import Mail

MAILS = UUID("6a1f8e9c-52d1-4b7e-9a45-0c8d3f6b2e71")
"""The namespace of the ids that a job and an account make (RFC 9562 §5.5)."""


@dataclass(frozen=True, slots=True)
class News:
    """What is said to whom, and where it is read on."""

    people: Collection[UUID]
    subject: Message
    paragraphs: tuple[Message, ...]
    path: str


async def deliver(job: Job, news: News, *, statuses: Sequence[str] = ("active",)) -> None:
    """Queue the mails to those of the people who have an address, and an account in one of these states.

    A job that is run twice, after a crash, queues each of them once.
    """
    tenant_id: str = job.payload["tenant_id"]
    context = sign_in_context(job.settings, tenant_id=tenant_id, request_id=f"job-{job.id}")

    def mail(to: str, locale: Locale) -> Mail:
        link = f"{job.settings.base_url.rstrip('/')}{news.path}"
        return Mail(to, news.subject, news.paragraphs, link=link, locale=locale)

    async with job.database.transaction(context.info()) as session:
        reached = select(Account.id).where(Account.id.in_(news.people), Account.status.in_(statuses))
        for account_id in (await session.scalars(reached)).all():
            mail_id = uuid5(MAILS, f"{job.id} {account_id}")
            await write_to(session, tenant_id=tenant_id, account_id=account_id, mail=mail, mail_id=mail_id)
