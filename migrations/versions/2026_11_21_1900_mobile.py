"""Mobile numbers of accounts."""

import sqlalchemy as sa
from alembic import op

from app.tenancy.policies import Hidden, Outbox, Personal
from migrations.protection import allow, protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()
MOBILE = r"(\+861[3-9][0-9]{9}|\+(?!86)[1-9][0-9]{6,14})"


def upgrade() -> None:
    outbox()
    numbers()
    codes()


def outbox() -> None:
    op.create_table(
        "outgoing_sms",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), primary_key=True),
        sa.Column("state", sa.Text, server_default="queued", nullable=False),
        sa.Column("recipient", sa.Text),
        sa.Column("body", sa.Text),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name="state"),
        sa.CheckConstraint("(recipient IS NULL) = (body IS NULL)", name="text"),
        sa.CheckConstraint(f"recipient ~ '^{MOBILE}$'", name="recipient"),
        sa.CheckConstraint("char_length(body) BETWEEN 1 AND 300 AND body !~ '[[:cntrl:]]'", name="body"),
        sa.Index("ix_outgoing_sms_created_at", "created_at"),
    )
    protect("outgoing_sms", Outbox())
    allow("outgoing_sms", "login", name="sign_in")


def of_account() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        sa.Column("number", sa.Text, nullable=False),
        sa.CheckConstraint(f"number ~ '^{MOBILE}$'", name="number"),
    ]


def numbers() -> None:
    op.create_table(
        "mobile_number",
        *of_account(),
        sa.Column("verified_at", INSTANT, server_default=NOW, nullable=False),
    )
    protect("mobile_number", Personal("account_id"))
    allow("mobile_number", "login", name="sign_in")


def codes() -> None:
    op.create_table(
        "mobile_code",
        *of_account(),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("tries", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name="tries"),
        sa.Index("ix_mobile_code_expires_at", "expires_at"),
    )
    protect("mobile_code", Hidden())
    allow("mobile_code", "login", name="sign_in")


def downgrade() -> None:
    for table in ("mobile_code", "mobile_number", "outgoing_sms"):
        op.drop_table(table)
