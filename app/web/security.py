"""Response headers that keep a browser on our side, and a person's data out of caches.

A plain ASGI middleware, so streams pass untouched.
"""

from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.principal import VISITOR, Principal
from app.settings import Settings

TWO_YEARS_SECONDS = 2 * 365 * 24 * 3600
"""What the browsers' preload lists ask for is one year; two is the custom for a platform that stays."""
CSP = "content-security-policy"
VARY = "Authorization, Cookie, Accept-Language"
"""What an answer depends on besides its address: who asks, and in which language."""


FEATURES = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
"""What no page of ours asks a browser for."""


def content_security_policy(*, form_action: Iterable[str] = (), https: bool = False) -> str:
    """The policy: our own files only, nothing inline; over TLS nothing without it.

    Trusted Types are not asked for: htmx puts the server's HTML in as text, which a policy would have to let through
    unseen, and script in it does not run by `script-src` already.

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
            "object-src 'none'",
            "manifest-src 'self'",
            " ".join(("form-action 'self'", *form_action)),
            "base-uri 'none'",
            "frame-ancestors 'none'",
            *(("upgrade-insecure-requests",) if https else ()),
        )
    )


def headers(settings: Settings) -> dict[str, str]:
    """The headers of every response that does not say otherwise."""
    always = {
        CSP: content_security_policy(https=settings.https),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": ", ".join(f"{feature}=()" for feature in FEATURES),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
        "x-frame-options": "DENY",
    }
    if settings.https:
        whole = "; includeSubDomains" if settings.hsts_subdomains else ""
        always["strict-transport-security"] = f"max-age={TWO_YEARS_SECONDS}{whole}"
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
