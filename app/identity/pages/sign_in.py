"""Choosing a province and a provider, going there, and coming back."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request, Response

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.errors import Problem
from app.core.problems import locale_of
from app.identity import cookies
from app.identity.contacts.closing import is_closing
from app.identity.context import settings_of, sign_in_transaction
from app.identity.devices import Device
from app.identity.factors import passkeys
from app.identity.factors.queries import has_factor
from app.identity.federation.models import IdentityProvider
from app.identity.federation.problems import NotLinked, ProviderUnreachable, SignInFailed
from app.identity.federation.queries import provider_of_session
from app.identity.federation.relying_party import RelyingParty
from app.identity.federation.state import SignInState
from app.identity.local_path import HOME, local_path
from app.identity.pages.identities import linked
from app.identity.pages.provider_test import tried
from app.identity.recognition import cookie_name
from app.identity.sign_in import Opened, choices, open_for_vouched, provider_of
from app.web.public import SECOND_FACTOR, Pages, cookie_of, render, see_other

AGAIN = "/sign-in/again"
PASSWORD = ("pwd",)
"""How the built-in provider knows its people (RFC 8176 §2)."""
pages = Pages()
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]


@pages.get("/sign-in")
async def choose(request: Request, _caller: Visitor) -> Response:
    """Choose a province, then where to sign in; `next` is the local page to come back to."""
    return await choices_page(request, local_path(request.query_params.get("next")))


@pages.get("/sign-in/callback")
async def come_back(request: Request, caller: Visitor) -> Response:
    """Back from the provider with a code, or with its refusal.

    Raises:
        SignInFailed: this browser did not begin the sign-in, or it did not succeed.
        ProviderUnreachable: the provider no longer answers.
        NotLinked: the person has no account.
    """
    settings = settings_of(request)
    kept = None
    try:
        kept = SignInState.opened(cookies.state_of(request), settings)
        response = await _answered(request, caller, kept)
    except (SignInFailed, ProviderUnreachable, NotLinked) as problem:
        response = await _refused(request, problem, kept.next if kept else HOME)
    cookies.forget_state(response, settings)
    return response


async def _answered(request: Request, caller: Principal, kept: SignInState) -> Response:
    if kept.purpose == "test":
        return await tried(request, caller, kept)
    async with sign_in_transaction(request) as session:
        provider = await provider_of(session, kept.tenant_id, UUID(kept.provider_id))
    vouched = await RelyingParty.of(request.app, provider).finish(kept, request.query_params)
    if kept.purpose == "link":
        return await linked(request, caller, provider, vouched, kept)
    settings = settings_of(request)
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
    cookies.keep_home(response, settings, kept.provider_id)
    return response


@pages.get(AGAIN)
async def again(request: Request, caller: Visitor) -> Response:
    """Ask who is signed in for a factor, or where they have none for their proof once more; others choose where."""
    next_path = local_path(request.query_params.get("next"))
    async with sign_in_transaction(request) as session:
        if caller.id is not None and await session.scalar(has_factor(caller.id)):
            return see_other(request, f"{SECOND_FACTOR}?{urlencode({'next': next_path})}")
        provider = await session.scalar(provider_of_session(caller.session_id))
    if provider is None or not provider.enabled:
        return see_other(request, f"/sign-in?{urlencode({'next': next_path})}")
    return await _go(request, provider, next_path, anew=True)


@pages.get("/sign-in/{province}/{provider_id}")
async def go(request: Request, province: str, provider_id: UUID, _caller: Visitor) -> Response:
    """Go to the provider; from another site's page only by way of ours, where the person presses (ASVS 5.0 V7.6.2)."""
    next_path = local_path(request.query_params.get("next"))
    if request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        return await choices_page(request, next_path)
    async with sign_in_transaction(request) as session:
        provider = await provider_of(session, province, provider_id)
    return await _go(request, provider, next_path)


async def _go(
    request: Request, provider: IdentityProvider, next_path: str, *, anew: bool = False
) -> Response:
    try:
        url, state = await RelyingParty.of(request.app, provider).start(next_path, anew=anew)
    except ProviderUnreachable as problem:
        return await _refused(request, problem, next_path, provider)
    response = see_other(request, url)
    cookies.keep_state(response, settings_of(request), state)
    return response


async def _refused(
    request: Request, problem: Problem, next_path: str, provider: IdentityProvider | None = None
) -> Response:
    """For a browser the page that offers every other way to sign in, with the reason above them; the problem for others."""
    if "text/html" not in request.headers.get("accept", ""):
        raise problem
    return await choices_page(request, next_path, problem=problem, tried=provider)


async def choices_page(
    request: Request,
    next_path: str,
    *,
    problem: Problem | None = None,
    tried: IdentityProvider | None = None,
) -> Response:
    """The provinces with their providers, and the passkey as a way past them; above them what went wrong."""
    settings = settings_of(request)
    site = passkeys.site_of(settings)
    async with sign_in_transaction(request) as session:
        provinces = await choices(session)
    home = cookie_of(request, cookies.HOME_COOKIE)
    usual = ((province, one) for province in provinces for one in province.providers if str(one.id) == home)
    return render(
        request,
        "identity/sign_in.html",
        status_code=int(problem.status) if problem else 200,
        provinces=provinces,
        next_path=next_path,
        usual=next(usual, None) if problem is None else None,
        problem=problem,
        tried=tried,
        passkey_options=passkeys.request_options(settings, site, "sign_in") if site else None,
    )


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
    address = request.client.host if request.client else ""
    return Device(request.headers.get("user-agent", ""), address, locale_of(request))
