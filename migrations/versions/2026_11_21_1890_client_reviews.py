"""Applications that developers register and a province reviews."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CHECKS = {
    "purpose": "char_length(purpose) BETWEEN 1 AND 500",
    "homepage": "homepage ~ '^https?://' AND char_length(homepage) <= 500",
    "review": "review IN ('approved', 'pending', 'refused')",
    "owner": "review = 'approved' OR owner_id IS NOT NULL",
    "review_reason": "char_length(review_reason) BETWEEN 1 AND 500",
    "previous": "(previous_digest IS NULL) = (previous_until IS NULL)",
    "proposed": "jsonb_typeof(proposed) = 'object' AND char_length(proposed::text) <= 50000",
    "redirect_uris": "jsonb_array_length(redirect_uris) <= 50 AND jsonb_array_length(post_logout_redirect_uris) <= 50",
}


def upgrade() -> None:
    for column in (
        sa.Column("owner_id", sa.Uuid),
        sa.Column("purpose", sa.Text),
        sa.Column("homepage", sa.Text),
        sa.Column("review", sa.Text, server_default="approved", nullable=False),
        sa.Column("review_reason", sa.Text),
        sa.Column("reviewed_by", sa.Uuid),
        sa.Column("reviewed_at", INSTANT),
        sa.Column("proposed", pg.JSONB(none_as_null=True)),
        sa.Column("previous_digest", sa.LargeBinary),
        sa.Column("previous_until", INSTANT),
        sa.Column("last_used_on", sa.Date),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
    ):
        op.add_column("oauth_client", column)
    for name, condition in CHECKS.items():
        op.create_check_constraint(name, "oauth_client", condition)
    for person in ("owner_id", "reviewed_by"):
        op.create_foreign_key(
            f"fk_oauth_client_tenant_id_{person}",
            "oauth_client",
            "account",
            ["tenant_id", person],
            ["tenant_id", "id"],
        )
    op.create_index("ix_oauth_client_owner_id", "oauth_client", ["owner_id"])


def downgrade() -> None:
    op.drop_index("ix_oauth_client_owner_id", "oauth_client")
    for column in ("owner_id", "reviewed_by"):
        op.drop_constraint(f"fk_oauth_client_tenant_id_{column}", "oauth_client", type_="foreignkey")
    for name in CHECKS:
        op.drop_constraint(name, "oauth_client", type_="check")
    for column in (
        "version",
        "last_used_on",
        "previous_until",
        "previous_digest",
        "proposed",
        "reviewed_at",
        "reviewed_by",
        "review_reason",
        "review",
        "homepage",
        "purpose",
        "owner_id",
    ):
        op.drop_column("oauth_client", column)
