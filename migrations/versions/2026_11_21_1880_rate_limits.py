"""Rate limits that hold over several processes."""

import sqlalchemy as sa
from alembic import op

from app.tenancy.policies import Platform
from migrations.protection import protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "rate_limit",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("quota", sa.BigInteger, nullable=False),
        sa.Column("taken", sa.BigInteger, nullable=False),
        sa.CheckConstraint("octet_length(key) = 32", name="key"),
        sa.CheckConstraint("started_at < ends_at", name="window"),
        sa.CheckConstraint("quota > 0 AND taken >= 0", name="taken"),
        prefixes=["UNLOGGED"],
    )
    protect("rate_limit", Platform())


def downgrade() -> None:
    op.drop_table("rate_limit")
