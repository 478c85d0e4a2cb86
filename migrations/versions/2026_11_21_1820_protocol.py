"""What the complete OAuth provider keeps: pushed requests, device codes, used proofs, how clients authenticate, key states."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import Hidden, Platform
from migrations.protection import allow, protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()
JSON = pg.JSONB(none_as_null=True)
CLIENT_COLUMNS = ("auth_method", "jwks", "jwks_uri", "require_par", "dpop_bound")
CLIENT_CHECKS = {
    "auth_method": "auth_method IN ('none', 'client_secret', 'private_key_jwt')",
    "public": "(kind = 'public') = (auth_method = 'none')",
    "secret": "(auth_method = 'client_secret') = (secret_digest IS NOT NULL)",
    "keys": "num_nonnulls(jwks, jwks_uri) = CASE auth_method WHEN 'private_key_jwt' THEN 1 ELSE 0 END",
    "jwks": "jsonb_typeof(jwks -> 'keys') = 'array' AND char_length(jwks::text) <= 20000",
    "jwks_uri": "jwks_uri ~ '^https?://' AND char_length(jwks_uri) <= 2000",
}
JKT = "char_length(jkt) = 43"
REASONS = "revoked_reason IS NULL OR (revoked_at IS NOT NULL AND revoked_reason IN ('person', 'client', 'code_replayed', 'refresh_token_reused'))"
TABLES = ("pushed_request", "device_code")


def upgrade() -> None:
    clients()
    bindings()
    op.create_table(
        "used_proof",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Index("ix_used_proof_expires_at", "expires_at"),
    )
    protect("used_proof", Platform())
    allow("used_proof", "login", name="sign_in")
    pushed_requests()
    device_codes()
    keys()


def clients() -> None:
    op.add_column("oauth_client", sa.Column("auth_method", sa.Text))
    op.add_column("oauth_client", sa.Column("jwks", JSON))
    op.add_column("oauth_client", sa.Column("jwks_uri", sa.Text))
    for name in ("require_par", "dpop_bound"):
        op.add_column("oauth_client", sa.Column(name, sa.Boolean, server_default="false", nullable=False))
    past_policies(
        ["oauth_client"],
        "UPDATE oauth_client SET auth_method = CASE kind WHEN 'public' THEN 'none' ELSE 'client_secret' END",
    )
    op.alter_column("oauth_client", "auth_method", nullable=False)
    op.drop_constraint("secret", "oauth_client", type_="check")
    for name, condition in CLIENT_CHECKS.items():
        op.create_check_constraint(name, "oauth_client", condition)
    op.create_unique_constraint("uq_oauth_client_tenant_id_id", "oauth_client", ["tenant_id", "id"])
    past_policies(
        ["oauth_client"],
        """
        INSERT INTO oauth_client (tenant_id, client_id, name, kind, auth_method, first_party, grant_types, scopes)
        SELECT code, 'commons-cli', 'Delta Commons 命令行', 'public', 'none', true,
               '["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]', '["*"]'
        FROM province ORDER BY position, code LIMIT 1
        """,
    )


def past_policies(tables: Sequence[str], *statements: str) -> None:
    """Change rows of every province, which the policies keep even from the tables' owner."""
    for table in tables:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for statement in statements:
        op.execute(statement)
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def bindings() -> None:
    """To a key (RFC 9449), to the browser session, and why a grant ended."""
    for table in ("oauth_code", "refresh_token"):
        op.add_column(table, sa.Column("jkt", sa.Text))
        op.create_check_constraint("jkt", table, JKT)
    for table in ("oauth_code", "oauth_grant"):
        op.add_column(table, sa.Column("browser_session_id", sa.Uuid))
    op.add_column("oauth_grant", sa.Column("revoked_reason", sa.Text))
    op.create_check_constraint("revoked_reason", "oauth_grant", REASONS)


