"""A provider ends its sessions here too (OpenID Connect Back-Channel Logout 1.0)."""

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import exists, func, update
from sqlalchemy.dialects.postgresql import insert as upsert
from starlette.responses import JSONResponse, Response

from app.access.guards import unguarded
from app.core.db import Session
from app.core.errors import NotFound
from app.identity.context import sign_in_transaction
from app.identity.federation import queries
from app.identity.federation.models import SELF, ExternalIdentity, IdentityProvider, ProviderLogout
from app.identity.federation.problems import ProviderUnreachable
from app.identity.federation.relying_party import RelyingParty
from app.identity.federation.tokens import LOGOUT_SECONDS, BadToken
from app.identity.models import BrowserSession
from app.journal.public import Event, record_all

ADDRESS = "/sign-in/{province}/{provider_id}/logout"
NO_STORE = {"Cache-Control": "no-store"}
logout = APIRouter(include_in_schema=False)


@logout.post(ADDRESS, dependencies=[unguarded()])
async def end_sessions(request: Request, province: str, provider_id: UUID) -> Response:
    """End the sessions a logout token names: 200 also where there are none any more, 400 for a token that is not good.

    Raises:
        NotFound: the province has no such provider, or does not use it.
    """
    token = (await request.form()).get("logout_token")
    async with sign_in_transaction(request) as session:
        provider = await session.scalar(queries.provider(provider_id))
    if provider is None or provider.tenant_id != province or not provider.enabled or provider.issuer == SELF:
        raise NotFound
    if not isinstance(token, str):
        return _refusal()
    try:
        claims = await RelyingParty.of(request.app, provider).logout_token(token)
    except (BadToken, ProviderUnreachable):
        return _refusal()
    async with sign_in_transaction(request) as session:
        if not await _first_time(session, provider, claims):
            return _refusal()
        await _end(session, provider, claims)
    return Response(headers=NO_STORE)


def _refusal() -> Response:
    return JSONResponse({"error": "invalid_request"}, 400, headers=NO_STORE)


async def _first_time(session: Session, provider: IdentityProvider, claims: Mapping[str, Any]) -> bool:
    """Whether this token was not taken before; the database decides where it comes twice at once."""
    until = min(claims["exp"], time.time() + LOGOUT_SECONDS) + 2 * provider.clock_skew_seconds
    new = upsert(ProviderLogout).values(
        tenant_id=provider.tenant_id,
        identity_provider_id=provider.id,
        digest=hashlib.sha256(claims["jti"].encode()).digest(),
        kept_until=datetime.fromtimestamp(until, UTC),
    )
    taken = new.on_conflict_do_nothing().returning(ProviderLogout.identity_provider_id)
    return await session.scalar(taken) is not None


async def _end(session: Session, provider: IdentityProvider, claims: Mapping[str, Any]) -> None:
    """By `sid` that session alone, by `sub` all the person's; where both are given, both must fit."""
    named = [BrowserSession.identity_provider_id == provider.id, BrowserSession.revoked_at.is_(None)]
    if "sid" in claims:
        named.append(BrowserSession.provider_session == claims["sid"])
    if "sub" in claims:
        whose = (
            ExternalIdentity.account_id == BrowserSession.account_id,
            ExternalIdentity.tenant_id == provider.tenant_id,
            ExternalIdentity.issuer == provider.issuer,
            ExternalIdentity.subject == claims["sub"],
        )
        named.append(exists().where(*whose))
    ended = update(BrowserSession).where(*named).values(revoked_at=func.clock_timestamp())
    rows = await session.execute(
        ended.returning(BrowserSession.id, BrowserSession.tenant_id),
        execution_options={"synchronize_session": False},
    )
    await record_all(
        session,
        [
            Event(
                "identity.ended_by_provider",
                ("browser_session", row.id),
                row.tenant_id,
                after={"identity_provider_id": provider.id},
            )
            for row in rows
        ],
    )
