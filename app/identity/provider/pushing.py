"""The pushed authorization request endpoint: the request is judged as at the authorization endpoint (RFC 9126 §2.1)."""

from collections.abc import Mapping

from app.core.db import Session
from app.identity.provider.answers import Denied
from app.identity.provider.authorization import (
    Parameters,
    RefusedAuthorization,
    UnknownClient,
    read_request,
    reply_of,
)
from app.identity.provider.dpop import Proof
from app.identity.provider.models import OAuthClient
from app.identity.provider.pushed import push
from app.settings import Settings

CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
LONGEST = 5000
"""Characters of all parameters together: none becomes more than four in the column that keeps them."""


async def push_request(
    session: Session,
    settings: Settings,
    client: OAuthClient,
    form: Mapping[str, str],
    proof: Proof | None,
) -> str | Denied:
    """The request_uri of a good request, or what is wrong with it."""
    parameters = {name: value for name, value in form.items() if name not in CREDENTIALS}
    parameters["client_id"] = client.client_id
    if proof is not None and parameters.setdefault("dpop_jkt", proof.jkt) != proof.jkt:
        return Denied("invalid_dpop_proof", "dpop_jkt is not the key of the proof.")
    if sum(len(name) + len(value) for name, value in parameters.items()) > LONGEST:
        return Denied("invalid_request", "The request is too long.")
    if not all(name.isprintable() and value.isprintable() for name, value in parameters.items()):
        return Denied("invalid_request", "Parameters must be printable text.")
    given = Parameters.read(parameters.items())
    try:
        # Pushed requests are what a client that must push them sends; nothing is kept under this digest yet.
        read_request(client, given, reply_of(client, given, settings), settings, pushed=b"")
    except UnknownClient:
        return Denied("invalid_request", "The redirect URI is not one of this client's.")
    except RefusedAuthorization as refusal:
        return Denied(refusal.error, refusal.description)
    return await push(session, client, parameters)
