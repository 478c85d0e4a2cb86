"""What others look for at fixed addresses: where to report a weakness, where to change a password, what to index."""

from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app.access.guards import unguarded
from app.core import clock
from app.settings import Settings

SECURITY_TXT = "/.well-known/security.txt"
VALID = timedelta(days=180)
"""RFC 9116 §2.5.5 asks for less than a year."""
CACHED = {"Cache-Control": "public, max-age=86400"}
PRIVATE = (
    "/account",
    "/api/",
    "/audit",
    "/bookings",
    "/join/",
    "/oauth/",
    "/people",
    "/recover",
    "/register",
    "/sign-in",
)
"""What no search engine has business with; links that grant access are told to stay out by their own header."""

well_known = APIRouter(include_in_schema=False, dependencies=[unguarded()])


@well_known.get(SECURITY_TXT)
async def security_txt(request: Request) -> Response:
    """Where to report a weakness (RFC 9116)."""
    settings: Settings = request.app.state.settings
    expires = (clock.now() + VALID).replace(hour=0, minute=0, second=0, microsecond=0)
    contacts = settings.security_contacts or (f"mailto:security@{urlsplit(settings.base_url).hostname}",)
    lines = (
        *(f"Contact: {contact}" for contact in contacts),
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: zh, en",
        f"Canonical: {settings.base_url.rstrip('/')}{SECURITY_TXT}",
    )
    return PlainTextResponse("\n".join(lines) + "\n", headers=CACHED)


@well_known.get("/.well-known/change-password")
async def change_password() -> Response:
    """Where a password manager sends its person (W3C, A Well-Known URL for Changing Passwords)."""
    return RedirectResponse("/account/security", HTTPStatus.FOUND, headers={"Cache-Control": "no-store"})


@well_known.get("/robots.txt")
async def robots() -> Response:
    """What search engines leave alone (RFC 9309)."""
    lines = ("User-agent: *", *(f"Disallow: {path}" for path in PRIVATE))
    return PlainTextResponse("\n".join(lines) + "\n", headers=CACHED)
