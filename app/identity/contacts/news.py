"""Mails that tell people of what others decided; the page they lead to tells the rest.

The addresses of people are their own, so that a job looks them up in the sign-in context, which alone sees them; who has
none reads the news on their pages. A job carries ids only.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.core.i18n import Message
from app.identity.contacts.models import EmailAddress
from app.identity.context import sign_in_context
from app.identity.models import Account
from app.jobs.public import Job
from app.notify.public import Mail, queue


@dataclass(frozen=True, slots=True)
class News:
    """What is said to whom, and where it is read on."""

    people: Collection[UUID]
    subject: Message
    paragraphs: tuple[Message, ...]
    path: str


async def deliver(job: Job, news: News, *, statuses: Sequence[str] = ("active",)) -> None:
    """Queue the mails to those of the people who have an address, and an account in one of these states."""
    tenant_id: str = job.payload["tenant_id"]
    context = sign_in_context(job.settings, tenant_id=tenant_id, request_id=f"job-{job.id}")
    async with job.database.transaction(context.info()) as session:
        found = select(EmailAddress.address).join(Account, Account.id == EmailAddress.account_id)
        wanted = found.where(Account.id.in_(news.people), Account.status.in_(statuses))
        link = f"{job.settings.base_url.rstrip('/')}{news.path}"
        for address in (await session.scalars(wanted)).all():
            mail = Mail(to=address, subject=news.subject, paragraphs=news.paragraphs, link=link)
            await queue(session, mail, tenant_id=tenant_id)
