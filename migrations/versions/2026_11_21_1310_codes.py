"""Reference lists of codes."""

import sqlalchemy as sa
from alembic import op

from app.tenancy.policies import Reference
from migrations.protection import protect

revision = "0002"
down_revision = "0001b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code_scheme",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, server_default="builtin", nullable=False),
        sa.Column("source", sa.Text, server_default="", nullable=False),
        sa.Column("digest", sa.LargeBinary),
        sa.Column("version", sa.BigInteger, server_default="0", nullable=False),
        sa.Column(
            "imported_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.clock_timestamp(),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("name", name="pk_code_scheme"),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9-]{0,39}$'", name="name"),
        sa.CheckConstraint("origin IN ('builtin', 'import')", name="origin"),
        sa.CheckConstraint("char_length(source) BETWEEN 0 AND 500", name="source"),
    )
    protect("code_scheme", Reference())
    op.create_table(
        "code",
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name_zh", sa.Text, server_default="", nullable=False),
        sa.Column("name_en", sa.Text, server_default="", nullable=False),
        sa.Column("parent", sa.Text),
        sa.Column("level", sa.BigInteger, server_default="1", nullable=False),
        sa.Column("status", sa.Text, server_default="current", nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        sa.Column("successor", sa.Text),
        sa.Column("source", sa.Text, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("scheme", "code", name="pk_code"),
        sa.ForeignKeyConstraint(["scheme"], ["code_scheme.name"], name="fk_code_scheme"),
        sa.ForeignKeyConstraint(
            ["scheme", "parent"],
            ["code.scheme", "code.code"],
            name="fk_code_scheme_parent",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.CheckConstraint("code ~ '^[0-9A-Za-z][0-9A-Za-z.+-]{0,49}$'", name="code"),
        sa.CheckConstraint(
            "char_length(name_zh) <= 300 AND char_length(name_en) <= 300", name="names_length"
        ),
        sa.CheckConstraint("name_zh <> '' OR name_en <> ''", name="named"),
        sa.CheckConstraint("level BETWEEN 1 AND 9", name="level"),
        sa.CheckConstraint("status IN ('current', 'historical')", name="status"),
        sa.CheckConstraint("char_length(source) <= 500", name="source"),
        sa.Index("ix_code_scheme_parent", "scheme", "parent"),
    )
    protect("code", Reference())


def downgrade() -> None:
    op.drop_table("code")
    op.drop_table("code_scheme")
