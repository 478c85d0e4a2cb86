"""Provinces, and the column every province's row has."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.policies import PLATFORM, Members

SCOPES = ("organisation", "province", "region", "public")


class Province(Base):
    """A tenant 省级租户: a member province; a new one is a row, not a deploy."""

    __tablename__ = "province"
    __table_args__ = (
        CheckConstraint("code ~ '^[0-9]{6}$'", name="code"),
        CheckConstraint(
            "char_length(name_zh) BETWEEN 1 AND 50 AND char_length(name_en) BETWEEN 1 AND 100", name="names"
        ),
        CheckConstraint("char_length(short_zh) BETWEEN 1 AND 20", name="short_zh"),
        CheckConstraint(f"member = (code <> '{PLATFORM}')", name="member"),
        {"info": {"row_policy": Members()}},
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    short_zh: Mapped[str]
    name_en: Mapped[str]
    position: Mapped[int]
    member: Mapped[bool] = mapped_column(server_default="true")
    """Not of the platform's own tenant, whose people are its operators."""


class Owned:
    """A row has an owner province."""

    tenant_id: Mapped[str] = mapped_column(ForeignKey("province.code"))
