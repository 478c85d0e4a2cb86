"""How a text message leaves: to the gateway of SMS_URL, or into a folder where nobody has set one up.

Another way to send is one class that is an `SmsSender`, and its line in `sender_of`.
"""

import asyncio
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from ssl import SSLContext
from typing import Protocol
from uuid import UUID

import httpx2

from app.notify.senders import RefusedForGoodError, keep
from app.settings import Settings

TIMEOUT_SECONDS = 30
TAKEN = range(200, 300)
NEVER = frozenset({400, 422})
"""The gateway understood the message and will not have it: the number is none, for example. Anything else may pass."""


class SmsSender(Protocol):
    """Who takes text messages over."""

    async def send(self, message_id: UUID, to: str, text: str) -> None:
        """Hand a message over. After a crash the same id may come again: it is the same message.

        Raises:
            RefusedForGoodError: it will never be taken.
            Exception: it may be taken later.
        """


class NoGatewayError(Exception):
    """Production has nowhere to send text messages to."""


class GatewayError(Exception):
    """The gateway has not taken the message; no text, which would hold the number."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Keeps each message as a JSON file of its own."""

    path: Path

    async def send(self, message_id: UUID, to: str, text: str) -> None:
        """Write the file; a second time it is the same."""
        content = json.dumps({"to": to, "text": text, "id": str(message_id)}, ensure_ascii=False)
        await asyncio.to_thread(keep, content.encode(), self.path / f"{message_id}.json")


@dataclass(frozen=True, slots=True)
class Gateway:
    """One POST of JSON a message: `to` (E.164), `text`, `id`; with a bearer token (RFC 6750 §2.1)."""

    url: str
    token: str

    async def send(self, message_id: UUID, to: str, text: str) -> None:
        """Post the message; an answer 2xx means that the gateway has it, now or from before.

        Raises:
            RefusedForGoodError: the answer is 400 or 422.
            GatewayError: it is any other, a redirect too.
            TimeoutError: there is none within 30 seconds.
            TransportError: the gateway cannot be reached.
        """
        content = {"to": to, "text": text, "id": str(message_id)}
        headers = {"authorization": f"Bearer {self.token}"}
        # The answer's body is not read, however much of it there is.
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            httpx2.AsyncClient(verify=_tls(), trust_env=False) as http,
            http.stream("POST", self.url, json=content, headers=headers) as answer,
        ):
            status = answer.status_code
        if status in NEVER:
            raise RefusedForGoodError
        if status not in TAKEN:
            raise GatewayError(f"the gateway answered {status}")


def sender_of(settings: Settings) -> SmsSender | None:
    """Who takes this deployment's messages; None in production without a gateway."""
    if settings.sms_url is not None and settings.sms_token is not None:
        return Gateway(settings.sms_url.get_secret_value(), settings.sms_token.get_secret_value())
    return Folder(folder_of(settings)) if settings.environment == "development" else None


def folder_of(settings: Settings) -> Path:
    """Where messages are kept without a gateway."""
    return settings.data_dir.absolute() / "sms"


@cache
def _tls() -> SSLContext:
    return httpx2.create_ssl_context()
