"""Appointments that two people decide, and the platform operator."""

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from app.tenancy.policies import TENANT, Members, Own, Reference, Scoped, ScopedAmongMembers, ddl
from migrations.protection import allow, broker_function, protect, role

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()
SHARED = ("organisation", "instrument")
ANY_TENANT, ANY_MEMBER = f"{TENANT} IS NOT NULL", f"{TENANT} <> '000000'"
END_SESSIONS = """
CREATE FUNCTION identity_end_sessions(suspended_id uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE browser_session SET revoked_at = clock_timestamp()
    WHERE revoked_at IS NULL AND account_id = (
        SELECT id FROM account WHERE id = suspended_id AND status = 'suspended'
        AND tenant_id = nullif(current_setting('app.tenant_id', true), ''));
    UPDATE oauth_grant SET revoked_at = clock_timestamp()
    WHERE revoked_at IS NULL AND account_id = (
        SELECT id FROM account WHERE id = suspended_id AND status = 'suspended'
        AND tenant_id = nullif(current_setting('app.tenant_id', true), ''));
$$
"""
LIVE_SESSIONS = """
CREATE FUNCTION identity_live_sessions(person_id uuid) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*) FROM browser_session b JOIN account a ON a.id = b.account_id AND a.status = 'active'
    WHERE b.account_id = person_id AND a.tenant_id = nullif(current_setting('app.tenant_id', true), '')
      AND b.revoked_at IS NULL AND b.expires_at > clock_timestamp()
      AND b.last_seen_at > clock_timestamp() - interval '24 hours'
$$
"""


def upgrade() -> None:
    appointments()
    delegations()
    one_role_each()
    the_platform()


def appointments() -> None:
    op.create_unique_constraint(None, "delegation", ["tenant_id", "id"])
    op.create_table(
        "appointment",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("delegation_id", sa.Uuid),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Uuid, nullable=False),
        sa.Column("proposed_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("decided_at", INSTANT),
        *(
            sa.ForeignKeyConstraint(["tenant_id", column], ["account.tenant_id", "account.id"])
            for column in ("account_id", "proposed_by", "decided_by")
        ),
        sa.ForeignKeyConstraint(["tenant_id", "delegation_id"], ["delegation.tenant_id", "delegation.id"]),
        sa.CheckConstraint("role = 'province_admin'", name="role"),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 500", name="reason"),
        sa.CheckConstraint("account_id <> proposed_by", name="candidate"),
        sa.CheckConstraint("expires_at = proposed_at + interval '14 days'", name="expires"),
        sa.CheckConstraint("outcome IN ('approved', 'declined', 'withdrawn')", name="outcome"),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_at IS NULL) AND (outcome IS NULL) = (decided_by IS NULL) "
            "AND decided_at >= proposed_at AND decided_at < expires_at",
            name="decided",
        ),
        sa.CheckConstraint(
            "CASE outcome WHEN 'withdrawn' THEN decided_by = proposed_by "
            "ELSE decided_by <> proposed_by AND decided_by <> account_id END",
            name="two_persons",
        ),
        sa.Index("ix_appointment_tenant_id_id", "tenant_id", "id"),
    )
    op.execute(
        "ALTER TABLE appointment ADD CONSTRAINT ex_appointment_open EXCLUDE USING gist (account_id WITH =, role WITH =, "
        "(coalesce(delegation_id, account_id)) WITH =, "
        "(tstzrange(proposed_at, coalesce(decided_at, expires_at))) WITH &&)"
    )
    protect("appointment", Own())


def delegations() -> None:
    op.add_column("delegation", sa.Column("revoked_by", sa.Uuid))
    op.create_foreign_key(None, "delegation", "account", ["tenant_id", "revoked_by"], ["tenant_id", "id"])
    op.create_check_constraint("start", "delegation", "starts_at >= created_at - interval '1 minute'")
    op.execute(
        "ALTER TABLE delegation ADD CONSTRAINT ex_delegation_once EXCLUDE USING gist (account_id WITH =, deputy_id WITH =, "
        "role WITH =, (coalesce(organisation_id, instrument_id, account_id)) WITH =, "
        "(tstzrange(starts_at, ends_at)) WITH &&) WHERE (revoked_at IS NULL)"
    )


