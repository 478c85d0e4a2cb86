"""Accounts, sign-in, roles, sessions, and the tables of our OpenID provider."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import Hidden, Own, Personal, RowPolicy
from migrations.protection import allow, broker_function, protect, role

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()
POLICIES: dict[str, RowPolicy] = {
    "account": Own(),
    "local_credential": Hidden(),
    "external_identity": Hidden(),
    "identity_provider": Own(),
    "membership": Own(),
    "role_grant": Own(),
    "stewardship": Own(),
    "browser_session": Personal("account_id"),
    "login_attempt": Hidden(),
    "oauth_client": Own(),
    "oauth_grant": Personal("account_id"),
    "oauth_code": Hidden(),
    "refresh_token": Hidden(),
    "signing_key": Hidden(),
}
"""In the order of their foreign keys. The sign-in role works on all of them, in every province."""

# What a request must know of its caller, in one call. Seen at most once a minute, so that reading stays reading.
PERSON = """
    'person'::text, a.id, a.tenant_id, a.display_name,
    ARRAY(SELECT r.role FROM role_grant r WHERE r.account_id = a.id),
    (SELECT jsonb_object_agg(m.organisation_id, m.role) FROM membership m WHERE m.account_id = a.id),
    ARRAY(SELECT s.instrument_id FROM stewardship s WHERE s.account_id = a.id)
