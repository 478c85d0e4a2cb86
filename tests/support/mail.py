"""A real SMTP server that keeps what it is sent."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from pydantic import SecretStr

from app.core.db import Database
from app.settings import Settings
from tests.support.jobs import run_jobs
from tests.support.processes import free_port

_LINK = re.compile(r"https?://\S+")


@dataclass
class Mailbox:
    """Everybody's mail."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """What the server says to the next messages instead of taking them."""

    @property
    def url(self) -> str:
        """SMTP_URL of this server."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def settings(self, settings: Settings) -> Settings:
        """The settings with this server."""
        return settings.model_copy(update={"smtp_url": SecretStr(self.url)})

    async def collect(self, database: Database, settings: Settings) -> list[EmailMessage]:
        """Run the jobs that wait; what they sent."""
        before = len(self.messages)
        await run_jobs(database, self.settings(settings))
        return self.messages[before:]

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Take a message, or say what it was told to say."""
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.envelopes.append(envelope)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 taken"


def text_of(message: EmailMessage) -> str:
    """The plain text."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def link_of(message: EmailMessage) -> str:
    """The one link of a mail."""
    found = _LINK.findall(text_of(message))
    assert len(found) == 1, found
    return str(found[0])


@contextmanager
def mail_server(*, login: tuple[str, str] | None = None) -> Iterator[Mailbox]:
    """A server on a free port until the end of the block; `login` is the name and password it asks for."""
    mailbox = Mailbox(free_port())

    def allows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == login, handled=False)

    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.port,
        authenticator=allows if login else None,
        auth_required=login is not None,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
