"""The tables of code lists."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.tenancy.policies import Reference


class CodeScheme(Base):
    """A list of codes 代码表, and which edition of it is loaded."""

    __tablename__ = "code_scheme"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z][a-z0-9-]{0,39}$'", name="name"),
        CheckConstraint("origin IN ('builtin', 'import')", name="origin"),
        CheckConstraint("char_length(source) BETWEEN 0 AND 500", name="source"),
        {"info": {"row_policy": Reference()}},
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(server_default="builtin")
    """An imported list is never touched by the built-in one again."""
    source: Mapped[str] = mapped_column(server_default="")
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of the file last taken over."""
    version: Mapped[int] = mapped_column(server_default="0")
    """Counts the changes; 0 says nothing is loaded yet."""
    imported_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Code(Base):
    """An entry of a list 代码; it never disappears, it becomes historical."""

    __tablename__ = "code"
    __table_args__ = (
        # Deferred, so that a list need not be written parents first.
        ForeignKeyConstraint(
            ["scheme", "parent"], ["code.scheme", "code.code"], deferrable=True, initially="DEFERRED"
        ),
        CheckConstraint("code ~ '^[0-9A-Za-z][0-9A-Za-z.+-]{0,49}$'", name="code"),
        CheckConstraint("char_length(name_zh) <= 300 AND char_length(name_en) <= 300", name="names_length"),
        CheckConstraint("name_zh <> '' OR name_en <> ''", name="named"),
        CheckConstraint("level BETWEEN 1 AND 9", name="level"),
        CheckConstraint("status IN ('current', 'historical')", name="status"),
        CheckConstraint("char_length(source) <= 500", name="source"),
        Index("ix_code_scheme_parent", "scheme", "parent"),
        {"info": {"row_policy": Reference()}},
    )

    scheme: Mapped[str] = mapped_column(ForeignKey("code_scheme.name"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str] = mapped_column(server_default="")
    name_en: Mapped[str] = mapped_column(server_default="")
    parent: Mapped[str | None]
    level: Mapped[int] = mapped_column(server_default="1")
    status: Mapped[str] = mapped_column(server_default="current")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    successor: Mapped[str | None]
    source: Mapped[str] = mapped_column(server_default="")
