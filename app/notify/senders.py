"""How a message leaves: by SMTP, or into a folder where nobody has set one up."""

import asyncio
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from app.settings import Settings

TIMEOUT_SECONDS = 30
PERMANENT = range(500, 600)
"""RFC 5321 §4.2.1: trying again would be in vain."""


class NoMailServerError(Exception):
    """Production has nowhere to send mails to."""


class RefusedForGoodError(Exception):
    """The message will never be taken; no text, which would hold the address."""


async def send(message: EmailMessage, settings: Settings, *, name: str) -> None:
    """Hand a message over; `name` is that of its file where mails are kept in a folder.

    Raises:
        NoMailServerError: SMTP_URL is not set in production.
        RefusedForGoodError: the server said so.
        aiosmtplib.SMTPException: it may take it later.
        OSError: the server cannot be reached.
    """
    if settings.smtp_url is None and settings.environment == "production":
        raise NoMailServerError
    if settings.smtp_url is None:
        await asyncio.to_thread(keep, message.as_bytes(), folder_of(settings) / f"{name}.eml")
    else:
        await _send_by_smtp(message, settings.smtp_url.get_secret_value())


def folder_of(settings: Settings) -> Path:
    """Where mails are kept without a mail server."""
    return settings.data_dir.absolute() / "mail"


def keep(content: bytes, path: Path) -> None:
    """Write a message's file, complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


async def _send_by_smtp(message: EmailMessage, url: str) -> None:
    parts = urlsplit(url)
    wanted = parse_qs(parts.query).get("tls", ["starttls"])[0]
    try:
        await aiosmtplib.send(
            message,
            hostname=parts.hostname,
            port=parts.port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=wanted == "implicit",
            start_tls=wanted == "starttls",
            timeout=TIMEOUT_SECONDS,
        )
    except aiosmtplib.SMTPRecipientsRefused as refusal:
        if all(recipient.code in PERMANENT for recipient in refusal.recipients):
            raise RefusedForGoodError from None
        raise
    except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused) as refusal:
        if refusal.code in PERMANENT:
            raise RefusedForGoodError from None
        raise
