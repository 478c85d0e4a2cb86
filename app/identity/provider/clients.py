"""Applications registered with us, and how they prove who they are."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import insert

from app.access.permissions import SCOPES
from app.core.crypto import new_token, token_digest
from app.core.db import Session
from app.core.errors import FieldError, Invalid
from app.core.i18n import Message, msg
from app.identity.provider.client_keys import public_keys
from app.identity.provider.models import OAuthClient
from app.journal.public import record

Kind = Literal["web", "public", "system"]
AuthMethod = Literal["none", "client_secret", "private_key_jwt"]
EMAIL = "email"
IDENTITY_SCOPES = ("openid", EMAIL)
"""What tells an application who somebody is, and lets it do nothing."""
KNOWN_SCOPES = (*IDENTITY_SCOPES, *SCOPES)
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
EVERYTHING = "*"
ADDRESS_REFUSED = msg("回调地址须为不含片段的 https 地址")
_HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")
_UNSAFE = re.compile(r'[\s"<>\\^`{|}]')
"""What RFC 3986 lets stand nowhere in an address; browsers mend it, so that it leads elsewhere than it says."""
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
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
    jwks: Mapping[str, Any] | None = None
    """Its public keys (RFC 7517), when it signs instead of showing a secret (RFC 7523)."""
    jwks_uri: str | None = None
    """Or where it publishes them."""
    device_grant: bool = False
    """It runs where there is no browser (RFC 8628)."""
    require_par: bool = False
    dpop_bound: bool = False
    owner_id: UUID | None = None
    """The developer who answers for it; none: the province."""
    purpose: str | None = None
    homepage: str | None = None
    reviewed: bool = True
    """Until it is, it works for its developer alone."""

    @property
    def auth_method(self) -> AuthMethod:
        """How the application will prove who it is."""
        if self.kind == "public":
            return "none"
        return "client_secret" if self.jwks is None and self.jwks_uri is None else "private_key_jwt"

    @property
    def grant_types(self) -> list[str]:
        """What it may send to the token endpoint."""
        own = GRANT_TYPES[self.kind]
        return [*own, DEVICE_GRANT] if self.device_grant and self.kind != "system" else [*own]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a new application is told, once."""

    id: UUID
    client_id: str
    secret: str | None


async def register_client(session: Session, wanted: Registration) -> Credentials:
    """Register an application. Runs in the sign-in context, or in that of the province.

    Raises:
        Invalid: a scope is unknown; a redirect URI is not absolute https (http on loopback) or has a fragment; the keys
            are none, or both given and published, or of an application without a secret; their address is not https.
    """
    ensure_sound(wanted)
    client_id = wanted.client_id or uuid4().hex
    secret = (wanted.secret or new_token()) if wanted.auth_method == "client_secret" else None
    new = (
        insert(OAuthClient)
        .values(
            tenant_id=wanted.tenant_id,
            client_id=client_id,
            name=wanted.name,
            kind=wanted.kind,
            auth_method=wanted.auth_method,
            secret_digest=token_digest(secret) if secret else None,
            jwks=dict(wanted.jwks) if wanted.jwks is not None else None,
            jwks_uri=wanted.jwks_uri,
            redirect_uris=list(wanted.redirect_uris),
            post_logout_redirect_uris=list(wanted.post_logout_redirect_uris),
            grant_types=wanted.grant_types,
            scopes=list(wanted.scopes),
            organisation_id=wanted.organisation_id,
            require_par=wanted.require_par,
            dpop_bound=wanted.dpop_bound,
            owner_id=wanted.owner_id,
            purpose=wanted.purpose,
            homepage=wanted.homepage,
            review="approved" if wanted.reviewed else "pending",
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


def ensure_sound(wanted: Registration) -> None:
    """Refuse what no application may be registered with, all faults at once.

    Raises:
        Invalid: as `register_client`.
    """
    if errors := [*_faults(wanted), *_key_faults(wanted)]:
        raise Invalid(errors=errors)


def allowed_scopes(client: OAuthClient) -> list[str]:
    """What an application may ask for."""
    return [*KNOWN_SCOPES] if client.scopes == [EVERYTHING] else client.scopes


def unknown_scope(scope: str) -> Message:
    """What is said of a scope that nobody has."""
    return msg("未知的权限范围：{scope}", scope=scope)


def _faults(wanted: Registration) -> Iterator[FieldError]:
    for scope in wanted.scopes:
        if scope not in KNOWN_SCOPES:
            yield FieldError("scopes", "scope_unknown", unknown_scope(scope))
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in getattr(wanted, name):
            if not acceptable(uri):
                yield FieldError(name, "redirect_uri_refused", ADDRESS_REFUSED)


def _key_faults(wanted: Registration) -> Iterator[FieldError]:
    jwks, uri = wanted.jwks, wanted.jwks_uri
    if jwks is not None and public_keys(jwks) is None:
        yield FieldError(
            "jwks", "jwks_refused", msg("公钥集须为 JWK Set，只含非对称公钥，RSA 不少于 2048 位")
        )
    if uri is not None and not acceptable(uri):
        yield FieldError("jwks_uri", "jwks_uri_refused", msg("公钥地址须为不含片段的 https 地址"))
    if jwks is not None and uri is not None:
        yield FieldError("jwks_uri", "jwks_given_twice", msg("公钥集与公钥地址只能填写一项"))
    if wanted.kind == "public" and (jwks is not None or uri is not None):
        yield FieldError("jwks", "jwks_of_public_client", msg("公开应用不使用密钥"))


def acceptable(uri: str) -> bool:
    """Whether people may be sent to an address (OAuth 2.1 §2.3): absolute, no fragment; plain http on this machine only."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or not _HOST.fullmatch(host) or "#" in uri or parts.username is not None:
        return False
    if _UNSAFE.search(uri) or not uri.isascii() or not uri.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
