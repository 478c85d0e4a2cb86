"""The journal as a chain of hashes per province, with where a deed came from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import Own
from migrations.protection import append_only, protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
WHENCE = ("client_id", "acting_for", "session_id", "address", "salt", "txid")


def upgrade() -> None:
    whence()
    seals()
    anchors()
    tallies()


def whence() -> None:
    for name in ("client_id", "acting_for", "session_id"):
        op.add_column("journal_event", sa.Column(name, sa.Uuid))
    op.add_column("journal_event", sa.Column("address", sa.Text))
    salt = sa.Column("salt", sa.Uuid, server_default=sa.func.gen_random_uuid(), nullable=False)
    op.add_column("journal_event", salt)
    txid = sa.text("(pg_current_xact_id()::text)::bigint")
    op.add_column("journal_event", sa.Column("txid", sa.BigInteger, server_default=txid, nullable=False))
    op.create_check_constraint("address", "journal_event", "char_length(address) BETWEEN 1 AND 64")
    op.create_index(
        "ix_journal_event_txid",
        "journal_event",
        ["txid"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": True},
    )


def seals() -> None:
    op.create_table(
        "journal_seal",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("txid", sa.BigInteger, nullable=False),
        sa.Column("event_digest", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name="pk_journal_seal"),
        sa.UniqueConstraint("tenant_id", "event_id", name="uq_journal_seal_tenant_id_event_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_journal_seal_tenant_id"),
        sa.CheckConstraint("sequence > 0", name="sequence"),
        sa.CheckConstraint("octet_length(event_digest) = 32 AND octet_length(digest) = 32", name="digests"),
    )
    protect("journal_seal", Own())
    append_only("journal_seal")


def anchors() -> None:
    op.create_table(
        "journal_anchor",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name="pk_journal_anchor"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_journal_anchor_tenant_id"),
        sa.CheckConstraint("sequence > 0", name="sequence"),
        sa.CheckConstraint(
            "octet_length(digest) = 32 AND octet_length(key) = 32 AND octet_length(signature) = 64",
            name="lengths",
        ),
    )
    protect("journal_anchor", Own())
    append_only("journal_anchor")


def tallies() -> None:
    op.create_table(
        "journal_tally",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("opened_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("repeats", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("event", pg.JSONB(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key", name="pk_journal_tally"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_journal_tally_tenant_id"),
        sa.CheckConstraint("octet_length(key) = 32 AND repeats >= 0", name="values"),
        sa.Index("ix_journal_tally_opened_at", "tenant_id", "opened_at"),
    )
    protect("journal_tally", Own())


def downgrade() -> None:
    for table in ("journal_tally", "journal_anchor", "journal_seal"):
        op.drop_table(table)
    op.drop_index("ix_journal_event_txid", "journal_event")
    for column in WHENCE:
        op.drop_column("journal_event", column)
