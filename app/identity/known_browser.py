"""A browser in which somebody signed in by password before: its tries are counted apart, so that nobody else slows it down.

Its cookie holds a random mark, signed for one login name (OWASP calls it a device cookie). It lets nobody in: who steals
it gets as many tries as from one more address.
"""

from datetime import timedelta

from fastapi import Request, Response

from app.core.crypto import new_token, sign, verify
from app.settings import Settings
from app.web.public import cookie_of, keep_cookie

COOKIE = "known"
LIFETIME = timedelta(days=180)
_PURPOSE = "known-browser"


def mark_of(request: Request, settings: Settings, name: str) -> str | None:
    """The mark of a browser that is known to the holder of a login name; None for any other."""
    mark, _, signature = cookie_of(request, COOKIE).partition(".")
    return mark if verify(settings.secret, _PURPOSE, _bound(mark, name), signature) else None


def keep_mark(response: Response, settings: Settings, name: str) -> None:
    """The holder of the login name has just signed in here."""
    mark = new_token()
    signed = f"{mark}.{sign(settings.secret, _PURPOSE, _bound(mark, name))}"
    keep_cookie(response, settings, COOKIE, signed, seconds=int(LIFETIME.total_seconds()))


def _bound(mark: str, name: str) -> bytes:
    return f"{mark} {name}".encode()
