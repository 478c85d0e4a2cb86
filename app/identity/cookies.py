"""The browser's cookies of sign-in: its session, and what it keeps while at a provider. No script reads them."""

from starlette.responses import Response

from app.identity.federation.state import STATE_SECONDS, SignInState
from app.identity.recognition import cookie_name
from app.identity.sessions import LIFETIME
from app.settings import Settings


def state_cookie_name(settings: Settings) -> str:
    """The cookie of a sign-in that has begun."""
    return "__Host-sign-in" if settings.https else "sign_in"


def keep_session(response: Response, settings: Settings, token: str) -> None:
    """Sign this browser in."""
    _set(response, settings, cookie_name(settings), token, int(LIFETIME.total_seconds()))


def forget_session(response: Response, settings: Settings) -> None:
    """Sign this browser out."""
    _set(response, settings, cookie_name(settings), "", 0)


def keep_state(response: Response, settings: Settings, state: SignInState) -> None:
    """Remember the sign-in that has begun."""
    _set(response, settings, state_cookie_name(settings), state.sealed(settings), STATE_SECONDS)


def forget_state(response: Response, settings: Settings) -> None:
    """The sign-in is over: its answer counts once."""
    _set(response, settings, state_cookie_name(settings), "", 0)


def _set(response: Response, settings: Settings, name: str, value: str, seconds: int) -> None:
    # Lax, not Strict: the provider sends the browser back from another site.
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=settings.https)
