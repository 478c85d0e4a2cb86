"""The one way a cookie is set: for this host alone, out of reach of scripts and of other sites' posts."""

from fastapi import Request, Response

from app.settings import Settings


def cookie_name(settings: Settings, name: str) -> str:
    """The name with the `__Host-` prefix (RFC 6265bis §4.1.3.2), which needs TLS."""
    return f"__Host-{name}" if settings.https else name


def keep_cookie(
    response: Response, settings: Settings, name: str, value: str, *, seconds: int | None = None
) -> None:
    """Give the browser a cookie; without `seconds` until it is closed.

    Lax, not Strict: a province's provider sends the browser back from another site.
    """
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=settings.https,
    )


def forget_cookie(response: Response, settings: Settings, name: str) -> None:
    """Take a cookie back."""
    keep_cookie(response, settings, name, "", seconds=0)


def cookie_of(request: Request, name: str) -> str:
    """What the browser sent, or nothing."""
    settings: Settings = request.app.state.settings
    return request.cookies.get(cookie_name(settings, name), "")
