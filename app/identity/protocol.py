"""The machine endpoints of our provider: discovery, keys, tokens, pushed requests, devices, userinfo.

Their requests and errors are those of the OAuth standards, not problem+json, and discovery describes them, so they are
not in the OpenAPI document.
"""

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
from app.identity.context import settings_of, sign_in_transaction
from app.identity.federation.logout import logout
from app.identity.provider.answers import NO_STORE, Denied
from app.identity.provider.calls import Call, form_pairs
from app.identity.provider.clients import DEVICE_GRANT
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
    call = await Call.read(request)
    if isinstance(call, Denied):
        return call.response()
    proof = call.proof()
    if isinstance(proof, Denied):
        return call.finished(proof.response())
    key = await key_ring(request.app).signing()
    async with sign_in_transaction(request) as session:
        client = await call.shown.client(session)
        if isinstance(client, Denied):
            return client.response()
        answer = await Exchange(session, settings_of(request), key, client, call.form, proof).answer()
    return call.finished(answer.response())


@protocol.post("/oauth/par", dependencies=[unguarded()])
async def pushed_authorization(request: Request) -> Response:
    """Take an authorization request out of the browser's hands (RFC 9126)."""
    call = await Call.read(request)
    if isinstance(call, Denied):
        return call.response()
    proof = call.proof()
    if isinstance(proof, Denied):
        return call.finished(proof.response())
    async with sign_in_transaction(request) as session:
        client = await call.shown.client(session)
        if isinstance(client, Denied):
            return client.response()
        if proof is not None and not await proof.first_use(session):
            return call.finished(Denied(BadProof.error, "The proof was used before.").response())
        uri = await push_request(session, settings_of(request), client, call.form, proof)
    if isinstance(uri, Denied):
        return call.finished(uri.response())
    body = {"request_uri": uri, "expires_in": int(LIFETIME.total_seconds())}
    return call.finished(JSONResponse(body, status_code=HTTPStatus.CREATED, headers=NO_STORE))


@protocol.post("/oauth/device_authorization", dependencies=[unguarded()])
async def device_authorization(request: Request) -> Response:
    """Give a device two codes: one to ask with, one for its person (RFC 8628 §3.1)."""
    call = await Call.read(request)
    if isinstance(call, Denied):
        return call.response()
    settings = settings_of(request)
    async with sign_in_transaction(request) as session:
        client = await call.shown.client(session)
        if isinstance(client, Denied):
            return client.response()
        if DEVICE_GRANT not in client.grant_types:
            return Denied("unauthorized_client", "This client may not use the device grant.").response()
        address = request.client.host if request.client else ""
        waiting = await begin(session, settings, client, scope=call.form.get("scope"), address=address)
    if isinstance(waiting, Denied):
        return waiting.response()
    return JSONResponse(waiting.answer(settings), headers=NO_STORE)


@protocol.post("/oauth/revoke", dependencies=[unguarded()])
async def revocation(request: Request) -> Response:
    """End a token and its whole family (RFC 7009): 200 also for a token we do not know."""
    call = await Call.read(request)
    if isinstance(call, Denied):
        return call.response()
    presented = await Presented.read(call.form.get("token", ""), key_ring(request.app), settings_of(request))
    async with sign_in_transaction(request) as session:
        client = await call.shown.client(session)
        if isinstance(client, Denied):
            return client.response()
        if "token" not in call.form:
            return Denied("invalid_request", "token is missing.").response()
        await revoke(session, client, presented)
    return Response(headers=NO_STORE)


@protocol.post("/oauth/introspect", dependencies=[unguarded()])
async def introspection(request: Request) -> Response:
    """Tell a confidential client about its own token (RFC 7662)."""
    call = await Call.read(request)
    if isinstance(call, Denied):
        return call.response()
    settings = settings_of(request)
    presented = await Presented.read(call.form.get("token", ""), key_ring(request.app), settings)
    async with sign_in_transaction(request) as session:
        client = await call.shown.client(session)
        if isinstance(client, Denied):
            return client.response()
        if client.auth_method == "none":
            return Denied(
                "invalid_client", "A public client may not introspect.", HTTPStatus.UNAUTHORIZED
            ).response()
        return JSONResponse(await introspect(session, settings, client, presented), headers=NO_STORE)


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
async def userinfo(caller: Annotated[Principal, requires(Permission.PUBLIC)]) -> Response:
    """Who the access token's person is (OpenID Connect Core 1.0 §5.3).

    Raises:
        Unauthorized: there is no access token; a browser session does not count here.
        Forbidden: the token was not granted `openid`.
    """
    if caller.scopes is None:
        raise Unauthorized(headers={"WWW-Authenticate": f"Bearer, {challenge()}"})
    if "openid" not in caller.scopes or caller.kind != "person":
        lacking = 'Bearer error="insufficient_scope", scope="openid"'
        raise Forbidden(msg("此令牌不含 openid 授权"), headers={"WWW-Authenticate": lacking})
    claims = {"sub": str(caller.id)}
    if Permission.PROFILE_READ.value in caller.scopes:
        claims |= {"name": caller.name, "province": str(caller.tenant_id)}
    return JSONResponse(claims, headers=NO_STORE)
