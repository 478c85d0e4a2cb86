"""The machine endpoints of our provider: discovery, keys, tokens, revocation, introspection, userinfo.

Their requests and errors are those of the OAuth standards, not problem+json, and discovery describes them, so they are
not in the OpenAPI document.
"""

from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.access.guards import requires, unguarded
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import Session
from app.core.errors import Forbidden, Unauthorized
from app.core.i18n import msg
from app.identity.context import settings_of, sign_in_transaction
from app.identity.provider.answers import NO_STORE, Denied
from app.identity.provider.client_authentication import authenticated_client
from app.identity.provider.discovery import metadata
from app.identity.provider.exchange import Exchange
from app.identity.provider.inspection import Presented, introspect, revoke
from app.identity.provider.keys import key_ring
from app.identity.provider.models import OAuthClient

protocol = APIRouter(include_in_schema=False)
CACHED = {
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
FORM = "application/x-www-form-urlencoded"


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
    """Give tokens for a code, a refresh token or a system's secret."""
    form = await _form(request)
    if isinstance(form, Denied):
        return form.response()
    key = await key_ring(request.app).signing()
    async with sign_in_transaction(request) as session:
        client = await _client(request, session, form)
        if isinstance(client, Denied):
            return client.response()
        answer = await Exchange(session, settings_of(request), key, client, form).answer()
    return answer.response()


@protocol.post("/oauth/revoke", dependencies=[unguarded()])
async def revocation(request: Request) -> Response:
    """End a token and its whole family (RFC 7009): 200 also for a token we do not know."""
    form = await _form(request)
    if isinstance(form, Denied):
        return form.response()
    presented = await Presented.read(form.get("token", ""), key_ring(request.app), settings_of(request))
    async with sign_in_transaction(request) as session:
        client = await _client(request, session, form)
        if isinstance(client, Denied):
            return client.response()
        if "token" not in form:
            return Denied("invalid_request", "token is missing.").response()
        await revoke(session, client, presented)
    return Response(headers=NO_STORE)


@protocol.post("/oauth/introspect", dependencies=[unguarded()])
async def introspection(request: Request) -> Response:
    """Tell a confidential client about its own token (RFC 7662)."""
    form = await _form(request)
    if isinstance(form, Denied):
        return form.response()
    settings = settings_of(request)
    presented = await Presented.read(form.get("token", ""), key_ring(request.app), settings)
    async with sign_in_transaction(request) as session:
        client = await _client(request, session, form)
        if isinstance(client, Denied):
            return client.response()
        if client.secret_digest is None:
            return Denied(
                "invalid_client", "A public client may not introspect.", HTTPStatus.UNAUTHORIZED
            ).response()
        return JSONResponse(await introspect(session, settings, client, presented), headers=NO_STORE)


@protocol.get("/oauth/userinfo")
@protocol.post("/oauth/userinfo")
async def userinfo(caller: Annotated[Principal, requires(Permission.PUBLIC)]) -> Response:
    """Who the access token's person is (OpenID Connect Core 1.0 §5.3).

    Raises:
        Unauthorized: there is no access token; a browser session does not count here.
        Forbidden: the token was not granted `openid`.
    """
    if caller.scopes is None:
        raise Unauthorized(headers={"WWW-Authenticate": "Bearer"})
    if "openid" not in caller.scopes or caller.kind != "person":
        challenge = 'Bearer error="insufficient_scope", scope="openid"'
        raise Forbidden(msg("此令牌不含 openid 授权"), headers={"WWW-Authenticate": challenge})
    claims = {"sub": str(caller.id)}
    if Permission.PROFILE_READ.value in caller.scopes:
        claims |= {"name": caller.name, "province": str(caller.tenant_id)}
    return JSONResponse(claims, headers=NO_STORE)


async def _client(request: Request, session: Session, form: Mapping[str, str]) -> OAuthClient | Denied:
    return await authenticated_client(session, request.headers.get("authorization"), form)


async def _form(request: Request) -> dict[str, str] | Denied:
    """The form's parameters, each given once."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return Denied("invalid_request", f"The body must be {FORM}.")
    pairs = [(name, str(value)) for name, value in (await request.form()).multi_items() if value]
    if any(times > 1 for times in Counter(name for name, _ in pairs).values()):
        return Denied("invalid_request", "A parameter is given more than once.")
    return dict(pairs)
