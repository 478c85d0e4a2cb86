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
        "code",
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, server_default="", nullable=False),
        sa.Column("parent", sa.Text),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("status", sa.Text, server_default="current", nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        sa.Column("successor", sa.Text),
        sa.Column("source", sa.Text, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("scheme", "code", name="pk_code"),
        sa.CheckConstraint("status IN ('current', 'historical')", name="ck_code_status"),
    )
    protect("code", Reference())


def downgrade() -> None:
    op.drop_table("code")
