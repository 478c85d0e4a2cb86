"""Cross-site request forgery: an unsafe request must come from our own page, shown twice.

First the browser's own word (Sec-Fetch-Site, else Origin), then a signed double-submit token: the form carries
nonce.HMAC(nonce, seed cookie, session), so neither a planted cookie nor another person's token is enough, and the
token differs in every page (BREACH).
"""

import re
import secrets
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Request, Response
from starlette.datastructures import FormData

from app.access.guards import caller_of
from app.core.crypto import sign, verify
from app.core.errors import Forbidden
from app.core.i18n import msg
from app.core.requests import SAFE_METHODS
from app.settings import Settings
from app.web.cookies import cookie_of, keep_cookie

COOKIE = "csrf"
FIELD = "csrf_token"
HEADER = "x-csrf-token"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
_SEED = re.compile(r"[A-Za-z0-9_-]{22,64}")
_PURPOSE = "csrf"


class CsrfFailed(Forbidden):
    """The request does not come from a page of ours, or the page is from before a sign-in or sign-out."""

    code = "csrf_failed"
    title = msg("页面已过期，请刷新后重试")


def new_seed() -> str:
    """A random seed of 144 bits."""
    return secrets.token_urlsafe(18)


def seed_of(request: Request) -> str | None:
    """The browser's seed, when it is well formed."""
    seed = cookie_of(request, COOKIE)
    return seed if _SEED.fullmatch(seed) else None


def keep_seed(response: Response, settings: Settings, seed: str) -> None:
    """Give the browser its seed, for as long as it stays open."""
    keep_cookie(response, settings, COOKIE, seed)


def token(secret: str, seed: str, session_id: UUID | None) -> str:
    """A token for one page of this browser and session."""
    nonce = secrets.token_urlsafe(12)
    return f"{nonce}.{sign(secret, _PURPOSE, _bound(nonce, seed, session_id))}"


def valid(secret: str, seed: str, session_id: UUID | None, given: str) -> bool:
    """Whether `given` was made for this browser and session."""
    nonce, _, signature = given.partition(".")
    return bool(nonce and signature) and verify(secret, _PURPOSE, _bound(nonce, seed, session_id), signature)


def _bound(nonce: str, seed: str, session_id: UUID | None) -> bytes:
    return f"{nonce}|{seed}|{session_id or ''}".encode()


def from_here(request: Request) -> bool:
    """Whether the browser says the request comes from our own origin; a client that says nothing is not refused.

    `Sec-Fetch-Site: none` only says that no page is behind the request, so an Origin beside it still counts.
    """
    site = request.headers.get("sec-fetch-site", "none")
    if site != "none":
        return site == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return True
    public = urlsplit(request.app.state.settings.base_url)
    here = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return origin.lower() in {here.lower(), f"{public.scheme}://{public.netloc}".lower()}


async def form_of(request: Request) -> FormData:
    """The request's form; empty when the body is of another kind."""
    if request.headers.get("content-type", "").startswith(FORM_TYPES):
        return await request.form()
    return FormData()


async def protect(request: Request) -> None:
    """Dependency of every page route: let safe requests pass, hold the others to origin and token.

    Raises:
        CsrfFailed: the origin is foreign, or the token is missing, forged, or of another session.
    """
    if request.method in SAFE_METHODS:
        return
    if not from_here(request):
        raise CsrfFailed
    given = request.headers.get(HEADER) or (await form_of(request)).get(FIELD)
    seed = seed_of(request)
    session_id = (await caller_of(request)).session_id
    secret = request.app.state.settings.secret
    if seed is None or not isinstance(given, str) or not valid(secret, seed, session_id, given):
        raise CsrfFailed
