"""A person who forgot the password sets a new one, by a link to their confirmed address."""

from functools import partial
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update

from app.core.db import Session
from app.core.i18n import Locale, msg
from app.identity.contacts import links, mails, sms
from app.identity.contacts.addresses import canonical
from app.identity.contacts.links import Asked, LinkInvalid
from app.identity.contacts.models import EmailAddress, MailedLink
from app.identity.contacts.reach import write_to
from app.identity.contacts.strength import hash_chosen
from app.identity.models import (
    Account,
    BrowserSession,
    ExternalIdentity,
    IdentityProvider,
    LocalCredential,
)
from app.identity.provider.grants import revoke_grant
from app.identity.provider.models import OAuthGrant
from app.identity.sign_in import Transaction
from app.journal.public import record
from app.notify.public import queue
from app.settings import Settings


async def ask_to_recover(transaction: Transaction, settings: Settings, asked: Asked) -> None:
    """Have a link sent to the holder of an account; the same work whether or not there is one.

    Raises:
        Invalid: it is no address.
        TooManyRequests: too many mails were asked for, to this address or from here.
    """
    address = canonical(asked.address)
    async with transaction() as session:
        asked = Asked(address, asked.locale, asked.network_address)
        wait = await links.admit(session, settings, "recover", asked)
        if not wait:
            await links.ask(session, "recover", address, asked.locale)
    links.refuse_early(wait)


async def send_recovery(session: Session, settings: Settings, link: MailedLink) -> None:
    """The job's part: whose address it is, and how they sign in, decides what is sent, if anything."""
    locale: Locale = "en" if link.locale == "en" else "zh"
    found = await session.execute(
        select(Account, exists().where(LocalCredential.account_id == Account.id))
        .join(EmailAddress, EmailAddress.account_id == Account.id)
        .where(EmailAddress.address == link.address, Account.status == "active")
    )
    row = found.one_or_none()
    if row is None:
        await session.delete(link)
        return
    account: Account = row[0]
    if row[1]:
        url = await links.issue(session, settings, link, account=(account.tenant_id, account.id))
        mail = mails.recover(link.address, locale, url)
    else:
        names = await _providers(session, account.id, locale)
        mail = mails.signs_in_elsewhere(link.address, locale, msg("{name}", name=names), settings)
        await session.delete(link)
    await queue(session, mail, tenant_id=account.tenant_id)
    await record(
        session, "identity.recovery_asked", subject=("account", account.id), tenant_id=account.tenant_id
    )


async def _providers(session: Session, account_id: UUID, locale: Locale) -> str:
    """Where an account without a password of ours signs in."""
    name = IdentityProvider.name_en if locale == "en" else IdentityProvider.name_zh
    found = await session.scalars(
        select(name)
        .join(ExternalIdentity, ExternalIdentity.issuer == IdentityProvider.issuer)
        .where(
            ExternalIdentity.account_id == account_id,
            IdentityProvider.tenant_id == ExternalIdentity.tenant_id,
        )
        .distinct()
    )
    return " / ".join(sorted(found)) or msg("本省的身份提供方").text(locale)


async def recover(
    transaction: Transaction, settings: Settings, *, token: str, password: str, disconnect: bool
) -> str:
    """Set a new password, end every session and, where wished, what applications were allowed; the account's province.

    Second factors stay as they are.

    Raises:
        NotFound: the link is not good, or no more.
        Invalid: the password will not do.
    """
    async with transaction() as session:
        waiting = await links.look(session, "recover", token)
        names = await session.scalars(select(Account.display_name).where(Account.id == waiting.account_id))
        about = (waiting.address, *names)
    password_hash = await hash_chosen(password, settings, about=about)
    async with transaction() as session:
        link = await links.take(session, "recover", token)
        if link.account_id is None or link.province is None:
            raise LinkInvalid
        await set_password(session, link.province, link.account_id, password_hash)
        await end_sessions(session, link.account_id)
        if disconnect:
            await end_grants(session, link.account_id)
        await tell_of_password(session, settings, link.province, link.account_id)
    return str(link.province)


async def set_password(session: Session, tenant_id: str, account_id: UUID, password_hash: str) -> None:
    """Keep a new password; links to set another one end.

    Raises:
        LinkInvalid: the account has none of ours, or is not active any more.
    """
    active = select(Account.id).where(Account.id == account_id, Account.status == "active")
    changed = (
        update(LocalCredential)
        .where(LocalCredential.account_id == account_id, active.exists())
        .values(password_hash=password_hash, changed_at=func.clock_timestamp())
        .returning(LocalCredential.account_id)
    )
    if await session.scalar(changed) is None:
        raise LinkInvalid
    await links.forget(session, account_id, "recover")
    await record(session, "account.password_changed", subject=("account", account_id), tenant_id=tenant_id)


async def tell_of_password(session: Session, settings: Settings, tenant_id: str, account_id: UUID) -> None:
    """A mail and a text message to the holder, where there is an address or a number."""
    await sms.tell(session, tenant_id=tenant_id, account_id=account_id, what=sms.PASSWORD_CHANGED)
    mail = partial(mails.password_changed, settings=settings)
    await write_to(session, tenant_id=tenant_id, account_id=account_id, mail=mail)


async def end_sessions(session: Session, account_id: UUID, *, but: UUID | None = None) -> None:
    """Sign every browser of an account out, except the session `but`."""
    end = update(BrowserSession).where(
        BrowserSession.account_id == account_id,
        BrowserSession.revoked_at.is_(None),
        BrowserSession.id.is_distinct_from(but),
    )
    await session.execute(end.values(revoked_at=func.clock_timestamp()))


async def end_grants(session: Session, account_id: UUID) -> None:
    """End what applications may do for an account."""
    live = select(OAuthGrant.id).where(OAuthGrant.account_id == account_id, OAuthGrant.revoked_at.is_(None))
    for grant_id in await session.scalars(live.order_by(OAuthGrant.id)):
        await revoke_grant(session, grant_id, reason="person")


async def forget_expired(session: Session) -> None:
    """Delete links a day after their end."""
    over = MailedLink.expires_at < func.clock_timestamp() - func.make_interval(0, 0, 0, 1)
    await session.execute(delete(MailedLink).where(over))
