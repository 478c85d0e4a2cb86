"""A mail as RFC 5322 wants it: plain text and simple HTML, from one row."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.core.i18n import Locale, msg
from app.notify.models import OutgoingMail
from app.settings import Settings

PLATFORM = msg("长三角创新资源共享平台")
FOOTNOTE = msg("这是平台自动发送的邮件，请勿回复。")


def composed(mail: OutgoingMail, settings: Settings) -> EmailMessage:
    """The message of an outbox row; the same row always makes the same Message-ID and date.

    Raises:
        ValueError: a header would break out of its line, or the recipient is no address.
    """
    locale: Locale = "en" if mail.locale == "en" else "zh"
    message = EmailMessage(policy=SMTP)
    message["From"] = _sender(settings, locale)
    message["To"] = Address(addr_spec=mail.recipient or "")
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}@{urlsplit(settings.base_url).hostname}>"
    # RFC 3834 §5: no out-of-office answers to a machine.
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "en" if locale == "en" else "zh-CN"
    words = {"platform": PLATFORM.text(locale), "footnote": FOOTNOTE.text(locale)}
    parts = [
        *(mail.paragraphs or []),
        *([mail.link] if mail.link else []),
        f"-- \n{words['platform']}\n{words['footnote']}",
    ]
    # Base64: the letters of most mails here are Chinese, and not every server passes eight bits on.
    message.set_content("\n\n".join(parts) + "\n", cte="base64")
    html = _environment().get_template("notify/mail.html").render(mail=mail, locale=locale, **words)
    message.add_alternative(html, subtype="html", cte="base64")
    return message


def _sender(settings: Settings, locale: Locale) -> Address:
    name, address = parseaddr(settings.mail_from or f"no-reply@{urlsplit(settings.base_url).hostname}")
    return Address(name or PLATFORM.text(locale), addr_spec=address)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
