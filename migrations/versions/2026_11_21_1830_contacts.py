"""Verified addresses of people, links sent by mail, messages on their way."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import Outbox
from migrations.protection import allow, protect, role

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()


def upgrade() -> None:
    outbox()


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
    op.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA jobs FROM {role('login')}")
    op.execute(f"REVOKE ALL ON jobs.pgqueuer, jobs.pgqueuer_log FROM {role('login')}")
    op.execute(f"REVOKE USAGE ON SCHEMA jobs FROM {role('login')}")
    op.drop_table("outgoing_mail")
