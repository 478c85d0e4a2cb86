"""Verified addresses of people, links sent by mail, messages on their way."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import Hidden, Outbox, Personal
from migrations.protection import allow, protect, role

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()


ADDRESS = (
    "address = lower(address) AND char_length(address) <= 254 AND address ~ '^[^@[:space:]]+@[^@[:space:]]+$'"
)


def upgrade() -> None:
    outbox()
    addresses()
    links()
    closings()


def of_account() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
    ]


def addresses() -> None:
    op.create_table(
        "email_address",
        *of_account(),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("verified_at", INSTANT, server_default=NOW, nullable=False),
        sa.UniqueConstraint("address"),
        sa.CheckConstraint(ADDRESS, name="address"),
    )
    protect("email_address", Personal("account_id"))
    allow("email_address", "login", name="sign_in")


def links() -> None:
    op.create_table(
        "mailed_link",
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), primary_key=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("province", sa.Text),
        sa.ForeignKeyConstraint(["province"], ["province.code"]),
        sa.Column("account_id", sa.Uuid),
        sa.ForeignKeyConstraint(["province", "account_id"], ["account.tenant_id", "account.id"]),
        sa.Column("display_name", sa.Text),
        sa.Column("password_hash", sa.Text),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.UniqueConstraint("digest"),
        sa.CheckConstraint("purpose IN ('register', 'recover', 'change', 'undo')", name="purpose"),
        sa.CheckConstraint(ADDRESS, name="address"),
        sa.CheckConstraint("locale IN ('zh', 'en')", name="locale"),
        sa.CheckConstraint(
            "CASE purpose WHEN 'register' THEN province IS NOT NULL AND account_id IS NULL "
            "AND display_name IS NOT NULL AND password_hash IS NOT NULL "
            "WHEN 'recover' THEN digest IS NULL OR account_id IS NOT NULL ELSE account_id IS NOT NULL END",
            name="about",
        ),
        sa.CheckConstraint("(account_id IS NULL) OR (province IS NOT NULL)", name="province"),
        sa.CheckConstraint("char_length(display_name) BETWEEN 1 AND 100", name="display_name"),
        sa.CheckConstraint("password_hash LIKE '$argon2id$%'", name="password_hash"),
        sa.Index("ix_mailed_link_account_id", "account_id"),
        sa.Index("ix_mailed_link_address", "address"),
        sa.Index("ix_mailed_link_expires_at", "expires_at"),
    )
    protect("mailed_link", Hidden())
    allow("mailed_link", "login", name="sign_in")


def closings() -> None:
    op.create_table(
        "account_closing",
        *of_account(),
        sa.Column("asked_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("closes_at", INSTANT, nullable=False),
    )
    protect("account_closing", Personal("account_id"))
    allow("account_closing", "login", name="sign_in")


def outbox() -> None:
    op.create_table(
        "outgoing_mail",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), primary_key=True),
        sa.Column("state", sa.Text, server_default="queued", nullable=False),
        sa.Column("recipient", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("paragraphs", pg.JSONB(none_as_null=True)),
        sa.Column("link", sa.Text),
        sa.Column("action", sa.Text),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name="state"),
        sa.CheckConstraint(
            "(recipient IS NULL) = (subject IS NULL) AND (recipient IS NULL) = (paragraphs IS NULL)",
            name="text",
        ),
        sa.CheckConstraint("char_length(recipient) BETWEEN 3 AND 254", name="recipient"),
        sa.CheckConstraint(
            "char_length(subject) BETWEEN 1 AND 200 AND subject !~ '[[:cntrl:]]'", name="subject"
        ),
        sa.CheckConstraint("pg_column_size(paragraphs) <= 20000", name="paragraphs"),
        sa.CheckConstraint("char_length(link) <= 2000 AND char_length(action) <= 100", name="link"),
        sa.CheckConstraint("locale IN ('zh', 'en')", name="locale"),
        sa.Index("ix_outgoing_mail_created_at", "created_at"),
    )
    protect("outgoing_mail", Outbox())
    allow("outgoing_mail", "login", name="sign_in")
    # The sign-in code asks for jobs too: its mails.
    op.execute(f"GRANT USAGE ON SCHEMA jobs TO {role('login')}")
    op.execute(f"GRANT SELECT, INSERT ON jobs.pgqueuer, jobs.pgqueuer_log TO {role('login')}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO {role('login')}")


def downgrade() -> None:
    for table in ("account_closing", "mailed_link", "email_address"):
        op.drop_table(table)
    op.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA jobs FROM {role('login')}")
    op.execute(f"REVOKE ALL ON jobs.pgqueuer, jobs.pgqueuer_log FROM {role('login')}")
    op.execute(f"REVOKE USAGE ON SCHEMA jobs FROM {role('login')}")
    op.drop_table("outgoing_mail")
