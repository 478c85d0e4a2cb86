"""Organisations that apply, invitations and requests to join."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import Own
from migrations.protection import allow, broker_function, protect, role

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()
STATES = "('draft', 'submitted', 'returned', 'approved', 'rejected', 'withdrawn')"
KEPT = """
CREATE FUNCTION files_kept(digests text[]) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT k.digest FROM kept_file k WHERE k.digest = ANY(digests)
$$
"""
REGISTERED = """
CREATE FUNCTION organisation_is_registered(code text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM organisation o WHERE o.uscc = code)
$$
"""


def upgrade() -> None:
    kept_files()
    applications()
    invitations()
    requests()
    allow("kept_file", "broker", name="kept", command="SELECT")
    allow("organisation", "broker", name="registered", command="SELECT")
    for statement, signature in (
        (KEPT, "files_kept(text[])"),
        (REGISTERED, "organisation_is_registered(text)"),
    ):
        op.execute(statement)
        broker_function(signature)


def owner() -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    return sa.Column("tenant_id", sa.Text, nullable=False), sa.ForeignKeyConstraint(
        ["tenant_id"], ["province.code"]
    )


def key() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), primary_key=True)


def of(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"])


def created() -> sa.Column[object]:
    return sa.Column("created_at", INSTANT, server_default=NOW, nullable=False)


def kept_files() -> None:
    op.create_table(
        "kept_file",
        *owner(),
        sa.Column("holder_id", sa.Uuid, primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        created(),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        sa.Index("ix_kept_file_digest", "digest"),
    )
    protect("kept_file", Own())


def applications() -> None:
    op.create_table(
        "organisation_application",
        *owner(),
        key(),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("uscc", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("adcode", sa.Text, nullable=False),
        sa.Column("website", sa.Text),
        sa.Column("uscc_override_reason", sa.Text),
        sa.Column("contact_name", sa.Text, nullable=False),
        sa.Column("contact_phone", sa.Text, nullable=False),
        sa.Column("status", sa.Text, server_default="draft", nullable=False),
        sa.Column("submitted_at", INSTANT),
        sa.Column("organisation_id", sa.Uuid),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        created(),
        sa.Column("updated_at", INSTANT, server_default=NOW, nullable=False),
        sa.UniqueConstraint("tenant_id", "id"),
        of("account", "account_id"),
        of("organisation", "organisation_id"),
        sa.CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="name"),
        sa.CheckConstraint(
            "kind IN ('university', 'institute', 'enterprise', 'medical', 'government', 'other')", name="kind"
        ),
        sa.CheckConstraint("adcode ~ '^[0-9]{6}$' AND left(adcode, 2) = left(tenant_id, 2)", name="adcode"),
        sa.CheckConstraint("website ~ '^https?://' AND char_length(website) <= 500", name="website"),
        sa.CheckConstraint(
            "char_length(uscc_override_reason) BETWEEN 1 AND 500", name="uscc_override_reason"
        ),
        sa.CheckConstraint(
            "char_length(contact_name) BETWEEN 1 AND 100 AND char_length(contact_phone) BETWEEN 1 AND 30",
            name="contact",
        ),
        sa.CheckConstraint(f"status IN {STATES}", name="status"),
        sa.CheckConstraint("(status = 'approved') = (organisation_id IS NOT NULL)", name="organisation"),
        sa.CheckConstraint(
            "status = 'draft' OR status = 'withdrawn' OR submitted_at IS NOT NULL", name="submitted"
        ),
        sa.Index("ix_organisation_application_account_id", "account_id"),
        sa.Index("ix_organisation_application_submitted_at", "tenant_id", "submitted_at", "id"),
        sa.Index(
            "ix_organisation_application_open",
            "tenant_id",
            "uscc",
            unique=True,
            postgresql_where=sa.text("status IN ('submitted', 'returned')"),
        ),
    )
    op.create_table(
        "application_step",
        *owner(),
        key(),
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("faults", pg.JSONB, server_default="{}", nullable=False),
        created(),
        of("organisation_application", "application_id"),
        of("account", "account_id"),
        sa.CheckConstraint(f"status IN {STATES}", name="status"),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 1000", name="reason"),
        sa.CheckConstraint(
            "jsonb_typeof(faults) = 'object' AND char_length(faults::text) <= 10000", name="faults"
        ),
        sa.Index("ix_application_step_application_id", "application_id"),
    )
    op.create_table(
        "application_evidence",
        *owner(),
        key(),
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        created(),
        of("organisation_application", "application_id"),
        sa.UniqueConstraint("application_id", "digest"),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        sa.CheckConstraint("media_type IN ('application/pdf', 'image/png', 'image/jpeg')", name="media_type"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="name"),
        sa.CheckConstraint("size BETWEEN 1 AND 10485760", name="size"),
    )
    for table in ("organisation_application", "application_step", "application_evidence"):
        protect(table, Own())


def invitations() -> None:
    op.create_table(
        "organisation_invitation",
        *owner(),
        key(),
        sa.Column("organisation_id", sa.Uuid, nullable=False),
        sa.Column("invited_by", sa.Uuid, nullable=False),
        sa.Column("by_email", sa.Boolean, nullable=False),
        sa.Column("invitee", sa.Text, nullable=False),
        sa.Column("account_id", sa.Uuid),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Text, server_default="open", nullable=False),
        sa.Column("accepted_by", sa.Uuid),
        sa.Column("expires_at", INSTANT, nullable=False),
        created(),
        sa.UniqueConstraint("digest"),
        of("organisation", "organisation_id"),
        of("account", "invited_by"),
        of("account", "account_id"),
        of("account", "accepted_by"),
        sa.CheckConstraint("role IN ('member', 'manager')", name="role"),
        sa.CheckConstraint("status IN ('open', 'accepted', 'declined', 'revoked')", name="status"),
        sa.CheckConstraint(
            "invitee = lower(invitee) AND char_length(invitee) BETWEEN 3 AND 254", name="invitee"
        ),
        sa.CheckConstraint("char_length(message) BETWEEN 1 AND 500", name="message"),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
        sa.CheckConstraint("(status = 'accepted') = (accepted_by IS NOT NULL)", name="accepted"),
        sa.CheckConstraint("NOT by_email OR account_id IS NULL", name="by_email"),
        sa.Index("ix_organisation_invitation_account_id", "account_id"),
        sa.Index(
            "ix_organisation_invitation_open",
            "organisation_id",
            "invitee",
            unique=True,
            postgresql_where=sa.text("status = 'open'"),
        ),
    )
    protect("organisation_invitation", Own())


def requests() -> None:
    op.create_table(
        "join_request",
        *owner(),
        key(),
        sa.Column("organisation_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("status", sa.Text, server_default="open", nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("decided_at", INSTANT),
        created(),
        of("organisation", "organisation_id"),
        of("account", "account_id"),
        of("account", "decided_by"),
        sa.CheckConstraint("status IN ('open', 'approved', 'declined', 'withdrawn')", name="status"),
        sa.CheckConstraint("char_length(message) BETWEEN 1 AND 500", name="message"),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 500", name="reason"),
        sa.Index("ix_join_request_account_id", "account_id"),
        sa.Index(
            "ix_join_request_open",
            "organisation_id",
            "account_id",
            unique=True,
            postgresql_where=sa.text("status = 'open'"),
        ),
    )
    protect("join_request", Own())


def downgrade() -> None:
    op.execute("DROP FUNCTION organisation_is_registered(text)")
    op.execute("DROP FUNCTION files_kept(text[])")
    op.execute("DROP POLICY organisation_registered ON organisation")
    op.execute(f"REVOKE SELECT ON organisation FROM {role('broker')}")
    for table in (
        "join_request",
        "organisation_invitation",
        "application_evidence",
        "application_step",
        "organisation_application",
        "kept_file",
    ):
        op.drop_table(table)
