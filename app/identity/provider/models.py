"""Clients, grants, codes, refresh tokens and signing keys."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Hidden, Own, Personal, Platform


class OAuthClient(Owned, Base):
    """An application registered with us 应用."""

    __tablename__ = "oauth_client"
    __table_args__ = (
        UniqueConstraint("client_id"),
        UniqueConstraint("tenant_id", "id"),
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        CheckConstraint("client_id ~ '^[A-Za-z0-9_-]{1,100}$'", name="client_id"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name"),
        CheckConstraint("kind IN ('web', 'public', 'system')", name="kind"),
        CheckConstraint("auth_method IN ('none', 'client_secret', 'private_key_jwt')", name="auth_method"),
        CheckConstraint("(kind = 'public') = (auth_method = 'none')", name="public"),
        CheckConstraint("(auth_method = 'client_secret') = (secret_digest IS NOT NULL)", name="secret"),
        CheckConstraint(
            "num_nonnulls(jwks, jwks_uri) = CASE auth_method WHEN 'private_key_jwt' THEN 1 ELSE 0 END",
            name="keys",
        ),
        CheckConstraint(
            "jsonb_typeof(jwks -> 'keys') = 'array' AND char_length(jwks::text) <= 20000", name="jwks"
        ),
        CheckConstraint("jwks_uri ~ '^https?://' AND char_length(jwks_uri) <= 2000", name="jwks_uri"),
        CheckConstraint("status IN ('active', 'disabled')", name="status"),
        ForeignKeyConstraint(["tenant_id", "owner_id"], ["account.tenant_id", "account.id"]),
        ForeignKeyConstraint(["tenant_id", "reviewed_by"], ["account.tenant_id", "account.id"]),
        CheckConstraint("char_length(purpose) BETWEEN 1 AND 500", name="purpose"),
        CheckConstraint("homepage ~ '^https?://' AND char_length(homepage) <= 500", name="homepage"),
        CheckConstraint("review IN ('approved', 'pending', 'refused')", name="review"),
        CheckConstraint("review = 'approved' OR owner_id IS NOT NULL", name="owner"),
        CheckConstraint("char_length(review_reason) BETWEEN 1 AND 500", name="review_reason"),
        CheckConstraint("(previous_digest IS NULL) = (previous_until IS NULL)", name="previous"),
        CheckConstraint(
            "jsonb_typeof(proposed) = 'object' AND char_length(proposed::text) <= 50000", name="proposed"
        ),
        CheckConstraint(
            "jsonb_array_length(redirect_uris) <= 50 AND jsonb_array_length(post_logout_redirect_uris) <= 50",
            name="redirect_uris",
        ),
        Index("ix_oauth_client_owner_id", "owner_id"),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    client_id: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    first_party: Mapped[bool] = mapped_column(server_default="false")
    """Our own: no consent is asked; its relative redirect URIs are below our base URL."""
    auth_method: Mapped[str]
    """How it proves who it is: by nothing, a secret, or a signature with its own key (RFC 7523)."""
    secret_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    jwks: Mapped[dict[str, Any] | None]
    """Its public keys, or else `jwks_uri`, where it publishes them."""
    jwks_uri: Mapped[str | None]
    require_par: Mapped[bool] = mapped_column(server_default="false")
    """Its authorization requests must be pushed (RFC 9126 §6)."""
    dpop_bound: Mapped[bool] = mapped_column(server_default="false")
    """Its access tokens must be bound to a key (RFC 9449 §5.2)."""
    redirect_uris: Mapped[list[str]] = mapped_column(server_default="[]")
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(server_default="[]")
    grant_types: Mapped[list[str]] = mapped_column(server_default="[]")
    scopes: Mapped[list[str]] = mapped_column(server_default="[]")
    """What it may ask for; `*` of our own command line: everything there is."""
    organisation_id: Mapped[UUID | None]
    """Whom a system acts for; none: the province."""
    status: Mapped[str] = mapped_column(server_default="active")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    owner_id: Mapped[UUID | None]
    """The developer who answers for it; none: the province."""
    purpose: Mapped[str | None]
    homepage: Mapped[str | None]
    review: Mapped[str] = mapped_column(server_default="approved")
    """Until a province admin approves it, a developer's application works for its developer alone."""
    review_reason: Mapped[str | None]
    reviewed_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]
    proposed: Mapped[dict[str, Any] | None]
    """What its developer wants changed since it was approved; the approved values hold until an admin agrees."""
    previous_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of the secret before the last rotation, good until `previous_until`."""
    previous_until: Mapped[datetime | None]
    last_used_on: Mapped[date | None]
    """The last day (UTC) it got a token."""
    version: Mapped[int] = mapped_column(server_default="1")

    def serves(self, account_id: UUID | None) -> bool:
        """Whether this person may use it: everybody once it is approved, before only its developer."""
        return self.review == "approved" or (self.review == "pending" and self.owner_id == account_id)


class OAuthGrant(Owned, Base):
    """What a client was given 授权: the family of its tokens. Owned by the person's province, or the system's."""

    __tablename__ = "oauth_grant"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        CheckConstraint("char_length(client_name) BETWEEN 1 AND 100", name="client_name"),
        CheckConstraint(
            "revoked_reason IS NULL OR (revoked_at IS NOT NULL "
            "AND revoked_reason IN ('person', 'client', 'code_replayed', 'refresh_token_reused', 'narrowed'))",
            name="revoked_reason",
        ),
        Index("ix_oauth_grant_account_id", "account_id"),
        Index("ix_oauth_grant_expires_at", "expires_at"),
        {"info": {"row_policy": Personal("account_id")}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client.id"))
    client_name: Mapped[str]
    """As the person saw it: the client may be another province's, whose row they cannot read."""
    first_party: Mapped[bool] = mapped_column(server_default="false")
    account_id: Mapped[UUID | None]
    """None: the client itself, a system."""
    scopes: Mapped[list[str]]
    methods: Mapped[list[str]] = mapped_column(server_default="[]")
    """How the person was authenticated, as in their browser session."""
    authenticated_at: Mapped[datetime]
    browser_session_id: Mapped[UUID | None]
    """The session in which the person allowed it: the `sid` of its ID tokens."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]


class OAuthCode(Owned, Base):
    """An authorization code: single use, a minute."""

    __tablename__ = "oauth_code"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        ForeignKeyConstraint(["tenant_id", "grant_id"], ["oauth_grant.tenant_id", "oauth_grant.id"]),
        CheckConstraint(
            "char_length(redirect_uri) <= 2000 AND char_length(challenge) <= 128 AND char_length(nonce) <= 1000",
            name="texts",
        ),
        CheckConstraint("char_length(jkt) = 43", name="jkt"),
        Index("ix_oauth_code_expires_at", "expires_at"),
        {"info": {"row_policy": Hidden()}},
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client.id"))
    account_id: Mapped[UUID]
    redirect_uri: Mapped[str]
    scopes: Mapped[list[str]]
    challenge: Mapped[str]
    nonce: Mapped[str | None]
    jkt: Mapped[str | None]
    """The key the client must prove to hold (RFC 9449 §10)."""
    methods: Mapped[list[str]] = mapped_column(server_default="[]")
    authenticated_at: Mapped[datetime]
    browser_session_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    grant_id: Mapped[UUID | None]


class RefreshToken(Owned, Base):
    """One link in a grant's chain of refresh tokens."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "grant_id"], ["oauth_grant.tenant_id", "oauth_grant.id"]),
        Index("ix_refresh_token_grant_id", "grant_id"),
        Index("ix_refresh_token_expires_at", "expires_at"),
        CheckConstraint("char_length(jkt) = 43", name="jkt"),
        {"info": {"row_policy": Hidden()}},
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    grant_id: Mapped[UUID]
    jkt: Mapped[str | None]
    """The key of a client that has no other proof (RFC 9449 §5)."""
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PushedRequest(Owned, Base):
    """An authorization request sent ahead (RFC 9126), of the client's province; `digest` is that of its request_uri."""

    __tablename__ = "pushed_request"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "client_id"], ["oauth_client.tenant_id", "oauth_client.id"]),
        CheckConstraint("char_length(parameters::text) <= 20000", name="parameters"),
        Index("ix_pushed_request_expires_at", "expires_at"),
        {"info": {"row_policy": Hidden()}},
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    client_id: Mapped[UUID]
    parameters: Mapped[dict[str, Any]]
    opened: Mapped[bool] = mapped_column(server_default="false")
    """A browser has come with it and got a request_uri of its own in exchange."""
    expires_at: Mapped[datetime]


