"""E-mail addresses: one spelling each, and whose they are."""

from uuid import UUID

import idna
from sqlalchemy import func, or_, select

from app.core.db import Session
from app.core.errors import FieldError, Invalid
from app.core.i18n import msg
from app.identity.contacts.models import EmailAddress, MailedLink
from app.identity.models import LocalCredential
from app.notify.public import ADDRESS

LONGEST = 254
"""RFC 5321 §4.5.3.1.3, without the angle brackets."""


def canonical(typed: str) -> str:
    """The one spelling of an address: small letters, and the domain as the DNS has it (UTS #46, which is NFKC too).

    A local part beyond ASCII is refused: hardly a mailbox has one, and letters that look alike would.

    Raises:
        Invalid: it is no address.
    """
    local, _, domain = typed.strip().rpartition("@")
    try:
        address = f"{local}@{idna.encode(domain, uts46=True, std3_rules=True).decode()}".lower()
    except (idna.IDNAError, UnicodeError):
        address = ""
    if len(address) > LONGEST or not ADDRESS.fullmatch(address):
        reason = msg("请输入完整的邮箱地址，例如 name@example.com")
        raise Invalid(errors=[FieldError("email", "email_malformed", reason)])
    return address


def sign_in_name(typed: str) -> str:
    """What was typed as a sign-in name: an address in its one spelling, anything else in small letters."""
    name = typed.strip().lower()[:LONGEST].replace("\0", "\ufffd")
    try:
        return canonical(name)
    except Invalid:
        return name


async def is_taken(session: Session, address: str, *, but_of: UUID | None = None) -> bool:
    """Whether an address belongs to somebody else: confirmed, a login name, or theirs again if they undo its change."""
    undoable = select(MailedLink.id).where(
        MailedLink.address == address,
        MailedLink.purpose == "undo",
        MailedLink.expires_at > func.clock_timestamp(),
        MailedLink.account_id.is_distinct_from(but_of),
    )
    confirmed = select(EmailAddress.account_id).where(
        EmailAddress.address == address, EmailAddress.account_id.is_distinct_from(but_of)
    )
    named = select(LocalCredential.account_id).where(
        LocalCredential.login_name == address, LocalCredential.account_id.is_distinct_from(but_of)
    )
    return bool(await session.scalar(select(or_(confirmed.exists(), named.exists(), undoable.exists()))))


async def address_of(session: Session, account_id: UUID | None) -> str | None:
    """The confirmed address of an account."""
    found: str | None = await session.scalar(
        select(EmailAddress.address).where(EmailAddress.account_id == account_id)
    )
    return found
