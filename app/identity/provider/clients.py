"""Applications registered with us, and how they prove who they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import insert

from app.access.permissions import SCOPES
from app.core.crypto import new_token, token_digest
from app.core.db import Session
from app.core.errors import FieldError, Invalid
from app.core.i18n import msg
from app.identity.provider.models import OAuthClient
from app.journal.public import record

Kind = Literal["web", "public", "system"]
IDENTITY_SCOPES = ("openid",)
KNOWN_SCOPES = (*IDENTITY_SCOPES, *SCOPES)
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
GRANT_TYPES: dict[Kind, tuple[str, ...]] = {
    "web": ("authorization_code", "refresh_token"),
    "public": ("authorization_code", "refresh_token"),
    "system": ("client_credentials",),
}


@dataclass(frozen=True, slots=True)
class Registration:
    """What is asked of a new application."""

    tenant_id: str
    name: str
    kind: Kind
    scopes: Sequence[str]
    redirect_uris: Sequence[str] = field(default=())
    post_logout_redirect_uris: Sequence[str] = field(default=())
    organisation_id: UUID | None = None
    """Whom a system acts for; none: the whole province."""
    client_id: str | None = None
    secret: str | None = None
    """Given only where a known secret is wanted, as in demonstration data."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a new application is told, once."""

    id: UUID
    client_id: str
    secret: str | None


async def register_client(session: Session, wanted: Registration) -> Credentials:
    """Register an application. Runs in the sign-in context, or in that of the province.

    Raises:
        Invalid: a scope is unknown, or a redirect URI is not absolute https (http on loopback) or has a fragment.
    """
    errors = [
        FieldError("scopes", "scope_unknown", msg("未知的权限范围：{scope}", scope=scope))
        for scope in wanted.scopes
        if scope not in KNOWN_SCOPES
    ]
    errors += [
        FieldError("redirect_uris", "redirect_uri_refused", msg("回调地址须为不含片段的 https 地址"))
        for uri in (*wanted.redirect_uris, *wanted.post_logout_redirect_uris)
        if not _acceptable(uri)
    ]
    if errors:
        raise Invalid(errors=errors)
    client_id = wanted.client_id or uuid4().hex
    secret = None if wanted.kind == "public" else (wanted.secret or new_token())
    new = (
        insert(OAuthClient)
        .values(
            tenant_id=wanted.tenant_id,
            client_id=client_id,
            name=wanted.name,
            kind=wanted.kind,
            secret_digest=token_digest(secret) if secret else None,
            redirect_uris=list(wanted.redirect_uris),
            post_logout_redirect_uris=list(wanted.post_logout_redirect_uris),
            grant_types=list(GRANT_TYPES[wanted.kind]),
            scopes=list(wanted.scopes),
            organisation_id=wanted.organisation_id,
        )
        .returning(OAuthClient.id)
    )
    row_id = (await session.scalars(new)).one()
    await record(
        session,
        "oauth_client.registered",
        subject=("oauth_client", row_id),
        tenant_id=wanted.tenant_id,
        after={"name": wanted.name, "kind": wanted.kind, "scopes": list(wanted.scopes)},
    )
    return Credentials(row_id, client_id, secret)


def _acceptable(uri: str) -> bool:
    """OAuth 2.1 §2.3: absolute, no fragment; plain http on this machine only."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return False
    if not host or "#" in uri or parts.username is not None or not uri.isascii() or not uri.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
