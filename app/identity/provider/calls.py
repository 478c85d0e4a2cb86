"""A call of one of the provider's machine endpoints: read before its transaction, answered, and noted where refused."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from app.access.limits.charges import Charges
from app.access.noting import note_refusal
from app.access.principal import Principal
from app.core.db import Session
from app.core.errors import TooManyRequests
from app.identity.context import settings_of, sign_in_transaction
from app.identity.provider.answers import Denied, oauth_error
from app.identity.provider.client_authentication import Shown, shown
from app.identity.provider.dpop import (
    HEADER,
    NONCE_HEADER,
    BadProof,
    NonceWanted,
    Proof,
    new_nonce,
    read_proof,
)
from app.identity.provider.models import OAuthClient
from app.identity.provider.published_keys import client_keys
from app.identity.provider.tokens import audience

FORM = "application/x-www-form-urlencoded"
NOTED = frozenset({"invalid_client", "invalid_grant", "unauthorized_client"})
"""What somebody who holds what is not theirs is told; a device that asks too early, or a typing error, is no news."""


@dataclass(frozen=True, slots=True)
class Call:
    """The parameters, each given once, and how the client presents itself."""

    request: Request
    form: Mapping[str, str]
    shown: Shown

    @classmethod
    async def read(cls, request: Request) -> "Call | Denied":
        """Read the call; the client is not known yet."""
        pairs = await form_pairs(request)
        if isinstance(pairs, Denied):
            return pairs
        if any(value != audience(settings_of(request)) for name, value in pairs if name == "resource"):
            return Denied("invalid_target", "The resource is not known here.")
        given = await shown(
            lambda: sign_in_transaction(request),
            client_keys(request.app),
            request.headers.get("authorization"),
            dict(pairs),
        )
        return given if isinstance(given, Denied) else cls(request, dict(pairs), given)

    async def client(self, session: Session) -> OAuthClient | Denied:
        """The application that calls, counted once it has proved who it is."""
        client = await self.shown.client(session)
        if isinstance(client, Denied) or client.auth_method == "none":
            return client
        charges: Charges = self.request.state.charges
        try:
            await charges.application(client.id)
        except TooManyRequests as problem:
            return oauth_error(problem)
        return client

    def proof(self) -> Proof | Denied | None:
        """The proof of possession, were there one."""
        request = self.request
        try:
            return read_proof(
                request.headers.getlist(HEADER),
                settings_of(request),
                method=request.method,
                path=request.scope["raw_path"].decode("ascii", "replace"),
            )
        except NonceWanted:
            return Denied(NonceWanted.error, "The proof must carry the nonce given here.")
        except BadProof:
            return Denied(BadProof.error, "The proof is not one for this request.")


async def answered(request: Request, handle: Callable[[Call], Awaitable[Response | Denied]]) -> Response:
    """The answer to a call, with a nonce for the next proof of a client that makes proofs.

    A refusal is noted in the journal of the client's province, after the answer: its time must not tell who is known.
    """
    call = await Call.read(request)
    answer = call if isinstance(call, Denied) else await handle(call)
    response = answer.response() if isinstance(answer, Denied) else answer
    if isinstance(answer, Denied) and answer.client is not None and answer.error in NOTED:
        response.background = BackgroundTask(_note, request, answer.client, answer)
    if HEADER in request.headers:
        response.headers[NONCE_HEADER] = new_nonce(settings_of(request))
    return response


async def _note(request: Request, client: OAuthClient, refusal: Denied) -> None:
    nobody = Principal(tenant_id=client.tenant_id)
    await note_refusal(request, nobody, ("oauth_client", client.id), refusal.status, refusal.error)


async def form_pairs(request: Request) -> list[tuple[str, str]] | Denied:
    """The form's parameters; only `resource` may be repeated (RFC 8707 §2), empty ones count as absent."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return Denied("invalid_request", f"The body must be {FORM}.")
    pairs = [(name, str(value)) for name, value in (await request.form()).multi_items() if value]
    if any(times > 1 for times in Counter(name for name, _ in pairs if name != "resource").values()):
        return Denied("invalid_request", "A parameter is given more than once.")
    return pairs
