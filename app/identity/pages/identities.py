"""The identities of one's own account: linked by going to their provider, unlinked after a confirmation."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request, Response

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.clock import now
from app.core.errors import NotFound
from app.core.i18n import msg
from app.identity import cookies
from app.identity import queries as sessions
from app.identity.context import settings_of, sign_in_transaction
from app.identity.federation import identities, linking
from app.identity.federation.models import IdentityProvider
from app.identity.federation.problems import SignInFailed
from app.identity.federation.relying_party import RelyingParty, Vouched
from app.identity.federation.state import SignInState
from app.web.public import Pages, render, see_other

ADDRESS = "/account/identities"
AGAIN = "/sign-in/again"
RECENT = timedelta(minutes=10)
"""Whoever signed in longer ago is asked for their proof again before how they sign in is changed."""
pages = Pages(prefix=ADDRESS)
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]


@pages.get("/link")
async def choose(request: Request, caller: Self) -> Response:
    """At which provider to link another identity."""
    if not await _recent(request, caller):
        return _ask_again(request, f"{ADDRESS}/link")
    async with sign_in_transaction(request, caller) as session:
        providers = await identities.linkable(session, caller=caller)
    return render(request, "identity/identity_link.html", caller=caller, provider=None, providers=providers)


@pages.get("/link/{provider_id}")
async def prepare(request: Request, caller: Self, provider_id: UUID) -> Response:
    """What linking means, and the way to the provider: a link, for nobody else knows its state."""
    if not await _recent(request, caller):
        return _ask_again(request, f"{ADDRESS}/link/{provider_id}")
    async with sign_in_transaction(request, caller) as session:
        offered = await identities.linkable(session, caller=caller)
    provider = next((one for one in offered if one.id == provider_id), None)
    if provider is None:
        raise NotFound
    party = RelyingParty.of(request.app, provider)
    url, state = await party.start("/account", purpose="link", session_id=caller.session_id, anew=True)
    response = render(request, "identity/identity_link.html", caller=caller, provider=provider, url=url)
    cookies.keep_state(response, settings_of(request), state)
    return response


@pages.get("/{identity_id}/unlink")
async def confirm(request: Request, caller: Self, identity_id: UUID) -> Response:
    """What unlinking means, before it is done."""
    if not await _recent(request, caller):
        return _ask_again(request, f"{ADDRESS}/{identity_id}/unlink")
    async with sign_in_transaction(request, caller) as session:
        identity = await identities.own_identity(session, caller=caller, identity_id=identity_id)
    return render(request, "identity/identity_unlink.html", caller=caller, identity=identity)


@pages.post("/{identity_id}/unlink")
async def unlink(request: Request, caller: Self, identity_id: UUID) -> Response:
    """Unlink after the confirmation."""
    if not await _recent(request, caller):
        return _ask_again(request, f"{ADDRESS}/{identity_id}/unlink")
    async with sign_in_transaction(request, caller) as session:
        await identities.unlink(session, caller=caller, identity_id=identity_id)
    return see_other(request, "/account", notice=msg("已解除关联"))


async def linked(
    request: Request, caller: Principal, provider: IdentityProvider, vouched: Vouched, kept: SignInState
) -> Response:
    """Back from the provider: link what it vouches for to the account of the session that asked.

    Raises:
        SignInFailed: another session asked.
        IdentityTaken: the identity is another account's.
    """
    if caller.session_id is None or caller.session_id != kept.session_id:
        raise SignInFailed
    assert caller.id is not None
    async with sign_in_transaction(request, caller) as session:
        await linking.link(session, provider, vouched, tenant_id=str(caller.tenant_id), account_id=caller.id)
    return see_other(request, "/account", notice=msg("已关联，今后可以用它登录"))


async def _recent(request: Request, caller: Principal) -> bool:
    async with sign_in_transaction(request, caller) as session:
        at = await session.scalar(sessions.session_authenticated_at(caller.session_id, caller.id))
    return at is not None and at > now() - RECENT


def _ask_again(request: Request, next_path: str) -> Response:
    notice = msg("更改登录方式之前，请再次登录")
    return see_other(request, f"{AGAIN}?{urlencode({'next': next_path})}", notice=notice, tone="info")
