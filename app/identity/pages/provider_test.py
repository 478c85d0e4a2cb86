"""Trying a provider: each step of a sign-in, then a real one in which nothing is stored."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.errors import NotFound, Problem
from app.identity import cookies
from app.identity.context import settings_of
from app.identity.federation import trial
from app.identity.federation.claims import paths_of
from app.identity.federation.models import SELF, IdentityProvider
from app.identity.federation.problems import ProviderUnreachable, SignInFailed
from app.identity.federation.relying_party import RelyingParty, Vouched
from app.identity.federation.routes import own_provider
from app.identity.federation.state import SignInState
from app.web.public import Pages, render

pages = Pages(prefix="/identity-providers")
Admin = Annotated[Principal, requires(Permission.IDENTITY_PROVIDERS_MANAGE)]


@pages.get("/{provider_id}/test")
async def offer(provider_id: UUID, request: Request, caller: Admin) -> Response:
    """What the test does, and its button."""
    return _page(request, await _external(request, caller, provider_id))


@pages.post("/{provider_id}/test")
async def run(provider_id: UUID, request: Request, caller: Admin) -> Response:
    """Each step up to the sign-in, and the way to a real one: a link, for nobody else knows its state."""
    provider = await _external(request, caller, provider_id)
    steps = await trial.steps(request.app, provider)
    if any(step.outcome == "failed" for step in steps):
        return _page(request, provider, steps=steps)
    party = RelyingParty.of(request.app, provider)
    try:
        url, state = await party.start("/", purpose="test", session_id=caller.session_id)
    except ProviderUnreachable as problem:
        return _page(request, provider, steps=steps, problem=problem)
    response = _page(request, provider, steps=steps, url=url)
    cookies.keep_state(response, settings_of(request), state)
    return response


async def tried(request: Request, caller: Principal, kept: SignInState) -> Response:
    """Back from a test sign-in: what was said of the person, and how it is read. Nothing is stored.

    Raises:
        SignInFailed: another session began it, or its person is no admin of the province.
    """
    if caller.session_id is None or caller.session_id != kept.session_id:
        raise SignInFailed
    if not caller.may(Permission.IDENTITY_PROVIDERS_MANAGE):
        raise SignInFailed
    provider = await _external(request, caller, UUID(kept.provider_id))
    try:
        vouched = await RelyingParty.of(request.app, provider).finish(kept, request.query_params)
    except (SignInFailed, ProviderUnreachable) as problem:
        return _page(request, provider, problem=problem)
    return _page(request, provider, vouched=vouched)


async def _external(request: Request, caller: Principal, provider_id: UUID) -> IdentityProvider:
    provider = await own_provider(request, caller, provider_id)
    if provider.issuer == SELF:
        raise NotFound
    return provider


def _page(
    request: Request,
    provider: IdentityProvider,
    *,
    steps: list[trial.Step] | None = None,
    url: str | None = None,
    problem: Problem | None = None,
    vouched: Vouched | None = None,
) -> Response:
    return render(
        request,
        "identity/provider_test.html",
        provider=provider,
        steps=steps,
        url=url,
        problem=problem,
        vouched=vouched,
        names=paths_of(vouched.claims) if vouched else (),
    )
