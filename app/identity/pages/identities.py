"""The identities of one's own account: linked by going to their provider, unlinked after a confirmation."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.errors import NotFound
from app.core.i18n import msg
from app.identity import cookies
from app.identity.context import settings_of, sign_in_transaction
from app.identity.federation import identities, linking
from app.identity.federation.models import IdentityProvider
from app.identity.federation.problems import SignInFailed
from app.identity.federation.relying_party import RelyingParty, Vouched
from app.identity.federation.state import SignInState
from app.web.public import Pages, render, see_other

ADDRESS = "/account/identities"
pages = Pages(prefix=ADDRESS)
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]


@pages.get("/link")
async def choose(request: Request, caller: Self) -> Response:
    """At which provider to link another identity."""
    async with sign_in_transaction(request, caller) as session:
        providers = await identities.linkable(session, caller=caller)
    return render(request, "identity/identity_link.html", caller=caller, provider=None, providers=providers)


@pages.get("/link/{provider_id}")
async def prepare(request: Request, caller: Self, provider_id: UUID) -> Response:
    """What linking means, and the way to the provider: a link, for nobody else knows its state."""
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
    async with sign_in_transaction(request, caller) as session:
        identity = await identities.own_identity(session, caller=caller, identity_id=identity_id)
    return render(request, "identity/identity_unlink.html", caller=caller, identity=identity)


@pages.post("/{identity_id}/unlink")
async def unlink(request: Request, caller: Self, identity_id: UUID) -> Response:
    """Unlink after the confirmation."""
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
