"""What ends with a provider or an approval."""

from alembic import op

from migrations.protection import broker_function

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

LIVE_THROUGH = """
    b.identity_provider_id = through_id AND b.tenant_id = nullif(current_setting('app.tenant_id', true), '')
    AND b.revoked_at IS NULL AND b.expires_at > clock_timestamp()
    AND b.last_seen_at > clock_timestamp() - interval '24 hours'
"""
END = f"""
CREATE FUNCTION identity_end_sessions_through(through_id uuid, kept_id uuid) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH ended AS (
        UPDATE browser_session b SET revoked_at = clock_timestamp()
        WHERE {LIVE_THROUGH} AND b.id IS DISTINCT FROM kept_id
          AND EXISTS (SELECT FROM identity_provider p
                      WHERE p.id = through_id AND p.tenant_id = b.tenant_id AND NOT p.enabled)
        RETURNING b.id
    )
    SELECT count(*) FROM ended
$$
"""
LIVE = f"""
CREATE FUNCTION identity_live_sessions_through(through_id uuid) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*) FROM browser_session b WHERE {LIVE_THROUGH}
$$
"""
REASONS = ("person", "client", "code_replayed", "refresh_token_reused")
FUNCTIONS = {
    "identity_end_sessions_through(uuid,uuid)": END,
    "identity_live_sessions_through(uuid)": LIVE,
}


def upgrade() -> None:
    for signature, statement in FUNCTIONS.items():
        op.execute(statement)
        broker_function(signature)
    allow_reasons(*REASONS, "narrowed")


def allow_reasons(*reasons: str) -> None:
    listed = ", ".join(f"'{reason}'" for reason in reasons)
    op.drop_constraint("ck_oauth_grant_revoked_reason", "oauth_grant")
    op.create_check_constraint(
        "revoked_reason",
        "oauth_grant",
        f"revoked_reason IS NULL OR (revoked_at IS NOT NULL AND revoked_reason IN ({listed}))",
    )


def downgrade() -> None:
    op.execute("UPDATE oauth_grant SET revoked_reason = 'person' WHERE revoked_reason = 'narrowed'")
    allow_reasons(*REASONS)
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
