"""What is done about addresses after the answer, or on a schedule."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy import select

from app.core.db import Session
from app.identity.contacts import closing, mobiles
from app.identity.contacts.links import TASK
from app.identity.contacts.models import MailedLink
from app.identity.contacts.recovery import forget_expired, send_recovery
from app.identity.contacts.registration import send_registration
from app.identity.contacts.security import send_change
from app.identity.context import sign_in_context
from app.identity.local_path import local_path
from app.jobs.public import Job, periodic, task
from app.settings import Settings

SENDERS: dict[str, Callable[[Session, Settings, MailedLink], Awaitable[None]]] = {
    "recover": send_recovery,
    "change": send_change,
}


@task(TASK)
async def send_link(job: Job) -> None:
    """Decide what an asked-for link becomes; mail and token are there together or not at all."""
    context = sign_in_context(job.settings, request_id=f"job-{job.id}")
    async with job.database.transaction(context.info()) as session:
        waiting = select(MailedLink).where(
            MailedLink.id == UUID(job.payload["link_id"]), MailedLink.digest.is_(None)
        )
        link = await session.scalar(waiting.with_for_update())
        if link is not None:
            if link.purpose == "register":
                await send_registration(
                    session, job.settings, link, next_path=local_path(job.payload.get("next"))
                )
            else:
                await SENDERS[link.purpose](session, job.settings, link)


@periodic("37 3 * * *", "identity.forget_links")
async def forget_links(job: Job) -> None:
    """Delete mailed links a day after their end, what a registration said with them; codes of mobile numbers at once."""
    async with job.database.transaction(sign_in_context(job.settings).info()) as session:
        await forget_expired(session)
        await mobiles.forget_expired(session)


@periodic("19 * * * *", "identity.close_accounts")
async def close_accounts(job: Job) -> None:
    """Close the accounts whose week is over."""
    for tenant_id, account_id in await closing.due(job.database, job.settings):
        await closing.close(job.database, job.settings, tenant_id, account_id)
