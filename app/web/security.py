"""Response headers that keep a browser on our side, and a person's data out of caches.

A plain ASGI middleware, so streams pass untouched.
"""

from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.principal import VISITOR, Principal
from app.settings import Settings

YEAR_SECONDS = 365 * 24 * 3600
CSP = "content-security-policy"
VARY = "Authorization, Cookie, Accept-Language"
"""What an answer depends on besides its address: who asks, and in which language."""


def content_security_policy(*, form_action: Iterable[str] = ()) -> str:
    """The policy: our own files only, nothing inline.

    Browsers hold the redirects of a form post to `form-action` too, so a page whose form ends at another origin
    (a province's identity provider, an API client) names that origin.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            " ".join(("form-action 'self'", *form_action)),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def headers(settings: Settings) -> dict[str, str]:
    """The headers of every response that does not say otherwise."""
    always = {
        CSP: content_security_policy(),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "x-frame-options": "DENY",
    }
    if settings.https:
        always["strict-transport-security"] = f"max-age={YEAR_SECONDS}; includeSubDomains"
    return always


def cache_control(caller: Principal) -> str:
    """How long an answer may be kept that does not say otherwise: what a signed-in caller reads, not at all."""
    return "no-store" if caller.id else "no-cache"


class SecurityHeaders:
    """Adds the headers a response has not set itself; what is public (static files, keys) says so itself."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._headers = headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    found.setdefault(name, value)
                if not found.get("cache-control", "").startswith("public"):
                    found.setdefault("cache-control", cache_control(_caller(scope)))
                    found.add_vary_header(VARY)
            await send(message)

        await self._app(scope, receive, answer)


def _caller(scope: Scope) -> Principal:
    """Whom a guard has recognised."""
    return scope.get("state", {}).get("principal") or VISITOR