def pushed_requests() -> None:
    op.create_table(
        "pushed_request",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("opened", sa.Boolean, server_default="false", nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id", "client_id"], ["oauth_client.tenant_id", "oauth_client.id"]),
        sa.CheckConstraint("char_length(parameters::text) <= 20000", name="parameters"),
        sa.Index("ix_pushed_request_expires_at", "expires_at"),
    )


def device_codes() -> None:
    op.create_table(
        "device_code",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("user_code", sa.LargeBinary, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("poll_seconds", sa.BigInteger, server_default="5", nullable=False),
        sa.Column("polled_at", INSTANT),
        sa.Column("decision", sa.Text),
        sa.Column("account_tenant_id", sa.Text),
        sa.Column("account_id", sa.Uuid),
        sa.Column("methods", JSON, server_default="[]", nullable=False),
        sa.Column("authenticated_at", INSTANT),
        sa.Column("browser_session_id", sa.Uuid),
        sa.Column("used_at", INSTANT),
        sa.UniqueConstraint("user_code"),
        sa.ForeignKeyConstraint(["tenant_id", "client_id"], ["oauth_client.tenant_id", "oauth_client.id"]),
        sa.ForeignKeyConstraint(["account_tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        sa.CheckConstraint("decision IN ('allowed', 'denied')", name="decision"),
        sa.CheckConstraint(
            "num_nonnulls(decision, account_tenant_id, account_id, authenticated_at) IN (0, 4)",
            name="decided",
        ),
        sa.CheckConstraint("used_at IS NULL OR decision IS NOT DISTINCT FROM 'allowed'", name="used"),
        sa.CheckConstraint("char_length(address) <= 64", name="address"),
        sa.Index("ix_device_code_expires_at", "expires_at"),
    )
    for table in TABLES:
        protect(table, Hidden())
        allow(table, "login", name="sign_in")


def keys() -> None:
    """One key signs, the next one is already published, those that signed before are published until nobody asks."""
    op.add_column("signing_key", sa.Column("since", INSTANT, server_default=NOW, nullable=False))
    past_policies(
        ["signing_key"],
        "UPDATE signing_key SET since = created_at",
        """
        UPDATE signing_key SET state = 'retiring' WHERE state = 'active'
        AND kid <> (SELECT kid FROM signing_key WHERE state = 'active' ORDER BY created_at DESC, kid LIMIT 1)
        """,
    )
    op.drop_constraint("state", "signing_key", type_="check")
    op.create_check_constraint("state", "signing_key", "state IN ('next', 'active', 'retiring')")
    op.create_index(
        "ix_signing_key_state",
        "signing_key",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state <> 'retiring'"),
    )


def downgrade() -> None:
    op.drop_index("ix_signing_key_state", "signing_key")
    op.drop_constraint("state", "signing_key", type_="check")
    past_policies(["signing_key"], "DELETE FROM signing_key WHERE state = 'next'")
    op.create_check_constraint("state", "signing_key", "state IN ('active', 'retiring')")
    op.drop_column("signing_key", "since")
    for table in (*TABLES, "used_proof"):
        op.drop_table(table)
    op.drop_column("oauth_grant", "revoked_reason")
    for table in ("oauth_grant", "oauth_code"):
        op.drop_column(table, "browser_session_id")
    for table in ("refresh_token", "oauth_code"):
        op.drop_column(table, "jkt")
    forget_new_clients()
    op.drop_constraint("uq_oauth_client_tenant_id_id", "oauth_client", type_="unique")
    for name in CLIENT_CHECKS:
        op.drop_constraint(name, "oauth_client", type_="check")
    for column in CLIENT_COLUMNS:
        op.drop_column("oauth_client", column)
    op.create_check_constraint("secret", "oauth_client", "(kind = 'public') = (secret_digest IS NULL)")


def forget_new_clients() -> None:
    """The older tables have no place for a client that signs, nor for the command line."""
    gone = "SELECT id FROM oauth_client WHERE auth_method = 'private_key_jwt' OR client_id = 'commons-cli'"
    past_policies(
        ["oauth_client", "oauth_grant", "oauth_code", "refresh_token"],
        f"DELETE FROM oauth_code WHERE client_id IN ({gone})",
        f"DELETE FROM refresh_token WHERE grant_id IN (SELECT id FROM oauth_grant WHERE client_id IN ({gone}))",
        f"DELETE FROM oauth_grant WHERE client_id IN ({gone})",
        f"DELETE FROM oauth_client WHERE id IN ({gone})",
    )
