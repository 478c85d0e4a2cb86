"""Organisations."""

import sqlalchemy as sa
from alembic import op

from app.tenancy.policies import Scoped
from migrations.protection import protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("uscc", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("adcode", sa.Text, nullable=False),
        sa.Column("status", sa.Text, server_default="active", nullable=False),
        sa.Column("scope", sa.Text, server_default="public", nullable=False),
        sa.Column("uscc_override_reason", sa.Text),
        sa.Column("website", sa.Text),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        sa.Column("created_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("updated_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_organisation_tenant_id"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_organisation_tenant_id_id"),
        sa.UniqueConstraint("uscc", name="uq_organisation_uscc"),
        sa.CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="name"),
        sa.CheckConstraint("adcode ~ '^[0-9]{6}$' AND left(adcode, 2) = left(tenant_id, 2)", name="adcode"),
        sa.CheckConstraint(
            "kind IN ('university', 'institute', 'enterprise', 'medical', 'government', 'other')",
            name="kind",
        ),
        sa.CheckConstraint("status IN ('active', 'suspended')", name="status"),
        sa.CheckConstraint("scope IN ('organisation', 'province', 'region', 'public')", name="scope"),
        sa.CheckConstraint(
            "char_length(uscc_override_reason) BETWEEN 1 AND 500", name="uscc_override_reason"
        ),
        sa.CheckConstraint("website ~ '^https?://' AND char_length(website) <= 500", name="website"),
        sa.Index("ix_organisation_name_key_id", "name_key", "id"),
    )
    protect("organisation", Scoped())


def downgrade() -> None:
    op.drop_table("organisation")
