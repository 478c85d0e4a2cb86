"""Requests for approval: when they end by themselves, whether they hold the unit meanwhile, and who decided."""

import sqlalchemy as sa
from alembic import op

from app.tenancy.policies import Parent
from migrations.protection import allow, append_only, broker_function, protect, role

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
BEFORE = {
    "status": "status IN ('requested', 'confirmed', 'cancelled')",
    "blocking": "blocking = (status IN ('requested', 'confirmed'))",
}
AFTER = {
    "status": "status IN ('requested', 'confirmed', 'rejected', 'withdrawn', 'expired', 'superseded', 'cancelled')",
    "blocking": "CASE status WHEN 'confirmed' THEN blocking WHEN 'requested' THEN true ELSE NOT blocking END",
    "waiting": "status <> 'requested' OR (due_at IS NOT NULL AND blocking = (hold_until IS NOT NULL))",
}
# A request ends, and a hold is given up, at the stored instant whenever anybody looks: who locks units settles what is
# due on them first, so nothing depends on a job being on time. `announced` lets the job tell people once.
SETTLE = """
CREATE FUNCTION booking_settle_due(units uuid[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    UPDATE booking SET
        status = CASE WHEN due_at <= clock_timestamp() THEN 'expired' ELSE status END,
        announced = due_at > clock_timestamp(), blocking = false, hold_until = NULL, version = version + 1,
        updated_at = clock_timestamp()
    WHERE status = 'requested' AND (units IS NULL OR unit_id = ANY (units))
        AND (due_at <= clock_timestamp() OR hold_until <= clock_timestamp())
$$
"""
UNTOLD = """
CREATE FUNCTION booking_to_announce() RETURNS TABLE (booking_id uuid, tenant_id text, requester_tenant_id text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    UPDATE booking SET announced = true WHERE NOT announced
    RETURNING id, tenant_id, requester_tenant_id
$$
"""
LOCK_UNITS = """
CREATE OR REPLACE FUNCTION booking_lock_units(units uuid[]) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH locked AS (SELECT id FROM instrument_unit WHERE id = ANY (units) ORDER BY id FOR UPDATE)
    SELECT count(*)::integer FROM locked;
    {settle}
    SELECT cardinality(units)
$$
"""
BARE_LOCK = """
CREATE OR REPLACE FUNCTION booking_lock_units(units uuid[]) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH locked AS (SELECT id FROM instrument_unit WHERE id = ANY (units) ORDER BY id FOR UPDATE)
    SELECT count(*)::integer FROM locked
$$
"""
AFTER_VALID = """
CREATE OR REPLACE FUNCTION booking_settings_valid(settings jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog
RETURN jsonb_typeof(settings) = 'object' AND NOT EXISTS (
    SELECT FROM jsonb_each(CASE jsonb_typeof(settings) WHEN 'object' THEN settings ELSE '{}' END) AS given
    LEFT JOIN (VALUES
        ('step_min', 5, 1440), ('min_min', 5, 43200), ('max_min', 5, 43200), ('setup_min', 0, 1440),
        ('teardown_min', 0, 1440), ('lead_min', 0, 43200), ('move_lead_min', 0, 43200),
        ('cancel_lead_min', 0, 43200), ('horizon_days', 1, 365), ('gap_min', 0, 43200), ('max_active', 0, 1000),
        ('max_pending', 0, 1000), ('user_day_min', 0, 1440), ('user_week_min', 0, 10080),
        ('user_month_min', 0, 44640), ('payer_day_min', 0, 1000000), ('payer_week_min', 0, 1000000),
        ('payer_month_min', 0, 1000000), ('approval_sla_min', 30, 10080), ('hold_ttl_min', 5, 10080)
    ) AS number(name, least, most) ON number.name = given.key
    WHERE CASE
        WHEN given.key IN ('bookable', 'keeps_holidays', 'requires_approval', 'pending_holds_slot')
            THEN jsonb_typeof(given.value) <> 'boolean'
        WHEN number.name IS NULL OR jsonb_typeof(given.value) <> 'number' THEN true
        ELSE (given.value #>> '{}')::numeric NOT BETWEEN number.least AND number.most
            OR (given.value #>> '{}')::numeric % 1 <> 0
            OR given.key = 'step_min' AND 1440 % (given.value #>> '{}')::numeric <> 0
    END
)
"""
BEFORE_VALID = """
CREATE OR REPLACE FUNCTION booking_settings_valid(settings jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog
RETURN jsonb_typeof(settings) = 'object' AND NOT EXISTS (
    SELECT FROM jsonb_each(CASE jsonb_typeof(settings) WHEN 'object' THEN settings ELSE '{}' END) AS given
    LEFT JOIN (VALUES
        ('step_min', 5, 1440), ('min_min', 5, 43200), ('max_min', 5, 43200), ('setup_min', 0, 1440),
        ('teardown_min', 0, 1440), ('lead_min', 0, 43200), ('move_lead_min', 0, 43200),
        ('cancel_lead_min', 0, 43200), ('horizon_days', 1, 365), ('gap_min', 0, 43200), ('max_active', 0, 1000),
        ('max_pending', 0, 1000), ('user_day_min', 0, 1440), ('user_week_min', 0, 10080),
        ('user_month_min', 0, 44640), ('payer_day_min', 0, 1000000), ('payer_week_min', 0, 1000000),
        ('payer_month_min', 0, 1000000)
    ) AS number(name, least, most) ON number.name = given.key
    WHERE CASE
        WHEN given.key IN ('bookable', 'keeps_holidays') THEN jsonb_typeof(given.value) <> 'boolean'
        WHEN number.name IS NULL OR jsonb_typeof(given.value) <> 'number' THEN true
        ELSE (given.value #>> '{}')::numeric NOT BETWEEN number.least AND number.most
            OR (given.value #>> '{}')::numeric % 1 <> 0
            OR given.key = 'step_min' AND 1440 % (given.value #>> '{}')::numeric <> 0
    END
)
"""


