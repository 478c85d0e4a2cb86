"""Second factors: authenticator apps, passkeys, recovery codes."""

import sqlalchemy as sa
from alembic import op

from app.tenancy.policies import Hidden
from migrations.protection import allow, protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()
TABLES = ("authenticator", "recovery_code", "spent_challenge")


def upgrade() -> None:
    op.create_table(
        "authenticator",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("counter", sa.BigInteger, nullable=False),
        sa.Column("credential_id", sa.LargeBinary),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("last_used_at", INSTANT),
        sa.ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        sa.UniqueConstraint("credential_id"),
        sa.Index("ix_authenticator_account_id", "account_id"),
        sa.CheckConstraint("kind IN ('totp', 'passkey')", name="kind"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 50", name="name"),
        sa.CheckConstraint("(kind = 'passkey') = (credential_id IS NOT NULL)", name="credential_id"),
        sa.CheckConstraint(
            "octet_length(key) <= 4096 AND octet_length(credential_id) <= 1023", name="lengths"
        ),
    )
    op.create_table(
        "recovery_code",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
    )
    op.create_table(
        "spent_challenge",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Index("ix_spent_challenge_expires_at", "expires_at"),
    )
    for table in TABLES:
        protect(table, Hidden())
        allow(table, "login", name="sign_in")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
