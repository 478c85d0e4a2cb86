"""Families of instruments, and their pictures and manuals."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.instruments.models import length, one_of
from app.instruments.rules import limits
from app.tenancy.models import Owned
from app.tenancy.policies import Parent

MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp", "application/pdf")


class InstrumentFamily(Owned, Base):
    """A family 仪器族: instruments of one organisation that belong together, by what one must know to use them."""

    __tablename__ = "instrument_family"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "organisation_id", "id"),
        UniqueConstraint("organisation_id", "name"),
        ForeignKeyConstraint(["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]),
        CheckConstraint(length("name", limits.FAMILY_NAME, least=1), name="name"),
        CheckConstraint(length("note", limits.FAMILY_NOTE), name="note"),
        {"info": {"row_policy": Parent("organisation", "organisation_id")}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    organisation_id: Mapped[UUID]
    name: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class InstrumentFile(Owned, Base):
    """A picture or a manual of an instrument, which of the two by its content; the bytes lie in `app.files`."""

    __tablename__ = "instrument_file"
    __table_args__ = (
        UniqueConstraint("instrument_id", "digest"),
        ForeignKeyConstraint(["tenant_id", "instrument_id"], ["instrument.tenant_id", "instrument.id"]),
        CheckConstraint(one_of("media_type", MEDIA_TYPES), name="media_type"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        CheckConstraint("size >= 1", name="size"),
        CheckConstraint(
            "CASE WHEN media_type LIKE 'image/%' THEN width >= 1 AND height >= 1 "
            "ELSE width IS NULL AND height IS NULL END",
            name="picture",
        ),
        CheckConstraint(
            f"{length('name', limits.FILE_NAME, least=1)} AND {length('title', limits.FILE_TITLE, least=1)}",
            name="texts",
        ),
        {"info": {"row_policy": Parent("instrument", "instrument_id")}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    instrument_id: Mapped[UUID]
    media_type: Mapped[str]
    digest: Mapped[str]
    size: Mapped[int]
    """In bytes."""
    width: Mapped[int | None]
    """Of a picture, in pixels; so is the height."""
    height: Mapped[int | None]
    name: Mapped[str]
    """What the sender called it; what it is saved as."""
    title: Mapped[str]
    """What it shows: a picture's text for those who do not see it."""
    position: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
