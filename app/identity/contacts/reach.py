"""Writing to the holder of an account: where they have an address, in the language they last signed in with."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select, update

from app.core.db import Session
from app.core.i18n import Locale
from app.identity.contacts.addresses import address_of
from app.identity.models import Account
from app.notify.public import Mail, queue


async def locale_of(session: Session, account_id: UUID | None) -> Locale:
    """The language an account is written to in."""
    kept = await session.scalar(select(Account.locale).where(Account.id == account_id))
    return "en" if kept == "en" else "zh"


async def keep_locale(session: Session, account_id: UUID, locale: Locale) -> None:
    """Write to an account in this language from now on. Runs in the sign-in context."""
    other = (Account.id == account_id, Account.locale != locale)
    await session.execute(update(Account).where(*other).values(locale=locale))


async def write_to(
    session: Session,
    *,
    tenant_id: str,
    account_id: UUID,
    mail: Callable[[str, Locale], Mail],
    mail_id: UUID | None = None,
) -> None:
    """Queue the mail that is made for an address and a language; `mail_id` as `queue` takes it. Runs in the sign-in context."""
    address = await address_of(session, account_id)
    if address is not None:
        made = mail(address, await locale_of(session, account_id))
        await queue(session, made, tenant_id=tenant_id, mail_id=mail_id)
