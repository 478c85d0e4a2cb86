"""Families and files of instruments, and which of its stewards is the first."""

import sqlalchemy as sa
from alembic import op

from app.tenancy.policies import Parent
from migrations.protection import protect

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
FAMILY_KEY = "fk_instrument_tenant_id_organisation_id_family_id"


def _families() -> None:
    op.create_table(
        "instrument_family",
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("note", sa.Text, server_default="", nullable=False),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        sa.Column("created_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("updated_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_instrument_family"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_instrument_family_tenant_id_id"),
        sa.UniqueConstraint(
            "tenant_id", "organisation_id", "id", name="uq_instrument_family_tenant_id_organisation_id_id"
        ),
        sa.UniqueConstraint("organisation_id", "name", name="uq_instrument_family_organisation_id_name"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_instrument_family_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organisation_id"],
            ["organisation.tenant_id", "organisation.id"],
            name="fk_instrument_family_tenant_id_organisation_id",
        ),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name"),
        sa.CheckConstraint("char_length(note) <= 1000", name="note"),
    )
    protect("instrument_family", Parent("organisation", "organisation_id"))
    op.add_column("instrument", sa.Column("family_id", sa.Uuid))
    op.create_foreign_key(
        FAMILY_KEY,
        "instrument",
        "instrument_family",
        ["tenant_id", "organisation_id", "family_id"],
        ["tenant_id", "organisation_id", "id"],
    )
    op.create_index("ix_instrument_family_id", "instrument", ["family_id"])


def _files() -> None:
    op.create_table(
        "instrument_file",
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("instrument_id", sa.Uuid, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("width", sa.BigInteger),
        sa.Column("height", sa.BigInteger),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("created_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_instrument_file"),
        sa.UniqueConstraint("instrument_id", "digest", name="uq_instrument_file_instrument_id_digest"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_instrument_file_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "instrument_id"],
            ["instrument.tenant_id", "instrument.id"],
            name="fk_instrument_file_tenant_id_instrument_id",
        ),
        sa.CheckConstraint(
            "media_type IN ('image/png', 'image/jpeg', 'image/webp', 'application/pdf')", name="media_type"
        ),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        sa.CheckConstraint("size >= 1", name="size"),
        sa.CheckConstraint(
            "CASE WHEN media_type LIKE 'image/%' THEN width >= 1 AND height >= 1 "
            "ELSE width IS NULL AND height IS NULL END",
            name="picture",
        ),
        sa.CheckConstraint(
            "char_length(name) BETWEEN 1 AND 200 AND char_length(title) BETWEEN 1 AND 100", name="texts"
        ),
    )
    protect("instrument_file", Parent("instrument", "instrument_id"))


def upgrade() -> None:
    _families()
    _files()
    op.add_column("stewardship", sa.Column("is_primary", sa.Boolean, server_default="false", nullable=False))
    op.create_index(
        "ix_stewardship_primary",
        "stewardship",
        ["instrument_id"],
        unique=True,
        postgresql_where=sa.text("is_primary"),
    )


def downgrade() -> None:
    op.drop_index("ix_stewardship_primary", "stewardship")
    op.drop_column("stewardship", "is_primary")
    op.drop_table("instrument_file")
    op.drop_index("ix_instrument_family_id", "instrument")
    op.drop_constraint(FAMILY_KEY, "instrument")
    op.drop_column("instrument", "family_id")
    op.drop_table("instrument_family")
