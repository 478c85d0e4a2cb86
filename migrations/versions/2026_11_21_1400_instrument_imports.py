"""Files of instruments on their way into the register, and what became of each of their rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import Own
from migrations.protection import allow, broker_function, protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = pg.JSONB(none_as_null=True)

# Their files are gone by then (see app/files); the journal keeps what was done.
PURGE = """
CREATE FUNCTION purge_instrument_imports() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH purged AS (
        DELETE FROM public.instrument_import WHERE created_at < clock_timestamp() - interval '30 days' RETURNING 1
    )
    SELECT count(*) FROM purged
$$
"""


def upgrade() -> None:
    op.create_table(
        "instrument_import",
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("created_by", sa.Uuid, nullable=False),
        sa.Column("file_digest", sa.Text, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("file_bytes", sa.BigInteger, nullable=False),
        sa.Column("reading", JSON, server_default="{}", nullable=False),
        sa.Column("mapping", JSON, server_default="{}", nullable=False),
        sa.Column("state", sa.Text, server_default="uploaded", nullable=False),
        sa.Column("counts", JSON, server_default="{}", nullable=False),
        sa.Column("task_id", sa.Uuid),
        sa.Column("created_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("applied_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_instrument_import"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_instrument_import_tenant_id_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_instrument_import_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"],
            ["task_run.tenant_id", "task_run.id"],
            name="fk_instrument_import_tenant_id_task_id",
        ),
        sa.CheckConstraint("file_digest ~ '^[0-9a-f]{64}$' AND file_bytes >= 0", name="file"),
        sa.CheckConstraint("char_length(file_name) BETWEEN 1 AND 255", name="file_name"),
        sa.CheckConstraint("state IN ('uploaded', 'checked', 'applied')", name="state"),
        sa.CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name="applied"),
        sa.Index("ix_instrument_import_tenant_id_created_by_id", "tenant_id", "created_by", "id"),
    )
    op.create_table(
        "instrument_import_row",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("import_id", sa.Uuid, nullable=False),
        sa.Column("row_number", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("inner_id", sa.Text, server_default="", nullable=False),
        sa.Column("name", sa.Text, server_default="", nullable=False),
        sa.Column("instrument_id", sa.Uuid),
        sa.Column("faults", JSON, server_default="[]", nullable=False),
        sa.Column("warnings", JSON, server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("import_id", "row_number", name="pk_instrument_import_row"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_instrument_import_row_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["instrument_import.tenant_id", "instrument_import.id"],
            name="fk_instrument_import_row_tenant_id_import_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("outcome IN ('new', 'changed', 'unchanged', 'faulty')", name="outcome"),
        sa.CheckConstraint("row_number >= 1", name="row_number"),
        sa.CheckConstraint("(outcome = 'faulty') = (jsonb_array_length(faults) > 0)", name="faults"),
        sa.Index(
            "ix_instrument_import_row_import_id_outcome_row_number", "import_id", "outcome", "row_number"
        ),
    )
    for table in ("instrument_import", "instrument_import_row"):
        protect(table, Own())
        allow(table, "broker", name="housekeeping", command="SELECT")
        allow(table, "broker", name="housekeeping_delete", command="DELETE")
    op.execute(PURGE)
    broker_function("purge_instrument_imports()")


def downgrade() -> None:
    op.execute("DROP FUNCTION purge_instrument_imports()")
    op.drop_table("instrument_import_row")
    op.drop_table("instrument_import")
