"""A person's mobile number: confirmed by a code sent there, then told what happens to the account, besides the mails.

It is no second factor, signs nobody in and recovers nothing: who talks a carrier into another SIM card has the number
too, which is why NIST SP 800-63B-4 (§3.1.3.3, §3.2.9) restricts codes by telephone as authenticators. A number may be
that of several accounts, as a laboratory's telephone is: nothing is looked up by it, so that nobody learns whose it is.

A code has 6 digits, lives 10 minutes and bears 5 tries; a new one takes its place. Asking is counted by account, by number
and by network address. The price of the count by number: a stranger who asks for it first has its holder wait, too.
"""

import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.limits.policies import counted_address
from app.access.principal import Principal
from app.core.crypto import derive
from app.core.db import Session
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.i18n import Locale, msg
from app.identity import throttle
from app.identity.contacts import links, mails, sms
from app.identity.contacts.models import MobileCode, MobileNumber
from app.identity.contacts.reach import write_to
from app.identity.sign_in import Transaction
from app.journal.public import record
from app.notify.public import MOBILE, queue_sms, takes_sms
from app.settings import Settings

TRIES = 5
DIGITS = 6
OF_CODES = throttle.Limit(free=2, first=60, longest=86400, idle=86400)
"""Codes for one account, and to one number: two, then after a minute, two, four …: a dozen in the first day."""
OF_NETWORK_ADDRESS = throttle.Limit(free=30, longest=3600, first=10)
_PUNCTUATION = re.compile(r"[\s().-]")
_MAINLAND = re.compile(r"1[3-9]\d{9}")


class NoSms(Conflict):
    """The operator has set up no gateway."""

    code = "identity.no_sms"
    title = msg("平台尚未开通短信")


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's mobile numbers, as its person is shown them."""

    number: str | None
    wanted: str | None
    """The one that waits for its code."""


def canonical(typed: str) -> str:
    """The number as E.164; without a prefix it is one of the mainland.

    Raises:
        Invalid: it is no mobile number.
    """
    number = _PUNCTUATION.sub("", unicodedata.normalize("NFKC", typed))
    number = re.sub(r"^00", "+", number)
    if _MAINLAND.fullmatch(number):
        number = f"+86{number}"
    if not re.fullmatch(MOBILE, number, re.ASCII):
        reason = msg("请输入完整的手机号，例如 13800138000；境外号码以 + 和国家代码开头")
        raise Invalid(errors=[FieldError("mobile", "mobile_malformed", reason)])
    return number


def shown(number: str) -> str:
    """The number with four digits hidden: +86138****8000."""
    return f"{number[:-8]}****{number[-4:]}"


async def standing(session: Session, account_id: UUID | None) -> Standing:
    """What an account has, and what waits."""
    number = await _number_of(session, account_id)
    waiting = select(MobileCode.number).where(
        MobileCode.account_id == account_id,
        MobileCode.expires_at > func.clock_timestamp(),
        MobileCode.tries < TRIES,
    )
    wanted = await session.scalar(waiting)
    return Standing(number and shown(number), wanted and shown(wanted))


async def ask(
    transaction: Transaction,
    settings: Settings,
    caller: Principal,
    *,
    typed: str,
    network_address: str,
    locale: Locale,
) -> None:
    """Have a code sent to a number; codes sent before are void.

    Raises:
        Invalid: it is no mobile number.
        NoSms: the platform sends no text messages.
        TooManyRequests: too many codes were asked for.
    """
    tenant_id, account_id = _owner(caller)
    number = canonical(typed)
    if not takes_sms(settings):
        raise NoSms
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    async with transaction() as session:
        wait = await _admit(session, settings, account_id, number, network_address)
        if not wait:
            values = {
                "number": number,
                "digest": _digest(settings, account_id, number, digits),
                "tries": 0,
                "expires_at": func.clock_timestamp() + sms.CODE_LASTS,
            }
            kept = upsert(MobileCode).values(tenant_id=tenant_id, account_id=account_id, **values)
            await session.execute(kept.on_conflict_do_update(index_elements=["account_id"], set_=values))
            await queue_sms(session, sms.code(number, locale, digits), tenant_id=tenant_id)
            await _note(session, caller, "account.mobile_asked", after={"mobile": number})
    links.refuse_early(wait)


async def _admit(
    session: Session, settings: Settings, account_id: UUID, number: str, network_address: str
) -> int:
    """Count a wish for a code; the seconds to wait when it comes too early, else 0."""
    from_here = throttle.key_of(settings, "sms-from", counted_address(network_address))
    of_account = throttle.key_of(settings, "sms-of", account_id.hex)
    to_number = throttle.key_of(settings, "sms-to", number)
    return (
        await throttle.count(session, from_here, OF_NETWORK_ADDRESS)
        or await throttle.count(session, of_account, OF_CODES)
        or await throttle.count(session, to_number, OF_CODES)
    )


