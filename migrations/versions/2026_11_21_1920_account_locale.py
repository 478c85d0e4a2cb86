"""The language an account last signed in with; answers kept for a repeated request, now encrypted, begin anew."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Answers are kept encrypted from here on; those of the last day are forgotten.
    op.execute("TRUNCATE idempotency_key")
    op.add_column("account", sa.Column("locale", sa.Text, server_default="zh", nullable=False))
    op.create_check_constraint("locale", "account", "locale IN ('zh', 'en')")


def downgrade() -> None:
    op.drop_constraint("locale", "account", type_="check")
    op.drop_column("account", "locale")
    op.execute("TRUNCATE idempotency_key")
