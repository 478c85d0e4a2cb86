"""The browser's cookies of sign-in: its session, and what it keeps while at a provider. No script reads them."""

from fastapi import Request
from starlette.responses import Response

from app.identity.federation.state import STATE_SECONDS, SignInState
from app.identity.recognition import SESSION_COOKIE
from app.identity.sessions import LIFETIME
from app.settings import Settings
from app.web.public import cookie_of, forget_cookie, keep_cookie

STATE_COOKIE = "sign_in"
SIGN_OUT_COOKIE = "sign_out"
HOME_COOKIE = "home_provider"
HOME_SECONDS = 180 * 24 * 3600


def keep_session(response: Response, settings: Settings, token: str) -> None:
    """Sign this browser in."""
    keep_cookie(response, settings, SESSION_COOKIE, token, seconds=int(LIFETIME.total_seconds()))


def forget_session(response: Response, settings: Settings) -> None:
    """Sign this browser out: pages it kept in memory go as well, so that the back button shows none."""
    forget_cookie(response, settings, SESSION_COOKIE)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def keep_state(response: Response, settings: Settings, state: SignInState) -> None:
    """Remember the sign-in that has begun."""
    keep_cookie(response, settings, STATE_COOKIE, state.sealed(settings), seconds=STATE_SECONDS)


def state_of(request: Request) -> str:
    """The sign-in that this browser has begun, sealed; nothing when it has not."""
    return cookie_of(request, STATE_COOKIE)


def forget_state(response: Response, settings: Settings) -> None:
    """The sign-in is over: its answer counts once."""
    forget_cookie(response, settings, STATE_COOKIE)


def keep_sign_out(response: Response, settings: Settings, state: str) -> None:
    """Remember the state of a sign-out that goes on at a provider."""
    keep_cookie(response, settings, SIGN_OUT_COOKIE, state, seconds=STATE_SECONDS)


def keep_home(response: Response, settings: Settings, provider_id: str) -> None:
    """Remember where this browser signed in, to offer it first the next time."""
    keep_cookie(response, settings, HOME_COOKIE, provider_id, seconds=HOME_SECONDS)