"""
PRINCIPAL = """
    RETURNS TABLE (kind text, id uuid, tenant_id text, name text, roles text[], organisations jsonb,
                   stewardships uuid[], session_id uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1
"""
OF_SESSION = f"""
CREATE FUNCTION identity_principal_of_session(token_digest bytea) {PRINCIPAL} AS $$
    WITH live AS (
        SELECT * FROM browser_session b
        WHERE b.digest = token_digest AND b.revoked_at IS NULL
          AND b.expires_at > clock_timestamp() AND b.last_seen_at > clock_timestamp() - interval '24 hours'
    ), seen AS (
        UPDATE browser_session b SET last_seen_at = clock_timestamp()
        FROM live WHERE b.id = live.id AND live.last_seen_at < clock_timestamp() - interval '1 minute'
    )
    SELECT {PERSON}, live.id FROM live JOIN account a ON a.id = live.account_id AND a.status = 'active'
$$
"""
OF_GRANT = f"""
CREATE FUNCTION identity_principal_of_grant(grant_id uuid) {PRINCIPAL} AS $$
    WITH live AS (
        SELECT g.id AS grant_id, g.account_id, c.*
        FROM oauth_grant g JOIN oauth_client c ON c.id = g.client_id AND c.status = 'active'
        WHERE g.id = $1 AND g.revoked_at IS NULL AND g.expires_at > clock_timestamp()
    )
    SELECT {PERSON}, live.grant_id FROM live JOIN account a ON a.id = live.account_id AND a.status = 'active'
    UNION ALL
    SELECT 'system', live.id, live.tenant_id, live.name, ARRAY['system'],
           CASE WHEN live.organisation_id IS NOT NULL THEN jsonb_build_object(live.organisation_id, 'member') END,
           ARRAY[]::uuid[], live.grant_id
    FROM live WHERE live.account_id IS NULL
$$
"""
FUNCTIONS = {
    "identity_principal_of_session(bytea)": OF_SESSION,
    "identity_principal_of_grant(uuid)": OF_GRANT,
}
BROKER_READS = (
    "account",
    "membership",
    "role_grant",
    "stewardship",
    "browser_session",
    "oauth_grant",
    "oauth_client",
)


def tenant() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
    ]


def identifier() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), primary_key=True)


def instant(name: str, *, default: bool = False, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, INSTANT, server_default=NOW if default else None, nullable=nullable)


def required(name: str, kind: Any, default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, kind, server_default=default, nullable=False)


def texts(name: str, default: str | None = "[]") -> sa.Column[object]:
    return required(name, pg.JSONB(none_as_null=True), default)


def of_account(*, key: bool = False, nullable: bool = False) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("account_id", sa.Uuid, primary_key=key, nullable=nullable),
        sa.ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
    ]


def of_organisation(*, key: bool = False) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organisation_id", sa.Uuid, primary_key=key, nullable=not key),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organisation_id"], ["organisation.tenant_id", "organisation.id"]
        ),
    ]


def accounts() -> None:
    op.create_table(
        "account",
        *tenant(),
        identifier(),
        required("display_name", sa.Text),
        required("status", sa.Text, "active"),
        instant("created_at", default=True),
        required("version", sa.BigInteger, "1"),
        sa.UniqueConstraint("tenant_id", "id"),
        sa.CheckConstraint("char_length(display_name) BETWEEN 1 AND 100", name="display_name"),
        sa.CheckConstraint("status IN ('active', 'suspended', 'closed')", name="status"),
    )
    op.create_table(
        "local_credential",
        *tenant(),
        *of_account(key=True),
        required("login_name", sa.Text),
        required("password_hash", sa.Text),
        instant("changed_at", default=True),
        sa.UniqueConstraint("login_name"),
        sa.CheckConstraint(
            "login_name = lower(login_name) AND char_length(login_name) BETWEEN 3 AND 254", name="login_name"
        ),
        sa.CheckConstraint("password_hash LIKE '$argon2id$%'", name="password_hash"),
    )
    op.create_table(
        "external_identity",
        *tenant(),
        identifier(),
        *of_account(),
        required("issuer", sa.Text),
        required("subject", sa.Text),
        instant("created_at", default=True),
        sa.UniqueConstraint("issuer", "subject"),
        sa.Index("ix_external_identity_account_id", "account_id"),
        sa.CheckConstraint("issuer = 'self' OR issuer ~ '^https?://'", name="issuer"),
        sa.CheckConstraint("char_length(subject) BETWEEN 1 AND 255", name="subject"),
    )
    op.create_table(
        "identity_provider",
        *tenant(),
        identifier(),
        required("name_zh", sa.Text),
        required("name_en", sa.Text),
        required("issuer", sa.Text),
        required("client_id", sa.Text),
        sa.Column("client_secret", sa.LargeBinary),
        required("enabled", sa.Boolean, "true"),
        required("position", sa.BigInteger, "1"),
        sa.UniqueConstraint("tenant_id", "issuer", "client_id"),
        sa.CheckConstraint("issuer = 'self' OR issuer ~ '^https?://'", name="issuer"),
        sa.CheckConstraint(
            "char_length(name_zh) BETWEEN 1 AND 50 AND char_length(name_en) BETWEEN 1 AND 100", name="names"
        ),
    )


def roles_and_sessions() -> None:
    op.create_table(
        "membership",
        *tenant(),
        *of_account(key=True),
        *of_organisation(key=True),
        required("role", sa.Text),
        instant("created_at", default=True),
        sa.Index("ix_membership_organisation_id", "organisation_id"),
        sa.CheckConstraint("role IN ('member', 'manager')", name="role"),
    )
    op.create_table(
        "role_grant",
        *tenant(),
        *of_account(key=True),
        sa.Column("role", sa.Text, primary_key=True),
        instant("created_at", default=True),
        sa.CheckConstraint("role IN ('province_admin', 'auditor')", name="role"),
    )
    op.create_table(
        "stewardship",
        *tenant(),
        *of_account(key=True),
        sa.Column("instrument_id", sa.Uuid, primary_key=True),
        instant("created_at", default=True),
        sa.Index("ix_stewardship_instrument_id", "instrument_id"),
    )
    op.create_table(
        "browser_session",
        *tenant(),
        identifier(),
        *of_account(),
        required("digest", sa.LargeBinary),
        instant("created_at", default=True),
        instant("last_seen_at", default=True),
        instant("expires_at"),
        required("user_agent", sa.Text),
        required("address", sa.Text),
        instant("revoked_at", nullable=True),
        sa.UniqueConstraint("digest"),
        sa.Index("ix_browser_session_account_id", "account_id"),
        sa.CheckConstraint("char_length(user_agent) <= 300 AND char_length(address) <= 64", name="device"),
    )
    op.create_table(
        "login_attempt",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        required("attempts", sa.BigInteger),
        instant("last_at"),
        instant("free_at"),
        sa.Index("ix_login_attempt_last_at", "last_at"),
    )


def clients_and_grants() -> None:
    op.create_table(
        "oauth_client",
        *tenant(),
        identifier(),
        required("client_id", sa.Text),
        required("name", sa.Text),
        required("kind", sa.Text),
        required("first_party", sa.Boolean, "false"),
        sa.Column("secret_digest", sa.LargeBinary),
        *(texts(name) for name in ("redirect_uris", "post_logout_redirect_uris", "grant_types", "scopes")),
        *of_organisation(),
        required("status", sa.Text, "active"),
        instant("created_at", default=True),
        sa.UniqueConstraint("client_id"),
        sa.CheckConstraint("client_id ~ '^[A-Za-z0-9_-]{1,100}$'", name="client_id"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name"),
        sa.CheckConstraint("kind IN ('web', 'public', 'system')", name="kind"),
        sa.CheckConstraint("(kind = 'public') = (secret_digest IS NULL)", name="secret"),
        sa.CheckConstraint("status IN ('active', 'disabled')", name="status"),
    )
    op.create_table(
        "oauth_grant",
        *tenant(),
        identifier(),
        required("client_id", sa.Uuid),
        required("client_name", sa.Text),
        required("first_party", sa.Boolean, "false"),
        *of_account(nullable=True),
        texts("scopes", None),
        instant("authenticated_at"),
        instant("created_at", default=True),
        instant("expires_at"),
        instant("revoked_at", nullable=True),
        sa.UniqueConstraint("tenant_id", "id"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_client.id"]),
        sa.Index("ix_oauth_grant_account_id", "account_id"),
        sa.Index("ix_oauth_grant_expires_at", "expires_at"),
    )


def tokens() -> None:
    op.create_table(
        "oauth_code",
        *tenant(),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        required("client_id", sa.Uuid),
        *of_account(),
        required("redirect_uri", sa.Text),
        texts("scopes", None),
        required("challenge", sa.Text),
        sa.Column("nonce", sa.Text),
        instant("authenticated_at"),
        instant("expires_at"),
        instant("used_at", nullable=True),
        sa.Column("grant_id", sa.Uuid),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_client.id"]),
        sa.ForeignKeyConstraint(["tenant_id", "grant_id"], ["oauth_grant.tenant_id", "oauth_grant.id"]),
        sa.Index("ix_oauth_code_expires_at", "expires_at"),
    )
    op.create_table(
        "refresh_token",
        *tenant(),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        required("grant_id", sa.Uuid),
        instant("expires_at"),
        instant("used_at", nullable=True),
        sa.ForeignKeyConstraint(["tenant_id", "grant_id"], ["oauth_grant.tenant_id", "oauth_grant.id"]),
        sa.Index("ix_refresh_token_grant_id", "grant_id"),
        sa.Index("ix_refresh_token_expires_at", "expires_at"),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.Text, primary_key=True),
        required("public_jwk", pg.JSONB(none_as_null=True)),
        required("private_jwk", sa.LargeBinary),
        required("state", sa.Text, "active"),
        instant("created_at", default=True),
        sa.CheckConstraint("state IN ('active', 'retiring')", name="state"),
    )


def builtin_provider() -> None:
    """The built-in provider for every member province, and the platform's own client there."""
    op.execute("""
        INSERT INTO oauth_client (tenant_id, client_id, name, kind, first_party, redirect_uris, grant_types, scopes)
        SELECT code, 'commons-web-' || code, 'Delta Commons', 'public', true,
               '["/sign-in/callback"]', '["authorization_code"]', '["openid"]'
        FROM province
    """)
    op.execute("""
        INSERT INTO identity_provider (tenant_id, name_zh, name_en, issuer, client_id)
        SELECT code, '平台账号', 'Platform account', 'self', 'commons-web-' || code FROM province
    """)


def upgrade() -> None:
    accounts()
    roles_and_sessions()
    clients_and_grants()
    tokens()
    builtin_provider()
    for table, policy in POLICIES.items():
        protect(table, policy)
        allow(table, "login", name="sign_in")
    for table in BROKER_READS:
        allow(table, "broker", name="recognise", command="SELECT")
    allow("browser_session", "broker", name="seen", command="UPDATE")
    op.execute(f"GRANT SELECT ON province TO {role('login')}")
    for signature, body in FUNCTIONS.items():
        op.execute(body)
        broker_function(signature)


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
    op.execute(f"REVOKE SELECT ON province FROM {role('login')}")
    for table in reversed(POLICIES):
        op.drop_table(table)
