"""What features use to write to people."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.core.db import ReadSession, Session
from app.core.i18n import Locale, Message, msg
from app.jobs.public import enqueue
from app.notify import sms
from app.notify.message import PLATFORM
from app.notify.models import MOBILE, OutgoingMail, OutgoingSms
from app.notify.senders import folder_of
from app.settings import Settings

__all__ = [
    "ADDRESS",
    "MOBILE",
    "Mail",
    "Sms",
    "kept_in",
    "numbers",
    "queue",
    "queue_sms",
    "sms_kept_in",
    "sms_numbers",
    "takes_sms",
]

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
"""What browsers take for an address (HTML Living Standard, "e-mail state"); the domain has a dot."""
OPEN = msg("打开链接")
TASK = "notify.send_mail"
SMS_TASK = "notify.send_sms"
# Inline: the id is not asked back, for nobody who writes a mail may read it.
INSERT = insert(OutgoingMail.__table__).inline()  # type: ignore[arg-type] # a table, which the mapper types as more
INSERT_ONCE = upsert(OutgoingMail.__table__).inline().on_conflict_do_nothing()  # type: ignore[arg-type] # the same

INSERT_SMS = insert(OutgoingSms.__table__).inline()  # type: ignore[arg-type] # as above


@dataclass(frozen=True, slots=True)
class Mail:
    """What is to be said to whom. A link is made of BASE_URL, never of what a request said its host was."""

    to: str
    subject: Message
    paragraphs: tuple[Message, ...]
    link: str | None = None
    action: Message = OPEN
    locale: Locale = "zh"


async def queue(
    session: Session,
    mail: Mail,
    *,
    tenant_id: str,
    delay: timedelta | None = None,
    mail_id: UUID | None = None,
) -> None:
    """Have a mail sent when, and only when, the session's transaction commits; `delay` later where given.

    A job that may run twice gives the mail's id, and it is queued once.

    Raises:
        ValueError: `to` is no address; one with a line break in it for example.
    """
    if not ADDRESS.fullmatch(mail.to):
        raise ValueError("not an address")
    row = {
        "id": mail_id or await session.scalar(select(func.uuidv7())),
        "tenant_id": tenant_id,
        "recipient": mail.to,
        "subject": mail.subject.text(mail.locale),
        "paragraphs": [paragraph.text(mail.locale) for paragraph in mail.paragraphs],
        "link": mail.link,
        "action": mail.action.text(mail.locale),
        "locale": mail.locale,
    }
    queued: Any = await session.execute(INSERT if mail_id is None else INSERT_ONCE, row)
    if queued.rowcount:
        await enqueue(session, TASK, {"tenant_id": tenant_id, "mail_id": row["id"]}, delay=delay)


@dataclass(frozen=True, slots=True)
class Sms:
    """What is to be said to whom, in a few words: a message of more than 70 letters is sent, and paid for, as several."""

    to: str
    """E.164, as `MOBILE` has it."""
    sentences: tuple[Message, ...]
    lasts: timedelta
    """Afterwards it is better not sent at all."""
    locale: Locale = "zh"

    @property
    def text(self) -> str:
        """The message, behind the platform's name as the mainland's carriers want it."""
        between = " " if self.locale == "en" else ""
        said = between.join(sentence.text(self.locale) for sentence in self.sentences)
        return f"【{PLATFORM.text(self.locale)}】{said}"


async def queue_sms(session: Session, wanted: Sms, *, tenant_id: str) -> None:
    """Have a text message sent when, and only when, the session's transaction commits."""
    sms_id = await session.scalar(select(func.uuidv7()))
    row = {"id": sms_id, "tenant_id": tenant_id, "recipient": wanted.to, "body": wanted.text}
    expires_at = func.clock_timestamp() + wanted.lasts
    await session.execute(INSERT_SMS.values(**row, expires_at=expires_at))
    await enqueue(session, SMS_TASK, {"tenant_id": tenant_id, "sms_id": sms_id})


def takes_sms(settings: Settings) -> bool:
    """Whether this deployment can send text messages."""
    return sms.sender_of(settings) is not None


def sms_kept_in(settings: Settings) -> Path | None:
    """The folder that text messages are kept in instead of being sent; None where they are sent."""
    return sms.folder_of(settings) if settings.sms_url is None else None


def kept_in(settings: Settings) -> Path | None:
    """The folder that mails are kept in instead of being sent; None where they are sent."""
    return folder_of(settings) if settings.smtp_url is None else None


async def numbers(session: ReadSession) -> Mapping[str, int]:
    """How many mails of the last 90 days are in each state. Runs in the sign-in context, which alone reads them."""
    return await _by_state(session, OutgoingMail)


async def sms_numbers(session: ReadSession) -> Mapping[str, int]:
    """The same of text messages."""
    return await _by_state(session, OutgoingSms)


async def _by_state(session: ReadSession, model: type[OutgoingMail] | type[OutgoingSms]) -> Mapping[str, int]:
    rows = await session.execute(
        select(model.state, func.count().label("number")).group_by(model.state).order_by(model.state)
    )
    return {row.state: row.number for row in rows}
