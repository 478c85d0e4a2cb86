"""Choosing a province and a provider, coming back from it, and signing out."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.i18n import msg
from app.identity import cookies
from app.identity.contacts.closing import is_closing
from app.identity.context import settings_of, sign_in_transaction
from app.identity.federation.relying_party import RelyingParty
from app.identity.federation.state import SignInState
from app.identity.local_path import local_path
from app.identity.recognition import cookie_name
from app.identity.sessions import Device, revoke_session
from app.identity.sign_in import Opened, choices, open_for_vouched, provider_of
from app.web.public import SECOND_FACTOR, Pages, render, see_other

PASSWORD = ("pwd",)
"""How the built-in provider knows its people (RFC 8176 §2)."""
pages = Pages()
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]


@pages.get("/sign-in")
async def choose(request: Request, caller: Visitor) -> Response:
    """Choose a province, then where to sign in; `next` is the local page to come back to."""
    async with sign_in_transaction(request) as session:
        provinces = await choices(session)
    next_path = local_path(request.query_params.get("next"))
    return render(request, "identity/sign_in.html", caller=caller, provinces=provinces, next_path=next_path)


@pages.get("/sign-in/callback")
async def come_back(request: Request, _caller: Visitor) -> Response:
    """Back from the provider with a code, or with its refusal.

    Raises:
        SignInFailed: this browser did not begin the sign-in, or it did not succeed.
        NotLinked: the person has no account.
    """
    settings = settings_of(request)
    kept = SignInState.opened(cookies.state_of(request), settings)
    async with sign_in_transaction(request) as session:
        provider = await provider_of(session, kept.tenant_id, UUID(kept.provider_id))
    vouched = await RelyingParty.of(request.app, provider).finish(kept, request.query_params)
    async with sign_in_transaction(request) as session:
        opened = await open_for_vouched(
            session,
            provider,
            vouched,
            device=device_of(request),
            replaces=request.cookies.get(cookie_name(settings)),
        )
        closing = await is_closing(session, opened.token)
    response = signed_in(request, opened, "/account/data" if closing else kept.next)
    cookies.forget_state(response, settings)
    return response


@pages.get("/sign-in/{province}/{provider_id}")
async def go(request: Request, province: str, provider_id: UUID, _caller: Visitor) -> Response:
    """Go to the provider."""
    settings = settings_of(request)
    async with sign_in_transaction(request) as session:
        provider = await provider_of(session, province, provider_id)
    next_path = local_path(request.query_params.get("next"))
    url, state = await RelyingParty.of(request.app, provider).start(next_path)
    response = see_other(request, url)
    cookies.keep_state(response, settings, state)
    return response


@pages.post("/sign-out")
async def sign_out(request: Request, db: Writes, caller: Visitor) -> Response:
    """End this browser's session."""
    if caller.session_id is not None and caller.scopes is None:
        await revoke_session(db, caller=caller, session_id=caller.session_id)
    response = see_other(request, "/", notice=msg("您已退出登录"))
    cookies.forget_session(response, settings_of(request))
    return response


def signed_in(request: Request, opened: Opened, next_path: str) -> Response:
    """Keep the session just opened, and go on; by way of the second factor where it is awaited."""
    target = next_path
    if opened.awaiting_factor:
        target = f"{SECOND_FACTOR}?{urlencode({'next': next_path})}"
    response = see_other(request, target)
    cookies.keep_session(response, settings_of(request), opened.token)
    return response


def device_of(request: Request) -> Device:
    """The browser that asks."""
    return Device(request.headers.get("user-agent", ""), request.client.host if request.client else "")
