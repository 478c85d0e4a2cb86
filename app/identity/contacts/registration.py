"""A person registers: asks, gets a link, confirms with the password; only then is there an account."""

from sqlalchemy import insert, select

from app.core.db import Session
from app.core.errors import Conflict, FieldError, Invalid, NotFound, TooManyRequests, on_violation
from app.core.i18n import msg
from app.identity import throttle
from app.identity.accounts import create_account
from app.identity.contacts import links, mails
from app.identity.contacts.addresses import canonical, is_taken
from app.identity.contacts.links import Asked
from app.identity.contacts.models import EmailAddress, MailedLink
from app.identity.contacts.strength import hash_chosen
from app.identity.local_path import HOME, leading
from app.identity.passwords import password_matches
from app.identity.sign_in import Transaction
from app.notify.public import queue
from app.settings import Settings
from app.tenancy.models import Province

OF_LINK = throttle.Limit(free=5, longest=900, first=60)


class AddressTaken(Conflict):
    """Told to its holder alone, who followed a link sent there."""

    code = "identity.address_taken"
    title = msg("这个邮箱已属于一个账号")


on_violation("uq_email_address_address", AddressTaken)


async def ask_to_register(
    transaction: Transaction,
    settings: Settings,
    asked: Asked,
    *,
    province: str,
    name: str,
    password: str,
    next_path: str = HOME,
) -> None:
    """Have a link sent to a new person, who goes on to `next_path` after signing in; the same work whether or not the address is known.

    Raises:
        Invalid: the province, the address or the password will not do.
        TooManyRequests: too many mails were asked for, to this address or from here.
    """
    address = canonical(asked.address)
    asked = Asked(address, asked.locale, asked.network_address)
    async with transaction() as session:
        if (
            await session.scalar(select(Province.code).where(Province.code == province, Province.member))
            is None
        ):
            raise Invalid(errors=[FieldError("province", "province_unknown", msg("请选择所在省份"))])
        wait = await links.admit(session, settings, "register", asked)
    links.refuse_early(wait)
    password_hash = await hash_chosen(password, settings, about=(name, address))
    async with transaction() as session:
        about = {"province": province, "display_name": name, "password_hash": password_hash}
        await links.ask(session, "register", address, asked.locale, next_path=next_path, **about)


async def send_registration(
    session: Session, settings: Settings, link: MailedLink, *, next_path: str
) -> None:
    """The job's part: a link to a new address, a word to the holder of a known one."""
    assert link.province is not None
    if await is_taken(session, link.address):
        await session.delete(link)
        mail = mails.has_account(link.address, link.locale, settings)  # type: ignore[arg-type] # a CHECK of the table
    else:
        url = leading(await links.issue(session, settings, link, account=None), next_path)
        mail = mails.confirm_registration(link.address, link.locale, url)  # type: ignore[arg-type] # as above
    await queue(session, mail, tenant_id=link.province)


async def confirm(transaction: Transaction, settings: Settings, *, token: str, password: str) -> str:
    """Open the account, for whoever holds the mailbox and knows the password; its province.

    Raises:
        NotFound: the link is not good, or no more.
        Invalid: it is another password.
        Conflict: the address has an account meanwhile.
        TooManyRequests: too many wrong passwords.
    """
    async with transaction() as session:
        waiting = await links.look(session, "register", token)
        key = throttle.key_of(settings, "link", waiting.id.hex)
        wait = await throttle.count(session, key, OF_LINK)
    if wait:
        raise TooManyRequests(headers={"Retry-After": str(wait)})
    if not await password_matches(password, waiting.password_hash):
        raise Invalid(errors=[FieldError("password", "wrong_password", msg("密码与注册时设置的不同"))])
    async with transaction() as session:
        link = await links.take(session, "register", token)
        if link.province is None or link.display_name is None:
            raise NotFound
        if await is_taken(session, link.address):
            raise AddressTaken
        account_id = await create_account(
            session,
            tenant_id=link.province,
            display_name=link.display_name,
            login_name=link.address,
            password_hash=link.password_hash,
        )
        await add_address(session, link.province, account_id, link.address)
    return str(link.province)


async def add_address(session: Session, tenant_id: str, account_id: object, address: str) -> None:
    """Note a confirmed address of an account that has none."""
    values = {"tenant_id": tenant_id, "account_id": account_id, "address": address}
    await session.execute(insert(EmailAddress).values(**values))
