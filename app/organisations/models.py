"""The organisation table."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.models import SCOPES, Owned
from app.tenancy.policies import ScopedAmongMembers

KINDS = ("university", "institute", "enterprise", "medical", "government", "other")
STATUSES = ("active", "suspended")


def name_key(name: str) -> str:
    """The name as it sorts: GB 18030 keeps the 3,755 everyday characters of GB/T 2312 in pinyin order."""
    return name.casefold().encode("gb18030").hex()


def _key_of_name(context: Any) -> str | None:
    name = context.get_current_parameters().get("name")
    return None if name is None else name_key(name)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Organisation(Owned, Base):
    """A legal person 单位."""

    __tablename__ = "organisation"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("uscc"),
        CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="name"),
        CheckConstraint("char_length(name_key) <= 1600", name="name_key"),
        CheckConstraint("adcode ~ '^[0-9]{6}$' AND left(adcode, 2) = left(tenant_id, 2)", name="adcode"),
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint(_one_of("status", STATUSES), name="status"),
        CheckConstraint(_one_of("scope", SCOPES), name="scope"),
        CheckConstraint("char_length(uscc_override_reason) BETWEEN 1 AND 500", name="uscc_override_reason"),
        CheckConstraint("website ~ '^https?://' AND char_length(website) <= 500", name="website"),
        Index("ix_organisation_name_key_id", "name_key", "id"),
        {"info": {"row_policy": ScopedAmongMembers()}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    uscc: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(default=_key_of_name)
    kind: Mapped[str]
    adcode: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="active")
    scope: Mapped[str] = mapped_column(server_default="public")
    uscc_override_reason: Mapped[str | None]
    website: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
