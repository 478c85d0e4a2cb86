"""A call of one of the provider's machine endpoints, read before its transaction: form, credentials, proof."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from app.identity.context import settings_of, sign_in_transaction
from app.identity.provider.answers import Denied
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
from app.identity.provider.published_keys import client_keys
from app.identity.provider.tokens import audience

FORM = "application/x-www-form-urlencoded"


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

    def finished(self, response: Response) -> Response:
        """The answer, with a nonce for the next proof of a client that makes proofs."""
        if HEADER in self.request.headers:
            response.headers[NONCE_HEADER] = new_nonce(settings_of(self.request))
        return response


async def form_pairs(request: Request) -> list[tuple[str, str]] | Denied:
    """The form's parameters; only `resource` may be repeated (RFC 8707 §2), empty ones count as absent."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return Denied("invalid_request", f"The body must be {FORM}.")
    pairs = [(name, str(value)) for name, value in (await request.form()).multi_items() if value]
    if any(times > 1 for times in Counter(name for name, _ in pairs if name != "resource").values()):
        return Denied("invalid_request", "A parameter is given more than once.")
    return pairs
