"""Addresses, links on their way to them, mobile numbers, and accounts about to close."""

from datetime import datetime
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
from app.notify.public import MOBILE
from app.tenancy.models import Owned
from app.tenancy.policies import Hidden, Personal

ADDRESS = (
    "address = lower(address) AND char_length(address) <= 254 AND address ~ '^[^@[:space:]]+@[^@[:space:]]+$'"
)


class EmailAddress(Owned, Base):
    """The confirmed address of an account 电子邮箱."""

    __tablename__ = "email_address"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        UniqueConstraint("address"),
        CheckConstraint(ADDRESS, name="address"),
        {"info": {"row_policy": Personal("account_id")}},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    address: Mapped[str]
    verified_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class MailedLink(Base):
    """A token sent, or to be sent, to an address; whose account it is about is known when it is sent."""

    __tablename__ = "mailed_link"
    __table_args__ = (
        ForeignKeyConstraint(["province", "account_id"], ["account.tenant_id", "account.id"]),
        UniqueConstraint("digest"),
        CheckConstraint("purpose IN ('register', 'recover', 'change', 'undo')", name="purpose"),
        CheckConstraint(ADDRESS, name="address"),
        CheckConstraint("locale IN ('zh', 'en')", name="locale"),
        CheckConstraint(
            "CASE purpose WHEN 'register' THEN province IS NOT NULL AND account_id IS NULL "
            "AND display_name IS NOT NULL AND password_hash IS NOT NULL "
            "WHEN 'recover' THEN digest IS NULL OR account_id IS NOT NULL ELSE account_id IS NOT NULL END",
            name="about",
        ),
        CheckConstraint("(account_id IS NULL) OR (province IS NOT NULL)", name="province"),
        CheckConstraint("char_length(display_name) BETWEEN 1 AND 100", name="display_name"),
        CheckConstraint("password_hash LIKE '$argon2id$%'", name="password_hash"),
        Index("ix_mailed_link_account_id", "account_id"),
        Index("ix_mailed_link_address", "address"),
        Index("ix_mailed_link_expires_at", "expires_at"),
        {"info": {"row_policy": Hidden()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    purpose: Mapped[str]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of the token; none until it is sent."""
    address: Mapped[str]
    locale: Mapped[str]
    province: Mapped[str | None] = mapped_column(ForeignKey("province.code"))
    account_id: Mapped[UUID | None]
    display_name: Mapped[str | None]
    password_hash: Mapped[str | None]
    """Of a registration, until it is confirmed."""
    expires_at: Mapped[datetime]


NUMBER = f"number ~ '^{MOBILE}$'"


class MobileNumber(Owned, Base):
    """The confirmed mobile number of an account 手机号; several accounts may have one number."""

    __tablename__ = "mobile_number"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        CheckConstraint(NUMBER, name="number"),
        {"info": {"row_policy": Personal("account_id")}},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    """E.164."""
    verified_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class MobileCode(Owned, Base):
    """The last code sent to the number that an account wants to have."""

    __tablename__ = "mobile_code"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        CheckConstraint(NUMBER, name="number"),
        CheckConstraint("octet_length(digest) = 32", name="digest"),
        CheckConstraint("tries BETWEEN 0 AND 5", name="tries"),
        Index("ix_mobile_code_expires_at", "expires_at"),
        {"info": {"row_policy": Hidden()}},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Keyed: six digits are soon tried."""
    tries: Mapped[int] = mapped_column(server_default="0")
    expires_at: Mapped[datetime]


class AccountClosing(Owned, Base):
    """A person asked to close their account; until `closes_at` they may change their mind."""

    __tablename__ = "account_closing"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        {"info": {"row_policy": Personal("account_id")}},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    closes_at: Mapped[datetime]
