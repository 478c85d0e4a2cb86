"""Providers, the identities they vouch for, and the logout tokens they have sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import Owned
from app.tenancy.policies import Hidden, Own

SELF = "self"
"""The issuer of the built-in provider, whatever address it has."""
ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
)
CLAIMS = ("name_claim", "unit_claim", "uscc_claim", "assurance_claim")


class IdentityProvider(Owned, Base):
    """Where a province's people sign in 身份提供方."""

    __tablename__ = "identity_provider"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "issuer", "client_id"),
        CheckConstraint("issuer = 'self' OR issuer ~ '^https?://'", name="issuer"),
        CheckConstraint("char_length(issuer) <= 500", name="issuer_length"),
        CheckConstraint("char_length(client_id) BETWEEN 1 AND 255", name="client_id"),
        CheckConstraint(
            "char_length(name_zh) BETWEEN 1 AND 50 AND char_length(name_en) BETWEEN 1 AND 100", name="names"
        ),
        CheckConstraint(
            "jsonb_typeof(scopes) = 'array' AND scopes ? 'openid' AND length(scopes::text) <= 1000",
            name="scopes",
        ),
        CheckConstraint(
            "num_nonnulls(authorization_endpoint, token_endpoint, jwks_uri) IN (0, 3) AND "
            "(authorization_endpoint IS NOT NULL OR num_nonnulls(userinfo_endpoint, end_session_endpoint) = 0)",
            name="endpoints",
        ),
        CheckConstraint(
            " AND ".join(f"{name} ~ '^https?://' AND char_length({name}) <= 500" for name in ENDPOINTS),
            name="addresses",
        ),
        CheckConstraint(
            "CASE token_auth_method WHEN 'none' THEN client_secret IS NULL ELSE "
            "token_auth_method IN ('client_secret_basic', 'client_secret_post') AND client_secret IS NOT NULL END",
            name="token_auth_method",
        ),
        CheckConstraint("clock_skew_seconds BETWEEN 0 AND 300", name="clock_skew_seconds"),
        CheckConstraint(
            "jsonb_typeof(two_factor_acrs) = 'array' AND length(two_factor_acrs::text) <= 2000",
            name="two_factor_acrs",
        ),
        CheckConstraint(
            "jsonb_typeof(verified_assurances) = 'array' AND length(verified_assurances::text) <= 2000",
            name="verified_assurances",
        ),
        CheckConstraint(
            "first_sign_in = 'refuse' OR "
            "(first_sign_in = 'create' AND issuer <> 'self' AND name_claim IS NOT NULL)",
            name="first_sign_in",
        ),
        CheckConstraint("NOT vouches_for_units OR uscc_claim IS NOT NULL", name="vouches_for_units"),
        CheckConstraint(
            " AND ".join(f"char_length({name}) BETWEEN 1 AND 200" for name in CLAIMS), name="claims"
        ),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    name_zh: Mapped[str]
    name_en: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted; a public client has none."""
    enabled: Mapped[bool] = mapped_column(server_default="true")
    position: Mapped[int] = mapped_column(server_default="1")
    scopes: Mapped[list[str]] = mapped_column(server_default='["openid"]')
    authorization_endpoint: Mapped[str | None]
    """With the two below: the provider's endpoints by hand. None: they are discovered."""
    token_endpoint: Mapped[str | None]
    jwks_uri: Mapped[str | None]
    userinfo_endpoint: Mapped[str | None]
    end_session_endpoint: Mapped[str | None]
    token_auth_method: Mapped[str] = mapped_column(server_default="none")
    clock_skew_seconds: Mapped[int] = mapped_column(server_default="60")
    """How far its clock may be from ours."""
    iss_required: Mapped[bool] = mapped_column(server_default="false")
    """An answer without `iss` (RFC 9207) is refused, whatever its metadata says."""
    trusts_factors: Mapped[bool] = mapped_column(server_default="false")
    """What it says of two factors counts here."""
    two_factor_acrs: Mapped[list[str]] = mapped_column(server_default="[]")
    """Values of its `acr` that mean two factors, beside `mfa` in its `amr`."""
    first_sign_in: Mapped[str] = mapped_column(server_default="refuse")
    """What becomes of a person without account: `create` one, or `refuse`."""
    vouches_for_units: Mapped[bool] = mapped_column(server_default="false")
    """Whom it calls a person of an organisation becomes its member."""
    signs_out_there: Mapped[bool] = mapped_column(server_default="false")
    """Who signs out here is signed out there too."""
    name_claim: Mapped[str | None]
    unit_claim: Mapped[str | None]
    uscc_claim: Mapped[str | None]
    assurance_claim: Mapped[str | None]
    verified_assurances: Mapped[list[str]] = mapped_column(server_default="[]")
    """Levels of assurance that mean a verified real name 实名."""
    version: Mapped[int] = mapped_column(server_default="1")


class ExternalIdentity(Owned, Base):
    """The link from a provider's subject to an account, with what the provider said last of the person."""

    __tablename__ = "external_identity"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "identity_provider_id"], ["identity_provider.tenant_id", "identity_provider.id"]
        ),
        # Two provinces may trust the same issuer; what one of them is told of a subject binds only itself.
        UniqueConstraint("issuer", "subject", "tenant_id"),
        Index("ix_external_identity_account_id", "account_id"),
        Index("ix_external_identity_identity_provider_id", "identity_provider_id"),
        CheckConstraint("issuer = 'self' OR issuer ~ '^https?://'", name="issuer"),
        CheckConstraint("char_length(subject) BETWEEN 1 AND 255", name="subject"),
        CheckConstraint(
            "char_length(name) BETWEEN 1 AND 100 AND char_length(unit) BETWEEN 1 AND 200 "
            "AND char_length(uscc) BETWEEN 1 AND 50 AND char_length(assurance) BETWEEN 1 AND 100",
            name="facts",
        ),
        {"info": {"row_policy": Hidden()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    account_id: Mapped[UUID]
    issuer: Mapped[str]
    subject: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    identity_provider_id: Mapped[UUID | None]
    """Through which of the province's providers it was linked; none: the built-in one."""
    name: Mapped[str | None]
    unit: Mapped[str | None]
    uscc: Mapped[str | None]
    assurance: Mapped[str | None]
    verified: Mapped[bool] = mapped_column(server_default="false")
    """The assurance is one of those that mean a verified real name."""
    last_seen_at: Mapped[datetime | None]


class ProviderLogout(Owned, Base):
    """A logout token that was taken: it counts once (OpenID Connect Back-Channel Logout 1.0 §2.6)."""

    __tablename__ = "provider_logout"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "identity_provider_id"],
            ["identity_provider.tenant_id", "identity_provider.id"],
            ondelete="CASCADE",
        ),
        Index("ix_provider_logout_kept_until", "kept_until"),
        {"info": {"row_policy": Hidden()}},
    )

    identity_provider_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """Of its `jti`."""
    kept_until: Mapped[datetime]
    """From then on its time alone refuses it."""