def _digest(settings: Settings, account_id: UUID, number: str, digits: str) -> bytes:
    key = derive(settings.secret, "mobile-code")
    return hmac.digest(key, f"{account_id} {number} {digits}".encode(), "sha256")


async def confirm(transaction: Transaction, settings: Settings, caller: Principal, *, typed: str) -> None:
    """The number whose code was typed is the account's.

    Raises:
        Invalid: it is not the last code, it is over, or it was tried too often; which of these is not told.
    """
    async with transaction() as session:
        number = await _take(session, settings, caller, typed)
        if number is not None:
            await _keep(session, settings, caller, number)
    if number is None:
        reason = msg("验证码不正确或已过期，请核对，或重新获取")
        raise Invalid(errors=[FieldError("code", "mobile_code_invalid", reason)])


async def _take(session: Session, settings: Settings, caller: Principal, typed: str) -> str | None:
    """Count a try, which locks the row: of right codes at the same moment one finds it."""
    _, account_id = _owner(caller)
    mine = MobileCode.account_id == account_id
    live = (mine, MobileCode.expires_at > func.clock_timestamp(), MobileCode.tries < TRIES)
    tried = update(MobileCode).where(*live).values(tries=MobileCode.tries + 1)
    row = (await session.execute(tried.returning(MobileCode.number, MobileCode.digest))).one_or_none()
    if row is None:
        return None
    digits = "".join(c for c in unicodedata.normalize("NFKC", typed) if not c.isspace())
    if not hmac.compare_digest(row.digest, _digest(settings, account_id, row.number, digits)):
        return None
    await session.execute(delete(MobileCode).where(mine))
    return str(row.number)


async def _keep(session: Session, settings: Settings, caller: Principal, number: str) -> None:
    tenant_id, account_id = _owner(caller)
    before = await _number_of(session, account_id)
    if before not in {None, number}:
        await _tell_the_old_number(session, caller)
    values = {"number": number, "verified_at": func.clock_timestamp()}
    kept = upsert(MobileNumber).values(tenant_id=tenant_id, account_id=account_id, **values)
    await session.execute(kept.on_conflict_do_update(index_elements=["account_id"], set_=values))
    was = {"mobile": before} if before else None
    await _note(session, caller, "account.mobile_changed", before=was, after={"mobile": number})
    mail = partial(mails.mobile_changed, number=shown(number), settings=settings)
    await write_to(session, tenant_id=tenant_id, account_id=account_id, mail=mail)


async def remove(session: Session, settings: Settings, *, caller: Principal) -> None:
    """The account has no number any more; a code that waits is void. Runs in the sign-in context.

    Raises:
        NotFound: it has none.
    """
    tenant_id, account_id = _owner(caller)
    await session.execute(delete(MobileCode).where(MobileCode.account_id == account_id))
    await _tell_the_old_number(session, caller)
    gone = delete(MobileNumber).where(MobileNumber.account_id == account_id).returning(MobileNumber.number)
    number = await session.scalar(gone)
    if number is None:
        raise NotFound
    await _note(session, caller, "account.mobile_removed", before={"mobile": number})
    mail = partial(mails.mobile_removed, settings=settings)
    await write_to(session, tenant_id=tenant_id, account_id=account_id, mail=mail)


async def forget_expired(session: Session) -> None:
    """Delete codes that are over."""
    await session.execute(delete(MobileCode).where(MobileCode.expires_at < func.clock_timestamp()))


async def _number_of(session: Session, account_id: UUID | None) -> str | None:
    found: str | None = await session.scalar(
        select(MobileNumber.number).where(MobileNumber.account_id == account_id)
    )
    return found


async def _tell_the_old_number(session: Session, caller: Principal) -> None:
    tenant_id, account_id = _owner(caller)
    await sms.tell(session, tenant_id=tenant_id, account_id=account_id, what=sms.MOBILE_CHANGED)


def _owner(caller: Principal) -> tuple[str, UUID]:
    assert caller.tenant_id is not None
    assert caller.id is not None
    return caller.tenant_id, caller.id


async def _note(
    session: Session,
    caller: Principal,
    kind: str,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    tenant_id, account_id = _owner(caller)
    subject = ("account", account_id)
    await record(session, kind, subject=subject, tenant_id=tenant_id, before=before, after=after)