class DeviceCode(Owned, Base):
    """A device that waits for its person (RFC 8628), of the client's province."""

    __tablename__ = "device_code"
    __table_args__ = (
        UniqueConstraint("user_code"),
        ForeignKeyConstraint(["tenant_id", "client_id"], ["oauth_client.tenant_id", "oauth_client.id"]),
        ForeignKeyConstraint(["account_tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        CheckConstraint("decision IN ('allowed', 'denied')", name="decision"),
        CheckConstraint(
            "num_nonnulls(decision, account_tenant_id, account_id, authenticated_at) IN (0, 4)",
            name="decided",
        ),
        CheckConstraint("used_at IS NULL OR decision IS NOT DISTINCT FROM 'allowed'", name="used"),
        CheckConstraint("char_length(address) <= 64", name="address"),
        Index("ix_device_code_expires_at", "expires_at"),
        {"info": {"row_policy": Hidden()}},
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_code: Mapped[bytes] = mapped_column(LargeBinary)
    """A keyed digest: the code itself is short."""
    client_id: Mapped[UUID]
    scopes: Mapped[list[str]]
    address: Mapped[str]
    """Where the device asked from, shown to the person."""
    expires_at: Mapped[datetime]
    poll_seconds: Mapped[int] = mapped_column(server_default="5")
    polled_at: Mapped[datetime | None]
    decision: Mapped[str | None]
    account_tenant_id: Mapped[str | None]
    account_id: Mapped[UUID | None]
    methods: Mapped[list[str]] = mapped_column(server_default="[]")
    authenticated_at: Mapped[datetime | None]
    browser_session_id: Mapped[UUID | None]
    used_at: Mapped[datetime | None]


class UsedProof(Base):
    """A signed statement that counts once (`jti` of RFC 7523 and RFC 9449), kept until it would be too old anyway."""

    __tablename__ = "used_proof"
    __table_args__ = (
        Index("ix_used_proof_expires_at", "expires_at"),
        {"info": {"row_policy": Platform()}},
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime]


class SigningKey(Base):
    """A key that signs tokens: one is active, the next is published ahead, those before stay published for a while."""

    __tablename__ = "signing_key"
    __table_args__ = (
        CheckConstraint("state IN ('next', 'active', 'retiring')", name="state"),
        Index("ix_signing_key_state", "state", unique=True, postgresql_where=text("state <> 'retiring'")),
        CheckConstraint("char_length(kid) BETWEEN 1 AND 100", name="kid"),
        {"info": {"row_policy": Hidden()}},
    )

    kid: Mapped[str] = mapped_column(primary_key=True)
    public_jwk: Mapped[dict[str, Any]]
    private_jwk: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted."""
    state: Mapped[str] = mapped_column(server_default="active")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    """When it came into its state."""
