"""The machine endpoints of our provider: discovery, keys, tokens, pushed requests, devices, userinfo.

Their requests and errors are those of the OAuth standards, not problem+json, and discovery describes them, so they are
not in the OpenAPI document.
"""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.access.guards import requires, unguarded
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.errors import Forbidden, Unauthorized
from app.core.i18n import msg
from app.identity.contacts.addresses import address_of
from app.identity.context import settings_of, sign_in_transaction
from app.identity.federation.logout import logout
from app.identity.provider.answers import NO_STORE, Denied
from app.identity.provider.calls import Call, answered, form_pairs
from app.identity.provider.clients import DEVICE_GRANT, EMAIL
from app.identity.provider.devices import begin
from app.identity.provider.discovery import metadata
from app.identity.provider.dpop import BadProof, challenge
from app.identity.provider.exchange import Exchange
from app.identity.provider.inspection import Presented, introspect, revoke
from app.identity.provider.keys import key_ring
from app.identity.provider.pushed import LIFETIME
from app.identity.provider.pushing import push_request

protocol = APIRouter(include_in_schema=False)
protocol.include_router(logout)
CACHED = {
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@protocol.get("/.well-known/openid-configuration", dependencies=[unguarded()])
@protocol.get("/.well-known/oauth-authorization-server", dependencies=[unguarded()])
async def discovery(request: Request) -> Response:
    """What this provider can do."""
    return JSONResponse(metadata(settings_of(request)), headers=CACHED)


@protocol.get("/oauth/jwks", dependencies=[unguarded()])
async def jwks(request: Request) -> Response:
    """The keys that sign our tokens."""
    return JSONResponse(await key_ring(request.app).jwks(), headers=CACHED)


@protocol.post("/oauth/token", dependencies=[unguarded()])
async def token(request: Request) -> Response:
    """Give tokens for a code, a refresh token, a device's or a system's own word."""
    return await answered(request, _tokens)


async def _tokens(call: Call) -> Response | Denied:
    proof = call.proof()
    if isinstance(proof, Denied):
        return proof
    settings = settings_of(call.request)
    key = await key_ring(call.request.app).signing()
    async with sign_in_transaction(call.request) as session:
        client = await call.client(session)
        if isinstance(client, Denied):
            return client
        answer = await Exchange(session, settings, key, client, call.form, proof).answer()
    return replace(answer, client=client) if isinstance(answer, Denied) else answer.response()


@protocol.post("/oauth/par", dependencies=[unguarded()])
async def pushed_authorization(request: Request) -> Response:
    """Take an authorization request out of the browser's hands (RFC 9126)."""
    return await answered(request, _pushed)


async def _pushed(call: Call) -> Response | Denied:
    proof = call.proof()
    if isinstance(proof, Denied):
        return proof
    async with sign_in_transaction(call.request) as session:
        client = await call.client(session)
        if isinstance(client, Denied):
            return client
        if proof is not None and not await proof.first_use(session):
            return Denied(BadProof.error, "The proof was used before.")
        uri = await push_request(session, settings_of(call.request), client, call.form, proof)
    if isinstance(uri, Denied):
        return uri
    body = {"request_uri": uri, "expires_in": int(LIFETIME.total_seconds())}
    return JSONResponse(body, status_code=HTTPStatus.CREATED, headers=NO_STORE)


@protocol.post("/oauth/device_authorization", dependencies=[unguarded()])
async def device_authorization(request: Request) -> Response:
    """Give a device two codes: one to ask with, one for its person (RFC 8628 §3.1)."""
    return await answered(request, _device)


async def _device(call: Call) -> Response | Denied:
    settings = settings_of(call.request)
    async with sign_in_transaction(call.request) as session:
        client = await call.client(session)
        if isinstance(client, Denied):
            return client
        if DEVICE_GRANT not in client.grant_types:
            return Denied("unauthorized_client", "This client may not use the device grant.", client=client)
        address = call.request.client.host if call.request.client else ""
        waiting = await begin(session, settings, client, scope=call.form.get("scope"), address=address)
    if isinstance(waiting, Denied):
        return waiting
    return JSONResponse(waiting.answer(settings), headers=NO_STORE)


@protocol.post("/oauth/revoke", dependencies=[unguarded()])
async def revocation(request: Request) -> Response:
    """End a token and its whole family (RFC 7009): 200 also for a token we do not know."""
    return await answered(request, _revoked)


async def _revoked(call: Call) -> Response | Denied:
    presented = await _presented(call)
    async with sign_in_transaction(call.request) as session:
        client = await call.client(session)
        if isinstance(client, Denied):
            return client
        if "token" not in call.form:
            return Denied("invalid_request", "token is missing.")
        await revoke(session, client, presented)
    return Response(headers=NO_STORE)


@protocol.post("/oauth/introspect", dependencies=[unguarded()])
async def introspection(request: Request) -> Response:
    """Tell a confidential client about its own token (RFC 7662)."""
    return await answered(request, _introspected)


async def _introspected(call: Call) -> Response | Denied:
    presented = await _presented(call)
    async with sign_in_transaction(call.request) as session:
        client = await call.client(session)
        if isinstance(client, Denied):
            return client
        if client.auth_method == "none":
            reason = "A public client may not introspect."
            return Denied("invalid_client", reason, HTTPStatus.UNAUTHORIZED, client=client)
        about = await introspect(session, settings_of(call.request), client, presented)
    return JSONResponse(about, headers=NO_STORE)


async def _presented(call: Call) -> Presented:
    """Outside the transaction: a new signing key may have to be fetched."""
    return await Presented.read(
        call.form.get("token", ""), key_ring(call.request.app), settings_of(call.request)
    )


@protocol.post("/oauth/authorize", dependencies=[unguarded()])
@protocol.post("/oauth/logout", dependencies=[unguarded()])
async def by_form(request: Request) -> Response:
    """An application may send the browser here with a form (OpenID Connect Core 1.0 §3.1.2.1, RP-Initiated Logout §2).

    The browser comes back by address: another site's form brings no session along, and must change nothing.
    """
    pairs = await form_pairs(request)
    if isinstance(pairs, Denied):
        return pairs.response()
    return RedirectResponse(f"{request.url.path}?{urlencode(pairs)}", HTTPStatus.SEE_OTHER, NO_STORE)


@protocol.get("/oauth/userinfo")
@protocol.post("/oauth/userinfo")
async def userinfo(request: Request, caller: Annotated[Principal, requires(Permission.PUBLIC)]) -> Response:
    """Who the access token's person is (OpenID Connect Core 1.0 §5.3); a person without an address has no `email`.

    Our ID tokens come with an access token, so what a scope asks for is told here and not in them (§5.4).

    Raises:
        Unauthorized: there is no access token; a browser session does not count here.
        Forbidden: the token was not granted `openid`.
    """
    if caller.scopes is None:
        raise Unauthorized(headers={"WWW-Authenticate": f"Bearer, {challenge()}"})
    if "openid" not in caller.scopes or caller.kind != "person":
        lacking = 'Bearer error="insufficient_scope", scope="openid"'
        raise Forbidden(msg("此令牌不含 openid 授权"), headers={"WWW-Authenticate": lacking})
    claims: dict[str, str | bool] = {"sub": str(caller.id)}
    if Permission.PROFILE_READ.value in caller.scopes:
        claims |= {"name": caller.name, "province": str(caller.tenant_id)}
    if EMAIL in caller.scopes:
        async with sign_in_transaction(request) as session:
            address = await address_of(session, caller.id)
        if address is not None:
            # An address is kept once its person has followed the link sent to it.
            claims |= {"email": address, "email_verified": True}
    return JSONResponse(claims, headers=NO_STORE)
