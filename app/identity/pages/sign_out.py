"""Signing out here, and at the provider where it wants that (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Request, Response

from app.access.entry import Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import VISITOR, Principal
from app.core.crypto import new_token
from app.core.i18n import msg
from app.identity import cookies
from app.identity.context import settings_of, sign_in_transaction
from app.identity.federation import queries
from app.identity.federation.models import SELF, IdentityProvider
from app.identity.federation.problems import ProviderUnreachable
from app.identity.federation.relying_party import RelyingParty
from app.identity.sessions import revoke_session
from app.web.public import Pages, cookie_of, forget_cookie, render, see_other

DONE = "/sign-out/done"
SIGNED_OUT = msg("您已退出登录")
pages = Pages()
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]


@dataclass(frozen=True, slots=True)
class There:
    """Where the provider ends its own session."""

    provider: IdentityProvider
    url: str
    state: str


@pages.post("/sign-out")
async def sign_out(request: Request, db: Writes, caller: Visitor) -> Response:
    """End this browser's session; on to the provider's own end where the province wants it."""
    if caller.session_id is None:
        return _signed_out(request, see_other(request, "/", notice=SIGNED_OUT))
    try:
        there = await _there(request, caller)
    except ProviderUnreachable:
        there = None
    await revoke_session(db, caller=caller, session_id=caller.session_id)
    if there is None:
        return _signed_out(request, see_other(request, "/", notice=SIGNED_OUT))
    # A page, not a redirect: browsers hold the redirects of a form to our own origin.
    response = render(request, "identity/signing_out.html", caller=VISITOR, there=there)
    response.headers["Refresh"] = f"0; url={there.url}"
    cookies.keep_sign_out(response, settings_of(request), there.state)
    return _signed_out(request, response)


@pages.get(DONE)
async def done(request: Request, _caller: Visitor) -> Response:
    """Back from the provider; only the browser that was sent there is told that it is done."""
    settings = settings_of(request)
    sent = cookie_of(request, cookies.SIGN_OUT_COOKIE)
    ours = bool(sent) and request.query_params.get("state") == sent
    response = see_other(request, "/", notice=SIGNED_OUT if ours else None)
    forget_cookie(response, settings, cookies.SIGN_OUT_COOKIE)
    return response


def _signed_out(request: Request, response: Response) -> Response:
    cookies.forget_session(response, settings_of(request))
    return response


async def _there(request: Request, caller: Principal) -> There | None:
    async with sign_in_transaction(request) as session:
        provider = await session.scalar(queries.provider_of_session(caller.session_id))
    if provider is None or not provider.signs_out_there or provider.issuer == SELF:
        return None
    endpoint = await RelyingParty.of(request.app, provider).end_session_endpoint()
    if endpoint is None:
        return None
    state = new_token()
    query = {
        "client_id": provider.client_id,
        "post_logout_redirect_uri": settings_of(request).base_url + DONE,
        "state": state,
    }
    return There(provider, f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", state)
