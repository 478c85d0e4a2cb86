"""Provinces, the journal and idempotency keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import Parties, Personal, Reference
from migrations.protection import allow, append_only, protect, role

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PROVINCES = (
    ("310000", "上海市", "上海", "Shanghai", 1),
    ("320000", "江苏省", "江苏", "Jiangsu", 2),
    ("330000", "浙江省", "浙江", "Zhejiang", 3),
    ("340000", "安徽省", "安徽", "Anhui", 4),
)
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role('app')}")
    op.create_table(
        "province",
        sa.Column("code", sa.Text, sa.CheckConstraint("code ~ '^[0-9]{6}$'", name="code"), nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("short_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_province"),
        sa.CheckConstraint(
            "char_length(name_zh) BETWEEN 1 AND 50 AND char_length(name_en) BETWEEN 1 AND 100", name="names"
        ),
    )
    protect("province", Reference())
    province = sa.table(
        "province", *(sa.column(c) for c in ("code", "name_zh", "short_zh", "name_en", "position"))
    )
    names = [column.name for column in province.columns]
    op.bulk_insert(province, [dict(zip(names, row, strict=True)) for row in PROVINCES])
    op.create_table(
        "journal_event",
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_type", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Text, nullable=False),
        sa.Column("actor_tenant_id", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("request_id", sa.Text),
        sa.Column("before", pg.JSONB(none_as_null=True)),
        sa.Column("after", pg.JSONB(none_as_null=True)),
        sa.PrimaryKeyConstraint("id", name="pk_journal_event"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_journal_event_tenant_id"),
        sa.ForeignKeyConstraint(
            ["actor_tenant_id"], ["province.code"], name="fk_journal_event_actor_tenant_id"
        ),
        sa.CheckConstraint("kind ~ '^[a-z_]+\\.[a-z_]+$'", name="kind"),
        sa.Index("ix_journal_event_tenant_id_id", "tenant_id", "id"),
        sa.Index("ix_journal_event_subject", "subject_type", "subject_id"),
    )
    protect("journal_event", Parties(("tenant_id", "actor_tenant_id")))
    append_only("journal_event")
    allow("journal_event", "login", name="sign_in", command="INSERT")
    op.create_table(
        "idempotency_key",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("caller_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("request_digest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("status", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("headers", pg.JSONB(none_as_null=True), server_default="{}", nullable=False),
        sa.Column("body", sa.LargeBinary, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("caller_id", "key", name="pk_idempotency_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_idempotency_key_tenant_id"),
        sa.CheckConstraint("char_length(key) BETWEEN 1 AND 200", name="key"),
        sa.Index("ix_idempotency_key_created_at", "created_at"),
    )
    protect("idempotency_key", Personal("caller_id"))
    allow("idempotency_key", "broker", name="housekeeping", command="SELECT")
    allow("idempotency_key", "broker", name="housekeeping_delete", command="DELETE")


def downgrade() -> None:
    for table in ("idempotency_key", "journal_event", "province"):
        op.drop_table(table)
