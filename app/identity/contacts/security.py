"""What a signed-in person changes about signing in: the password, and the address."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.principal import Principal
from app.core.crypto import new_token, token_digest
from app.core.db import Session
from app.core.errors import FieldError, Invalid, TooManyRequests
from app.core.i18n import Locale, Message, msg
from app.identity import throttle
from app.identity.contacts import links, mails, sms
from app.identity.contacts.addresses import address_of, canonical, is_taken
from app.identity.contacts.links import LIFETIMES, Asked
from app.identity.contacts.models import EmailAddress, MailedLink
from app.identity.contacts.recovery import end_grants, end_sessions, set_password, tell_of_password
from app.identity.contacts.registration import AddressTaken
from app.identity.contacts.strength import hash_chosen
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.models import LocalCredential
from app.identity.passwords import password_matches
from app.identity.sign_in import Transaction
from app.journal.public import record
from app.notify.public import queue
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class SignInWays:
    """How a person signs in, as they are shown it."""

    login_name: str | None
    address: str | None
    wanted: str | None
    """The address that waits for its confirmation."""


async def ways(session: Session, account_id: UUID | None) -> SignInWays:
    """The sign-in name and the address of an account."""
    name = await session.scalar(
        select(LocalCredential.login_name).where(LocalCredential.account_id == account_id)
    )
    wanted = await session.scalar(
        select(MailedLink.address)
        .where(
            MailedLink.account_id == account_id,
            MailedLink.purpose == "change",
            MailedLink.expires_at > func.clock_timestamp(),
        )
        .order_by(MailedLink.id.desc())
        .limit(1)
    )
    return SignInWays(name, await address_of(session, account_id), wanted)


async def ensure_recognisable(session: Session, caller: Principal) -> None:
    """Before the form of what `recognise` guards: nothing typed there is lost to being asked.

    Raises:
        ReauthenticationRequired: the account has no password, and its person signed in too long ago.
    """
    if (await ways(session, caller.id)).login_name is None:
        await ensure_recently_authenticated(session, caller=caller)


async def recognise(
    transaction: Transaction,
    settings: Settings,
    caller: Principal,
    *,
    password: str | None,
    network_address: str,
    field: str,
) -> None:
    """Ask the person at the browser for the password again (ASVS 5.0 V7.5.1); who has none must have signed in of late.

    Raises:
        ReauthenticationRequired: the account has no password, and its person signed in too long ago.
        Invalid: it is wrong.
        TooManyRequests: it was wrong too often, here or where people sign in.
    """
    async with transaction() as session:
        known = await session.scalar(select(LocalCredential).where(LocalCredential.account_id == caller.id))
        if known is None:
            await ensure_recently_authenticated(session, caller=caller)
            return
        keys = throttle.Keys.of(settings, known.login_name, network_address)
        wait = await throttle.admit(session, keys, at_home=True)
    if wait:
        raise TooManyRequests(headers={"Retry-After": str(wait)})
    if not await password_matches(password or "", known.password_hash):
        async with transaction() as session:
            subject = ("account", known.account_id)
            await record(session, "identity.sign_in_failed", subject=subject, tenant_id=known.tenant_id)
        raise Invalid(errors=[FieldError(field, "wrong_password", msg("密码不正确"))])
    async with transaction() as session:
        # Not from the count of the name elsewhere, which `admit` did not raise here.
        await throttle.forgive_here(session, keys)


async def change_password(
    transaction: Transaction,
    settings: Settings,
    caller: Principal,
    *,
    password: str,
    disconnect: bool,
) -> None:
    """Keep a new password and end the person's other sessions; `disconnect` ends what applications may do, too.

    Raises:
        Invalid: the password will not do.
        NotFound: the account has no password of ours.
    """
    assert caller.id is not None
    assert caller.tenant_id is not None
    async with transaction() as session:
        known = await ways(session, caller.id)
    about = [text for text in (caller.name, known.login_name, known.address) if text]
    password_hash = await hash_chosen(password, settings, about=about, field="new_password")
    async with transaction() as session:
        await set_password(session, caller.tenant_id, caller.id, password_hash)
        await end_sessions(session, caller.id, but=caller.session_id)
        if disconnect:
            await end_grants(session, caller.id)
        await tell_of_password(session, settings, caller.tenant_id, caller.id)


async def ask_to_change_address(
    transaction: Transaction, settings: Settings, caller: Principal, asked: Asked
) -> None:
    """Have a link sent to the new address, and to the old one a link that stops it.

    Raises:
        Invalid: it is no address.
        TooManyRequests: too many mails were asked for.
    """
    assert caller.id is not None
    address = canonical(asked.address)
    async with transaction() as session:
        asked = Asked(address, asked.locale, asked.network_address)
        wait = await links.admit(session, settings, "change", asked)
        if not wait:
            await links.forget(session, caller.id, "change")
            await links.ask(
                session, "change", address, asked.locale, province=caller.tenant_id, account_id=caller.id
            )
            await record(
                session,
                "account.email_change_asked",
                subject=("account", caller.id),
                tenant_id=caller.tenant_id,
            )
    links.refuse_early(wait)


async def send_change(session: Session, settings: Settings, link: MailedLink) -> None:
    """The job's part: nothing is asked of an address that is another person's; they are told."""
    assert link.province is not None
    assert link.account_id is not None
    locale: Locale = "en" if link.locale == "en" else "zh"
    if await is_taken(session, link.address, but_of=link.account_id):
        mail = mails.has_account(link.address, locale, settings)
        await session.delete(link)
        await queue(session, mail, tenant_id=link.province)
        return
    url = await links.issue(session, settings, link, account=(link.province, link.account_id))
    await queue(session, mails.confirm_change(link.address, locale, url), tenant_id=link.province)
    old = await address_of(session, link.account_id)
    if old is not None and old != link.address:
        undo = await _undo_link(session, settings, link, old)
        await queue(session, mails.undo_change(old, locale, undo), tenant_id=link.province)
    what = sms.EMAIL_CHANGE_ASKED
    await sms.tell(session, tenant_id=link.province, account_id=link.account_id, what=what)


async def _undo_link(session: Session, settings: Settings, link: MailedLink, old: str) -> str:
    token = new_token()
    values = {
        "purpose": "undo",
        "digest": token_digest(token),
        "address": old,
        "locale": link.locale,
        "province": link.province,
        "account_id": link.account_id,
        "expires_at": func.clock_timestamp() + LIFETIMES["undo"],
    }
    await session.execute(upsert(MailedLink).values(**values))
    return links.url(settings, "undo", token)


async def confirm_address(session: Session, token: str) -> None:
    """The new address is the account's.

    Raises:
        NotFound: the link is not good, or no more.
        Conflict: the address became somebody else's.
    """
    link = await links.take(session, "change", token)
    await _move(session, link, "account.email_changed", sms.EMAIL_CHANGED)


async def keep_address(session: Session, token: str) -> None:
    """The account keeps, or gets back, the address the link was sent to, and every session ends.

    What was asked for after it is void: whoever took the account over could else undo the undoing.

    Raises:
        NotFound: the link is not good, or no more.
    """
    link = await links.take(session, "undo", token)
    assert link.account_id is not None
    await session.execute(
        delete(MailedLink).where(MailedLink.account_id == link.account_id, MailedLink.id > link.id)
    )
    await links.forget(session, link.account_id, "change", "recover")
    await _move(session, link, "account.email_kept", sms.EMAIL_KEPT)
    await end_sessions(session, link.account_id)
    await end_grants(session, link.account_id)


async def _move(session: Session, link: MailedLink, kind: str, what: Message) -> None:
    """Give an account the address of a link; a sign-in name that is its address goes along. `what`: as is told by text message."""
    assert link.account_id is not None
    assert link.province is not None
    if await is_taken(session, link.address, but_of=link.account_id):
        raise AddressTaken
    before = await address_of(session, link.account_id)
    values = {"tenant_id": link.province, "account_id": link.account_id, "address": link.address}
    kept = upsert(EmailAddress).values(**values)
    changed = {"address": link.address, "verified_at": func.clock_timestamp()}
    await session.execute(kept.on_conflict_do_update(index_elements=["account_id"], set_=changed))
    named = update(LocalCredential).where(
        LocalCredential.account_id == link.account_id, LocalCredential.login_name == before
    )
    await session.execute(named.values(login_name=link.address))
    subject = ("account", link.account_id)
    await record(session, kind, subject=subject, tenant_id=link.province)
    await sms.tell(session, tenant_id=link.province, account_id=link.account_id, what=what)
