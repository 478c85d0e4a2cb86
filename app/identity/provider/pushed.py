"""Authorization requests sent ahead, out of the browser's hands (RFC 9126).

The `request_uri` the client gets opens once: the browser that comes with it gets another in exchange, good for the time
it takes to sign in, until the request is answered. So neither a copied link nor a second answer is of use to anyone.
"""

from datetime import timedelta

from sqlalchemy import delete, func, insert, select, update

from app.core.clock import now
from app.core.crypto import new_token, token_digest
from app.core.db import Session
from app.core.errors import Problem
from app.core.i18n import msg
from app.identity.provider.models import OAuthClient, PushedRequest

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFETIME = timedelta(seconds=60)
OPENED_LIFETIME = timedelta(minutes=15)


class RequestOver(Problem):
    """The pushed request was answered, opened in another window, or left too long."""

    code = "identity.request_over"
    title = msg("这次授权请求已失效，请回到应用重新开始")


async def push(session: Session, client: OAuthClient, parameters: dict[str, str]) -> str:
    """Keep a request that was found good; its request_uri, for a minute."""
    token = new_token()
    await session.execute(
        insert(PushedRequest).values(
            tenant_id=client.tenant_id,
            digest=token_digest(token),
            client_id=client.id,
            parameters=parameters,
            expires_at=now() + LIFETIME,
        )
    )
    return PREFIX + token


async def open_request(session: Session, client: OAuthClient, uri: str) -> str | dict[str, str]:
    """The request_uri to come back with, or for that one the request's parameters.

    Raises:
        RequestOver: there is no such request of this client any more.
    """
    digest, exchanged = kept_under(uri), new_token()
    here = (
        PushedRequest.digest == digest,
        PushedRequest.client_id == client.id,
        PushedRequest.expires_at > func.clock_timestamp(),
    )
    first = (
        update(PushedRequest).where(*here, PushedRequest.opened.is_(False)).returning(PushedRequest.digest)
    )
    values = {"digest": token_digest(exchanged), "opened": True, "expires_at": now() + OPENED_LIFETIME}
    if await session.scalar(first.values(**values)) is not None:
        return PREFIX + exchanged
    known: dict[str, str] | None = await session.scalar(
        select(PushedRequest.parameters).where(*here, PushedRequest.opened.is_(True))
    )
    if known is None:
        raise RequestOver
    return known


def kept_under(uri: str) -> bytes:
    """What the database knows a request_uri by."""
    return token_digest(uri.removeprefix(PREFIX))


async def close_request(session: Session, digest: bytes | None) -> None:
    """The request, were it pushed, is answered now: it is gone.

    Raises:
        RequestOver: it was answered before.
    """
    if digest is not None:
        gone = delete(PushedRequest).where(PushedRequest.digest == digest).returning(PushedRequest.client_id)
        if await session.scalar(gone) is None:
            raise RequestOver
