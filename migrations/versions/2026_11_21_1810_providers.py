"""Province identity providers: how they are reached, trusted and asked."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import Hidden
from migrations.protection import allow, broker_function, protect, role

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
PROVIDER = "identity_provider"
IDENTITY = "external_identity"
LINKS_SIGNATURE = "identity_provider_links()"
# Who is linked is hidden from the province's officers; how many are is not.
LINKS = """
CREATE FUNCTION identity_provider_links()
    RETURNS TABLE (identity_provider_id uuid, people bigint, admins bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT p.id, count(DISTINCT a.id),
           count(DISTINCT a.id) FILTER (WHERE EXISTS (
               SELECT 1 FROM role_grant r WHERE r.account_id = a.id AND r.role = 'province_admin'))
    FROM identity_provider p
    LEFT JOIN external_identity e ON e.tenant_id = p.tenant_id AND e.issuer = p.issuer
    LEFT JOIN account a ON a.id = e.account_id AND a.status = 'active'
    WHERE p.tenant_id = nullif(current_setting('app.tenant_id', true), '')
    GROUP BY p.id
$$
"""


def texts(name: str, default: str) -> sa.Column[list[str]]:
    return sa.Column(name, pg.JSONB(none_as_null=True), server_default=default, nullable=False)


def flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, server_default="false", nullable=False)


def provider_columns() -> list[sa.Column[Any]]:
    return [
        texts("scopes", '["openid"]'),
        sa.Column("authorization_endpoint", sa.Text),
        sa.Column("token_endpoint", sa.Text),
        sa.Column("jwks_uri", sa.Text),
        sa.Column("userinfo_endpoint", sa.Text),
        sa.Column("end_session_endpoint", sa.Text),
        sa.Column("token_auth_method", sa.Text, server_default="none", nullable=False),
        sa.Column("clock_skew_seconds", sa.BigInteger, server_default="60", nullable=False),
        flag("iss_required"),
        flag("trusts_factors"),
        texts("two_factor_acrs", "[]"),
        sa.Column("first_sign_in", sa.Text, server_default="refuse", nullable=False),
        flag("vouches_for_units"),
        flag("signs_out_there"),
        sa.Column("name_claim", sa.Text),
        sa.Column("unit_claim", sa.Text),
        sa.Column("uscc_claim", sa.Text),
        sa.Column("assurance_claim", sa.Text),
        texts("verified_assurances", "[]"),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
    ]


PROVIDER_CHECKS = {
    "scopes": "jsonb_typeof(scopes) = 'array' AND scopes ? 'openid' AND length(scopes::text) <= 1000",
    "endpoints": "num_nonnulls(authorization_endpoint, token_endpoint, jwks_uri) IN (0, 3) AND "
    "(authorization_endpoint IS NOT NULL OR num_nonnulls(userinfo_endpoint, end_session_endpoint) = 0)",
    "addresses": " AND ".join(
        f"{name} ~ '^https?://' AND char_length({name}) <= 500"
        for name in (
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "end_session_endpoint",
        )
    ),
    "issuer_length": "char_length(issuer) <= 500",
    "token_auth_method": "CASE token_auth_method WHEN 'none' THEN client_secret IS NULL "
    "ELSE token_auth_method IN ('client_secret_basic', 'client_secret_post') AND client_secret IS NOT NULL END",
    "clock_skew_seconds": "clock_skew_seconds BETWEEN 0 AND 300",
    "two_factor_acrs": "jsonb_typeof(two_factor_acrs) = 'array' AND length(two_factor_acrs::text) <= 2000",
    "verified_assurances": "jsonb_typeof(verified_assurances) = 'array' "
    "AND length(verified_assurances::text) <= 2000",
    "first_sign_in": "first_sign_in = 'refuse' OR (first_sign_in = 'create' AND issuer <> 'self' "
    "AND name_claim IS NOT NULL)",
    "vouches_for_units": "NOT vouches_for_units OR uscc_claim IS NOT NULL",
    "claims": " AND ".join(
        f"char_length({name}) BETWEEN 1 AND 200"
        for name in ("name_claim", "unit_claim", "uscc_claim", "assurance_claim")
    ),
}


def identity_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("identity_provider_id", sa.Uuid),
        sa.Column("name", sa.Text),
        sa.Column("unit", sa.Text),
        sa.Column("uscc", sa.Text),
        sa.Column("assurance", sa.Text),
        flag("verified"),
        sa.Column("last_seen_at", INSTANT),
    ]


IDENTITY_CHECK = (
    "char_length(name) BETWEEN 1 AND 100 AND char_length(unit) BETWEEN 1 AND 200 "
    "AND char_length(uscc) BETWEEN 1 AND 50 AND char_length(assurance) BETWEEN 1 AND 100"
)


def upgrade() -> None:
    for column in provider_columns():
        op.add_column(PROVIDER, column)
    op.execute(
        f"UPDATE {PROVIDER} SET token_auth_method = 'client_secret_basic' WHERE client_secret IS NOT NULL"
    )
    for name, condition in PROVIDER_CHECKS.items():
        op.create_check_constraint(name, PROVIDER, condition)
    op.create_unique_constraint("uq_identity_provider_tenant_id_id", PROVIDER, ["tenant_id", "id"])
    identities()
    op.create_table(
        "provider_logout",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("identity_provider_id", sa.Uuid, primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("kept_until", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "identity_provider_id"],
            ["identity_provider.tenant_id", "identity_provider.id"],
            ondelete="CASCADE",
        ),
        sa.Index("ix_provider_logout_kept_until", "kept_until"),
    )
    protect("provider_logout", Hidden())
    allow("provider_logout", "login", name="sign_in")
    allow("organisation", "login", name="vouched", command="SELECT")
    for table in (IDENTITY, PROVIDER):
        allow(table, "broker", name="count", command="SELECT")
    op.execute(LINKS)
    broker_function(LINKS_SIGNATURE)


def identities() -> None:
    for column in identity_columns():
        op.add_column(IDENTITY, column)
    op.create_check_constraint("facts", IDENTITY, IDENTITY_CHECK)
    op.execute(f"""
        UPDATE {IDENTITY} e SET identity_provider_id = (
            SELECT p.id FROM {PROVIDER} p WHERE p.tenant_id = e.tenant_id AND p.issuer = e.issuer ORDER BY p.id LIMIT 1
        ) WHERE e.issuer <> 'self'
    """)
    op.create_foreign_key(
        "fk_external_identity_tenant_id_identity_provider_id",
        IDENTITY,
        PROVIDER,
        ["tenant_id", "identity_provider_id"],
        ["tenant_id", "id"],
    )
    op.create_index("ix_external_identity_identity_provider_id", IDENTITY, ["identity_provider_id"])
    # Two provinces may trust the same issuer; what one of them is told of a subject binds only itself.
    op.drop_constraint("uq_external_identity_issuer_subject", IDENTITY)
    op.create_unique_constraint(
        "uq_external_identity_issuer_subject_tenant_id", IDENTITY, ["issuer", "subject", "tenant_id"]
    )


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {LINKS_SIGNATURE}")
    for table in (IDENTITY, PROVIDER):
        op.execute(f"DROP POLICY {table}_count ON {table}")
        op.execute(f"REVOKE SELECT ON {table} FROM {role('broker')}")
    op.execute("DROP POLICY organisation_vouched ON organisation")
    op.execute(f"REVOKE SELECT ON organisation FROM {role('login')}")
    op.drop_table("provider_logout")
    op.drop_constraint("uq_external_identity_issuer_subject_tenant_id", IDENTITY)
    op.create_unique_constraint("uq_external_identity_issuer_subject", IDENTITY, ["issuer", "subject"])
    op.drop_constraint("fk_external_identity_tenant_id_identity_provider_id", IDENTITY)
    for column in reversed(identity_columns()):
        op.drop_column(IDENTITY, column.name)
    op.drop_constraint("uq_identity_provider_tenant_id_id", PROVIDER)
    for column in reversed(provider_columns()):
        op.drop_column(PROVIDER, column.name)
    op.drop_constraint("ck_identity_provider_issuer_length", PROVIDER)
