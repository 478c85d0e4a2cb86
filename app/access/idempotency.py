"""Idempotency-Key: a change repeated by the same caller is carried out once and answered the same.

An answer may tell a secret that is told once, of which the database keeps no more than a digest: it is kept encrypted.

The key is claimed by an insert in the request's own transaction, so a second request waits for the first one's commit.
Refusals are not kept: their transaction is rolled back, and trying again is the right thing to do.
"""

import hashlib
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from python_multipart.multipart import parse_options_header
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.access.models import IdempotencyKey
from app.core.crypto import box
from app.core.db import Session
from app.core.errors import FieldError, Invalid
from app.core.i18n import msg
from app.tenancy.context import context_of

HEADER = "idempotency-key"
MAXIMUM_LENGTH = 200
KEPT_HEADERS = ("content-type", "etag", "location")


async def once(
    session: Session, request: Request, key: str, handle: Callable[[], Awaitable[Response]]
) -> Response:
    """The answer to this request: the kept one when it was carried out before.

    Raises:
        Invalid: the key is malformed, or was used with another request.
    """
    if not 1 <= len(key) <= MAXIMUM_LENGTH or not key.isprintable():
        raise Invalid(
            errors=[FieldError(HEADER, "idempotency_key_malformed", msg("幂等键须为 1–200 个可见字符"))]
        )
    sealed = box(request.app.state.settings.secret, "idempotency-key")
    context = context_of(session)
    digest = await _digest(request)
    claim = (
        insert(IdempotencyKey)
        .values(tenant_id=context.tenant_id, caller_id=context.caller_id, key=key, request_digest=digest)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    mine = (IdempotencyKey.caller_id == context.caller_id, IdempotencyKey.key == key)
    if await session.scalar(claim) is None:
        kept = (await session.scalars(select(IdempotencyKey).where(*mine))).one()
        if kept.request_digest != digest:
            raise Invalid(
                errors=[FieldError(HEADER, "idempotency_key_reused", msg("该幂等键已用于另一个请求"))]
            )
        headers = {**kept.headers, "idempotency-replayed": "true"}
        return Response(sealed.decrypt(kept.body), status_code=kept.status, headers=headers)
    response = await handle()
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    values = {
        "status": response.status_code,
        "headers": headers,
        "body": sealed.encrypt(bytes(response.body)),
    }
    await session.execute(update(IdempotencyKey).where(*mine).values(**values))
    return response


async def _digest(request: Request) -> bytes:
    """What makes two requests the same: method, address, version asked for, and body."""
    body = await request.body()
    _, options = parse_options_header(request.headers.get("content-type"))
    if boundary := options.get(b"boundary"):
        # Clients draw another boundary each time they send the same form.
        body = body.replace(b"--" + boundary, b"--")
    version = request.headers.get("if-match", "")
    target = f"{request.method} {request.url.path}?{request.url.query} {version}\n"
    return hashlib.sha256(target.encode() + body).digest()