def upgrade() -> None:
    op.add_column("booking", sa.Column("due_at", INSTANT))
    op.add_column("booking", sa.Column("hold_until", INSTANT))
    op.add_column("booking", sa.Column("announced", sa.Boolean, server_default="true", nullable=False))
    op.execute(
        "UPDATE booking SET due_at = lower(during), hold_until = lower(during) WHERE status = 'requested'"
    )
    for name in BEFORE:
        op.drop_constraint(op.f(f"ck_booking_{name}"), "booking")
    for name, rule in AFTER.items():
        op.create_check_constraint(op.f(f"ck_booking_{name}"), "booking", rule)
    op.create_unique_constraint("uq_booking_tenant_id_id", "booking", ["tenant_id", "id"])
    waiting = sa.text("status = 'requested'")
    op.create_index("ix_booking_waiting", "booking", ["unit_id", "due_at"], postgresql_where=waiting)
    op.create_index("ix_booking_announced", "booking", ["id"], postgresql_where=sa.text("NOT announced"))
    _approval()
    op.execute(AFTER_VALID)
    allow("booking", "broker", name="settle", command="UPDATE")
    for body, signature in (
        (SETTLE, "booking_settle_due(uuid[])"),
        (UNTOLD, "booking_to_announce()"),
    ):
        op.execute(body)
        broker_function(signature)
    op.execute(LOCK_UNITS.format(settle="SELECT booking_settle_due(units);"))


def _approval() -> None:
    op.create_table(
        "booking_approval",
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("decided_by", sa.Uuid, nullable=False),
        sa.Column("decided_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_booking_approval"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_booking_approval_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "booking_id"],
            ["booking.tenant_id", "booking.id"],
            name="fk_booking_approval_tenant_id_booking_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "decided_by"],
            ["account.tenant_id", "account.id"],
            name="fk_booking_approval_tenant_id_decided_by",
        ),
        sa.UniqueConstraint("booking_id", name="uq_booking_approval_booking_id"),
        sa.CheckConstraint("decision IN ('approved', 'rejected')", name="decision"),
        sa.CheckConstraint("decision = 'approved' OR reason <> ''", name="reasoned"),
        sa.CheckConstraint("char_length(reason) <= 500", name="reason"),
    )
    protect("booking_approval", Parent("booking", "booking_id"))
    append_only("booking_approval")


def downgrade() -> None:
    op.execute(BARE_LOCK)
    op.execute(
        "UPDATE booking_policy SET settings = settings - "
        "ARRAY['requires_approval', 'pending_holds_slot', 'approval_sla_min', 'hold_ttl_min']"
    )
    op.execute(BEFORE_VALID)
    op.execute("DROP FUNCTION booking_to_announce()")
    op.execute("DROP FUNCTION booking_settle_due(uuid[])")
    op.execute("DROP POLICY booking_settle ON booking")
    op.execute(f"REVOKE UPDATE ON booking FROM {role('broker')}")
    op.drop_table("booking_approval")
    op.drop_index("ix_booking_announced", "booking")
    op.drop_index("ix_booking_waiting", "booking")
    op.drop_constraint("uq_booking_tenant_id_id", "booking")
    for name in AFTER:
        op.drop_constraint(op.f(f"ck_booking_{name}"), "booking")
    op.execute(
        "UPDATE booking SET status = 'cancelled', blocking = false WHERE NOT (blocking AND status IN ('requested', 'confirmed'))"
    )
    for name, rule in BEFORE.items():
        op.create_check_constraint(op.f(f"ck_booking_{name}"), "booking", rule)
    for name in ("announced", "hold_until", "due_at"):
        op.drop_column("booking", name)
