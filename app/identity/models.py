"""Accounts, how they sign in, and who they are in the province."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.identity.appointments import models as appointment_models
from app.identity.contacts import models as contact_models
from app.identity.factors import models as factor_models
from app.identity.federation.models import SELF, ExternalIdentity, IdentityProvider, ProviderLogout
from app.identity.joining import models as joining_models
from app.identity.provider import models as provider_models
from app.tenancy.models import Owned
from app.tenancy.policies import PLATFORM, Hidden, Own, Personal

__all__ = [
    "SELF",
    "ExternalIdentity",
    "IdentityProvider",
    "ProviderLogout",
    "appointment_models",
    "contact_models",
    "factor_models",
    "joining_models",
    "provider_models",
]

CLOCKS_APART = "1 minute"
"""A term begins now or later; what the caller's clock, or a slow request, is behind by is no fault."""


def of_account() -> ForeignKeyConstraint:
    """The row belongs to an account of the same province."""
    return ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"])


class Account(Owned, Base):
    """A person 账号, at home in one province."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        CheckConstraint("char_length(display_name) BETWEEN 1 AND 100", name="display_name"),
        CheckConstraint("status IN ('active', 'suspended', 'closed')", name="status"),
        CheckConstraint("locale IN ('zh', 'en')", name="locale"),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    display_name: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="active")
    locale: Mapped[str] = mapped_column(server_default="zh")
    """The language they are written to in: that of the pages at their last sign-in."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    version: Mapped[int] = mapped_column(server_default="1")


class LocalCredential(Owned, Base):
    """How an account signs in at the built-in provider; apart, so that the province's rows hold no password."""

    __tablename__ = "local_credential"
    __table_args__ = (
        of_account(),
        UniqueConstraint("login_name"),
        CheckConstraint(
            "login_name = lower(login_name) AND char_length(login_name) BETWEEN 3 AND 254", name="login_name"
        ),
        CheckConstraint("password_hash LIKE '$argon2id$%'", name="password_hash"),
        {"info": {"row_policy": Hidden()}},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    login_name: Mapped[str]
    password_hash: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Membership(Owned, Base):
    """An account belongs to an organisation of its province 单位成员."""

    __tablename__ = "membership"
    __table_args__ = (
        of_account(),
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        Index("ix_membership_organisation_id", "organisation_id"),
        CheckConstraint("role IN ('member', 'manager')", name="role"),
        {"info": {"row_policy": Own()}},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class RoleGrant(Owned, Base):
    """A role in the whole province; an operator's is in the platform's own tenant."""

    __tablename__ = "role_grant"
    __table_args__ = (
        of_account(),
        # Who audits decides nothing (separation of duties): nobody has two of these roles.
        UniqueConstraint("account_id"),
        CheckConstraint("role IN ('province_admin', 'auditor', 'operator')", name="role"),
        CheckConstraint(f"(role = 'operator') = (tenant_id = '{PLATFORM}')", name="operator"),
        {"info": {"row_policy": Own()}},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Stewardship(Owned, Base):
    """An account is the steward of an instrument 机组管理员; the table of instruments adds its own foreign key."""

    __tablename__ = "stewardship"
    __table_args__ = (
        of_account(),
        Index("ix_stewardship_instrument_id", "instrument_id"),
        Index("ix_stewardship_primary", "instrument_id", unique=True, postgresql_where=text("is_primary")),
        {"info": {"row_policy": Own()}},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    instrument_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_primary: Mapped[bool] = mapped_column(server_default="false")
    """The one who answers for the instrument; the others stand in."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Delegation(Owned, Base):
    """A role that its holder lends a deputy 代理 until a day; it counts while the holder still has it."""

    __tablename__ = "delegation"
    __table_args__ = (
        of_account(),
        *(
            ForeignKeyConstraint(["tenant_id", column], ["account.tenant_id", "account.id"])
            for column in ("deputy_id", "revoked_by")
        ),
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        CheckConstraint(
            "CASE role WHEN 'manager' THEN organisation_id IS NOT NULL AND instrument_id IS NULL "
            "WHEN 'steward' THEN instrument_id IS NOT NULL AND organisation_id IS NULL "
            "ELSE role IN ('province_admin', 'auditor') AND organisation_id IS NULL AND instrument_id IS NULL END",
            name="role",
        ),
        CheckConstraint("account_id <> deputy_id", name="deputy"),
        CheckConstraint("starts_at < ends_at AND ends_at <= starts_at + interval '366 days'", name="term"),
        CheckConstraint(f"starts_at >= created_at - interval '{CLOCKS_APART}'", name="start"),
        ExcludeConstraint(
            ("account_id", "="),
            ("deputy_id", "="),
            ("role", "="),
            (text("coalesce(organisation_id, instrument_id, account_id)"), "="),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            where=text("revoked_at IS NULL"),
            name="ex_delegation_once",
        ),
        UniqueConstraint("tenant_id", "id"),
        CheckConstraint("char_length(reason) BETWEEN 1 AND 500", name="reason"),
        Index("ix_delegation_deputy_id", "deputy_id"),
        Index("ix_delegation_account_id", "account_id"),
        {"info": {"row_policy": Own()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    account_id: Mapped[UUID]
    """Whose role it is."""
    deputy_id: Mapped[UUID]
    role: Mapped[str]
    organisation_id: Mapped[UUID | None]
    """Of a manager's role."""
    instrument_id: Mapped[UUID | None]
    """Of a steward's role; the table of instruments adds its own foreign key."""
    reason: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    confirmed_at: Mapped[datetime | None]
    """Until then it does not count: an admin's role needs a second person's word."""
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]
    """The holder, an admin, or the deputy who declined."""


class BrowserSession(Owned, Base):
    """A signed-in browser; the cookie holds the token, the row its digest."""

    __tablename__ = "browser_session"
    __table_args__ = (
        of_account(),
        UniqueConstraint("digest"),
        ForeignKeyConstraint(["identity_provider_id"], ["identity_provider.id"], ondelete="SET NULL"),
        Index("ix_browser_session_account_id", "account_id"),
        Index("ix_browser_session_identity_provider_id", "identity_provider_id", "provider_session"),
        CheckConstraint("char_length(user_agent) <= 300 AND char_length(address) <= 64", name="device"),
        CheckConstraint("char_length(provider_session) BETWEEN 1 AND 255", name="provider_session"),
        {"info": {"row_policy": Personal("account_id")}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    account_id: Mapped[UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    user_agent: Mapped[str]
    address: Mapped[str]
    revoked_at: Mapped[datetime | None]
    methods: Mapped[list[str]] = mapped_column(server_default="[]")
    """How the person was authenticated: values of RFC 8176; `mfa` where it was by two factors."""
    authenticated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    awaiting_factor: Mapped[bool] = mapped_column(server_default="false")
    """The second factor is still missing: until then the session makes a visitor."""
    identity_provider_id: Mapped[UUID | None]
    provider_session: Mapped[str | None]
    """The provider's own session (`sid`), which it may end."""


class LoginAttempt(Base):
    """How often a login name or an address was tried of late; the key is a keyed digest of it."""

    __tablename__ = "login_attempt"
    __table_args__ = (
        Index("ix_login_attempt_last_at", "last_at"),
        {"info": {"row_policy": Hidden()}},
    )

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    attempts: Mapped[int]
    last_at: Mapped[datetime]
    free_at: Mapped[datetime]
    """No earlier try is looked at."""
