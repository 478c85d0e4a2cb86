"""One message for the next page, in a signed cookie that lives a minute."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Literal

from fastapi import Request, Response

from app.core.crypto import sign, verify
from app.core.i18n import Message
from app.settings import Settings
from app.web.cookies import cookie_of, forget_cookie, keep_cookie

COOKIE = "flash"
SECONDS = 60
_PURPOSE = "flash"
Tone = Literal["success", "info", "warning", "danger"]


@dataclass(frozen=True, slots=True)
class Flash:
    """What the next page says first."""

    message: Message
    tone: Tone = "success"


def leave(response: Response, settings: Settings, message: Message, tone: Tone = "success") -> None:
    """Let the next page say `message`; its parameters must be JSON-ready."""
    payload = json.dumps(
        [tone, message.id, dict(message.params), message.context], ensure_ascii=False, default=str
    ).encode()
    value = f"{base64.urlsafe_b64encode(payload).decode()}.{sign(settings.secret, _PURPOSE, payload)}"
    keep_cookie(response, settings, COOKIE, value, seconds=SECONDS)


def take(request: Request) -> Flash | None:
    """The message left by the page before; a forged one is ignored."""
    encoded, _, signature = cookie_of(request, COOKIE).rpartition(".")
    try:
        payload = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    settings: Settings = request.app.state.settings
    if not payload or not verify(settings.secret, _PURPOSE, payload, signature):
        return None
    tone, *message = json.loads(payload)
    return Flash(Message(*message), tone)


def clear(response: Response, settings: Settings) -> None:
    """It was said."""
    forget_cookie(response, settings, COOKIE)
