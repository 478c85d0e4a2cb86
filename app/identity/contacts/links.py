"""Mailed links: asked for, sent, looked at, and taken once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from app.access.limits.policies import counted_address
from app.core.crypto import new_token, token_digest
from app.core.db import Session
from app.core.errors import NotFound, TooManyRequests
from app.core.i18n import Locale, msg
from app.identity import throttle
from app.identity.contacts.models import MailedLink
from app.identity.local_path import HOME
from app.identity.throttle import Limit
from app.jobs.public import enqueue
from app.settings import Settings

Purpose = Literal["register", "recover", "change", "undo"]
TASK = "identity.send_link"
LIFETIMES: dict[Purpose, timedelta] = {
    "register": timedelta(hours=24),
    "recover": timedelta(minutes=30),
    "change": timedelta(hours=24),
    "undo": timedelta(days=7),
}
PATHS: dict[Purpose, str] = {
    "register": "/register/confirm",
    "recover": "/recover/set",
    "change": "/confirm-email",
    "undo": "/keep-email",
}
OF_MAILBOX = Limit(free=2, longest=3600, first=300)
"""Mails of one purpose that strangers can have sent to one address: two, then after five minutes, ten, twenty …"""
OF_ASKING_ADDRESS = Limit(free=30, longest=60)
LONGEST_TOKEN = 100


class LinkInvalid(NotFound):
    """The same for a link that never was, was used, is over, or is for something else."""

    code = "identity.link_invalid"
    title = msg("链接无效或已过期")
    advice = msg(
        "它可能已经用过，或超过了有效期。账号已经开通的，可以直接登录；否则请重新注册，或重新找回账号。"
    )
    ways_on = (
        (msg("登录"), "/sign-in"),
        (msg("注册账号"), "/register"),
        (msg("找回账号"), "/recover"),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a mail, and for what."""

    address: str
    locale: Locale
    network_address: str


async def admit(session: Session, settings: Settings, purpose: Purpose, asked: Asked) -> int:
    """Count a request for a mail from outside; the seconds to wait when it comes too early, else 0.

    Each purpose has its count: who asks to register with somebody's address must not keep them from recovering.
    """
    here = throttle.key_of(settings, "mail-from", counted_address(asked.network_address))
    there = throttle.key_of(settings, "mail-to", f"{purpose} {asked.address}")
    return await throttle.count(session, here, OF_ASKING_ADDRESS) or await throttle.count(
        session, there, OF_MAILBOX
    )


def refuse_early(wait: int) -> None:
    """Go on, or tell how long to wait.

    Raises:
        TooManyRequests: it comes too early.
    """
    if wait:
        raise TooManyRequests(headers={"Retry-After": str(wait)})


async def ask(
    session: Session,
    purpose: Purpose,
    address: str,
    locale: Locale,
    *,
    next_path: str = HOME,
    **about: object,
) -> None:
    """Have a link sent; what it is about is decided when it is, away from who asked. `next_path` is where it leads on."""
    values = {"purpose": purpose, "address": address, "locale": locale, **about}
    made = insert(MailedLink).values(**values, expires_at=func.clock_timestamp() + LIFETIMES[purpose])
    link_id = (await session.scalars(made.returning(MailedLink.id))).one()
    await enqueue(session, TASK, {"link_id": link_id, "next": next_path})


async def issue(
    session: Session, settings: Settings, link: MailedLink, *, account: tuple[str, UUID] | None
) -> str:
    """Give a link its token and, where that is known now, its account; the address to be sent."""
    token = new_token()
    province, account_id = account or (link.province, None)
    values = {"digest": token_digest(token), "province": province, "account_id": account_id}
    lasts = func.clock_timestamp() + LIFETIMES[link.purpose]  # type: ignore[index] # a CHECK of the table
    await session.execute(
        update(MailedLink).where(MailedLink.id == link.id).values(**values, expires_at=lasts)
    )
    return url(settings, link.purpose, token)  # type: ignore[arg-type] # as above


def url(settings: Settings, purpose: Purpose, token: str) -> str:
    """The link of a mail: below BASE_URL, whatever host a request named."""
    return f"{settings.base_url.rstrip('/')}{PATHS[purpose]}/{token}"


async def look(session: Session, purpose: Purpose, token: str) -> MailedLink:
    """A live link, still to be taken.

    Raises:
        LinkInvalid: there is none.
    """
    found: MailedLink | None = await session.scalar(select(MailedLink).where(*_live(purpose, token)))
    if found is None:
        raise LinkInvalid
    return found


async def take(session: Session, purpose: Purpose, token: str) -> MailedLink:
    """Use a link up; of two at once one gets it.

    Raises:
        LinkInvalid: there is none.
    """
    taken = delete(MailedLink).where(*_live(purpose, token)).returning(MailedLink)
    found: MailedLink | None = await session.scalar(taken)
    if found is None:
        raise LinkInvalid
    return found


def _live(purpose: Purpose, token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        MailedLink.digest == token_digest(token[:LONGEST_TOKEN]),
        MailedLink.purpose == purpose,
        MailedLink.expires_at > func.clock_timestamp(),
    )


async def forget(session: Session, account_id: UUID, *purposes: Purpose) -> None:
    """End the links of an account."""
    mine = (MailedLink.account_id == account_id, MailedLink.purpose.in_(purposes))
    await session.execute(delete(MailedLink).where(*mine))
