"""Sessions and grants that know how their person signed in; roles held for somebody else until a day."""

from importlib import import_module

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import Own
from migrations.protection import allow, broker_function, protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()
SIGNATURES = ("identity_principal_of_session(bytea)", "identity_principal_of_grant(uuid)")

# A deputy has what the principal still has, never more.
DELEGATED = """
    delegated AS MATERIALIZED (
        SELECT d.role, d.organisation_id, d.instrument_id, d.account_id, d.created_at
        FROM live
        JOIN delegation d ON d.deputy_id = live.account_id
        JOIN account p ON p.id = d.account_id AND p.status = 'active'
        WHERE d.confirmed_at IS NOT NULL AND d.revoked_at IS NULL
          AND d.starts_at <= clock_timestamp() AND d.ends_at > clock_timestamp()
          AND CASE d.role
              WHEN 'manager' THEN EXISTS (
                  SELECT 1 FROM membership m WHERE m.account_id = d.account_id
                  AND m.organisation_id = d.organisation_id AND m.role = 'manager')
              WHEN 'steward' THEN EXISTS (
                  SELECT 1 FROM stewardship s WHERE s.account_id = d.account_id
                  AND s.instrument_id = d.instrument_id)
              ELSE EXISTS (SELECT 1 FROM role_grant r WHERE r.account_id = d.account_id AND r.role = d.role)
          END
    )
"""
PERSON = """
    'person'::text, a.id, a.tenant_id, a.display_name,
    ARRAY(SELECT r.role FROM role_grant r WHERE r.account_id = a.id
          UNION SELECT d.role FROM delegated d WHERE d.organisation_id IS NULL AND d.instrument_id IS NULL),
    (SELECT jsonb_object_agg(held.organisation_id, held.role) FROM (
        SELECT m.organisation_id, min(m.role) AS role  -- 'manager' sorts before 'member'
        FROM (SELECT organisation_id, role FROM membership WHERE account_id = a.id
              UNION ALL SELECT organisation_id, role FROM delegated WHERE organisation_id IS NOT NULL) m
        GROUP BY m.organisation_id) held),
    ARRAY(SELECT s.instrument_id FROM stewardship s WHERE s.account_id = a.id
          UNION SELECT d.instrument_id FROM delegated d WHERE d.instrument_id IS NOT NULL)
"""
ACTING_FOR = "(SELECT d.account_id FROM delegated d ORDER BY d.created_at LIMIT 1)"
PRINCIPAL = """
    RETURNS TABLE (kind text, id uuid, tenant_id text, name text, roles text[], organisations jsonb,
                   stewardships uuid[], session_id uuid, methods jsonb, client_id uuid, acting_for uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1
"""
OF_SESSION = f"""
CREATE FUNCTION identity_principal_of_session(token_digest bytea) {PRINCIPAL} AS $$
    WITH live AS MATERIALIZED (
        SELECT * FROM browser_session b
        WHERE b.digest = token_digest AND b.revoked_at IS NULL AND NOT b.awaiting_factor
          AND b.expires_at > clock_timestamp() AND b.last_seen_at > clock_timestamp() - interval '24 hours'
    ), seen AS (
        UPDATE browser_session b SET last_seen_at = clock_timestamp()
        FROM live WHERE b.id = live.id AND live.last_seen_at < clock_timestamp() - interval '1 minute'
    ), {DELEGATED}
    SELECT {PERSON}, live.id, live.methods, NULL::uuid, {ACTING_FOR}
    FROM live JOIN account a ON a.id = live.account_id AND a.status = 'active'
$$
"""
OF_GRANT = f"""
CREATE FUNCTION identity_principal_of_grant(grant_id uuid) {PRINCIPAL} AS $$
    WITH live AS MATERIALIZED (
        SELECT g.id AS grant_id, g.account_id, g.methods, c.*
        FROM oauth_grant g JOIN oauth_client c ON c.id = g.client_id AND c.status = 'active'
        WHERE g.id = $1 AND g.revoked_at IS NULL AND g.expires_at > clock_timestamp()
    ), {DELEGATED}
    SELECT {PERSON}, live.grant_id, live.methods, live.id, {ACTING_FOR}
    FROM live JOIN account a ON a.id = live.account_id AND a.status = 'active'
    UNION ALL
    SELECT 'system', live.id, live.tenant_id, live.name, ARRAY['system'],
           CASE WHEN live.organisation_id IS NOT NULL THEN jsonb_build_object(live.organisation_id, 'member') END,
           ARRAY[]::uuid[], live.grant_id, live.methods, live.id, NULL::uuid
    FROM live WHERE live.account_id IS NULL
$$
"""