def one_role_each() -> None:
    """Who had both roles keeps the one that decides; an auditor is appointed anew by the province."""
    delete(
        "role_grant",
        "role = 'auditor' AND account_id IN (SELECT account_id FROM role_grant WHERE role = 'province_admin')",
    )
    op.create_unique_constraint(None, "role_grant", ["account_id"])
    op.drop_constraint("ck_role_grant_role", "role_grant")
    op.create_check_constraint("role", "role_grant", "role IN ('province_admin', 'auditor', 'operator')")
    op.create_check_constraint("operator", "role_grant", "(role = 'operator') = (tenant_id = '000000')")
    allow("oauth_grant", "broker", name="end", command="UPDATE")
    for body, signature in (
        (END_SESSIONS, "identity_end_sessions(uuid)"),
        (LIVE_SESSIONS, "identity_live_sessions(uuid)"),
    ):
        op.execute(body)
        broker_function(signature)


def the_platform() -> None:
    op.add_column("province", sa.Column("member", sa.Boolean, server_default="true", nullable=False))
    op.execute(
        "INSERT INTO province (code, name_zh, short_zh, name_en, position, member) "
        "VALUES ('000000', '平台运行方', '平台', 'Platform', 0, false)"
    )
    op.create_check_constraint("member", "province", "member = (code <> '000000')")
    repolice("province", Members())
    for table in SHARED:
        repolice(table, ScopedAmongMembers())
    for body in functions():
        op.execute(body.replace(ANY_TENANT, ANY_MEMBER))


def functions() -> list[str]:
    """What shows the rows of the region past their policy."""
    instruments = import_module("migrations.versions.2026_11_21_1340_instruments")
    return [
        body.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        for body in (instruments.BUSY, instruments.MATCHING)
    ]


def repolice(table: str, policy: Reference | Scoped | ScopedAmongMembers) -> None:
    """Another rule for who reads; who writes stays the same."""
    op.execute(f"DROP POLICY {table}_read ON {table}")
    op.execute(next(one for one in ddl(table, policy, owner=role("owner")) if f"POLICY {table}_read" in one))


def downgrade() -> None:
    for body in functions():
        op.execute(body)
    for table in SHARED:
        repolice(table, Scoped())
    repolice("province", Reference())
    op.drop_constraint("ck_province_member", "province")
    forget_operators()
    op.drop_column("province", "member")
    for signature in ("identity_live_sessions(uuid)", "identity_end_sessions(uuid)"):
        op.execute(f"DROP FUNCTION {signature}")
    op.execute("DROP POLICY oauth_grant_end ON oauth_grant")
    op.execute(f"REVOKE UPDATE ON oauth_grant FROM {role('broker')}")
    op.drop_constraint("ck_role_grant_operator", "role_grant")
    op.drop_constraint("ck_role_grant_role", "role_grant")
    op.create_check_constraint("role", "role_grant", "role IN ('province_admin', 'auditor')")
    op.drop_constraint("uq_role_grant_account_id", "role_grant")
    op.drop_table("appointment")
    op.drop_constraint("ex_delegation_once", "delegation")
    op.drop_constraint("ck_delegation_start", "delegation")
    op.drop_column("delegation", "revoked_by")
    op.drop_constraint("uq_delegation_tenant_id_id", "delegation")


def forget_operators() -> None:
    """Without this revision nobody can be one; what they did goes with them."""
    for table in (
        "refresh_token",
        "oauth_code",
        "oauth_grant",
        "browser_session",
        "role_grant",
        "external_identity",
        "local_credential",
        "idempotency_key",
        "task_run",
        "account",
    ):
        delete(table, "tenant_id = '000000'")
    delete("journal_event", "'000000' IN (tenant_id, actor_tenant_id)")
    op.execute("DELETE FROM province WHERE code = '000000'")


def delete(table: str, condition: str) -> None:
    """In every tenant: the policies hold the owner too."""
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"DELETE FROM {table} WHERE {condition}")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
