"""Clients, grants, codes, refresh tokens and signing keys."""

from datetime import datetime
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
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Hidden, Own, Personal


class OAuthClient(Owned, Base):
    """An application registered with us 应用."""

    __tablename__ = "oauth_client"
    __table_args__ = (
        UniqueConstraint("client_id"),
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        CheckConstraint("client_id ~ '^[A-Za-z0-9_-]{1,100}$'", name="client_id"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name"),
        CheckConstraint("kind IN ('web', 'public', 'system')", name="kind"),
        CheckConstraint("(kind = 'public') = (secret_digest IS NULL)", name="secret"),
        CheckConstraint("status IN ('active', 'disabled')", name="status"),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    client_id: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    first_party: Mapped[bool] = mapped_column(server_default="false")
    """Our own: no consent is asked; its relative redirect URIs are below our base URL."""
    secret_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    redirect_uris: Mapped[list[str]] = mapped_column(server_default="[]")
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(server_default="[]")
    grant_types: Mapped[list[str]] = mapped_column(server_default="[]")
    scopes: Mapped[list[str]] = mapped_column(server_default="[]")
    organisation_id: Mapped[UUID | None]
    """Whom a system acts for; none: the province."""
    status: Mapped[str] = mapped_column(server_default="active")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class OAuthGrant(Owned, Base):
    """What a client was given 授权: the family of its tokens. Owned by the person's province, or the system's."""

    __tablename__ = "oauth_grant"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        CheckConstraint("char_length(client_name) BETWEEN 1 AND 100", name="client_name"),
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
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


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
    methods: Mapped[list[str]] = mapped_column(server_default="[]")
    authenticated_at: Mapped[datetime]
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
        {"info": {"row_policy": Hidden()}},
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    grant_id: Mapped[UUID]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SigningKey(Base):
    """A key that signs tokens; a retiring one is still published until its tokens have expired."""

    __tablename__ = "signing_key"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'retiring')", name="state"),
        CheckConstraint("char_length(kid) BETWEEN 1 AND 100", name="kid"),
        {"info": {"row_policy": Hidden()}},
    )

    kid: Mapped[str] = mapped_column(primary_key=True)
    public_jwk: Mapped[dict[str, Any]]
    private_jwk: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted."""
    state: Mapped[str] = mapped_column(server_default="active")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