def upgrade() -> None:
    sign_ins()
    delegations()
    replace_functions(OF_SESSION, OF_GRANT)


def sign_ins() -> None:
    for table in ("browser_session", "oauth_grant", "oauth_code"):
        methods = sa.Column("methods", pg.JSONB(none_as_null=True), server_default="[]", nullable=False)
        op.add_column(table, methods)
    op.add_column(
        "browser_session", sa.Column("authenticated_at", INSTANT, server_default=NOW, nullable=False)
    )
    op.add_column(
        "browser_session",
        sa.Column("awaiting_factor", sa.Boolean, server_default="false", nullable=False),
    )
    op.add_column("browser_session", sa.Column("identity_provider_id", sa.Uuid))
    op.add_column("browser_session", sa.Column("provider_session", sa.Text))
    op.create_foreign_key(
        "fk_browser_session_identity_provider_id",
        "browser_session",
        "identity_provider",
        ["identity_provider_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_check_constraint(
        "provider_session", "browser_session", "char_length(provider_session) BETWEEN 1 AND 255"
    )
    op.create_index(
        "ix_browser_session_identity_provider_id",
        "browser_session",
        ["identity_provider_id", "provider_session"],
    )


def delegations() -> None:
    op.create_table(
        "delegation",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("deputy_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.Uuid),
        sa.Column("instrument_id", sa.Uuid),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("confirmed_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        sa.ForeignKeyConstraint(["tenant_id", "deputy_id"], ["account.tenant_id", "account.id"]),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "instrument_id"], ["instrument.tenant_id", "instrument.id"], ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "CASE role WHEN 'manager' THEN organisation_id IS NOT NULL AND instrument_id IS NULL "
            "WHEN 'steward' THEN instrument_id IS NOT NULL AND organisation_id IS NULL "
            "ELSE role IN ('province_admin', 'auditor') AND organisation_id IS NULL AND instrument_id IS NULL END",
            name="role",
        ),
        sa.CheckConstraint("account_id <> deputy_id", name="deputy"),
        sa.CheckConstraint("starts_at < ends_at AND ends_at <= starts_at + interval '366 days'", name="term"),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 500", name="reason"),
        sa.Index("ix_delegation_deputy_id", "deputy_id"),
        sa.Index("ix_delegation_account_id", "account_id"),
    )
    protect("delegation", Own())
    allow("delegation", "login", name="sign_in")
    allow("delegation", "broker", name="recognise", command="SELECT")


def replace_functions(*bodies: str) -> None:
    for signature, body in zip(SIGNATURES, bodies, strict=True):
        op.execute(f"DROP FUNCTION {signature}")
        op.execute(body)
        broker_function(signature)


def downgrade() -> None:
    identity = import_module("migrations.versions.2026_11_21_1330_identity")
    replace_functions(identity.OF_SESSION, identity.OF_GRANT)
    op.drop_table("delegation")
    for table in ("oauth_code", "oauth_grant"):
        op.drop_column(table, "methods")
    for column in (
        "provider_session",
        "identity_provider_id",
        "awaiting_factor",
        "authenticated_at",
        "methods",
    ):
        op.drop_column("browser_session", column)
