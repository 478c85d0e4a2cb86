"""Booking terms move from the register into versioned policies; special days of the calendar."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import PLATFORM, TENANT, Own
from migrations.protection import allow, broker_function, protect, role

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
MOVED = {
    "step_min": 15,
    "min_min": 30,
    "max_min": 480,
    "setup_min": 0,
    "teardown_min": 0,
    "lead_min": 0,
    "horizon_days": 14,
}
RULES = {
    "step_min": "step_min BETWEEN 5 AND 1440 AND 1440 % step_min = 0",
    "lengths": "step_min <= min_min AND min_min <= max_min AND max_min <= 43200 AND min_min % step_min = 0",
    "buffers": "setup_min BETWEEN 0 AND 1440 AND teardown_min BETWEEN 0 AND 1440",
    "window": "lead_min BETWEEN 0 AND 43200 AND horizon_days BETWEEN 1 AND 365",
}
VALID = """
CREATE FUNCTION booking_settings_valid(settings jsonb) RETURNS boolean
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
# Whoever sees an instrument may know the rules and days it is booked by, of its own, its organisation's and its
# province's; nothing else of those is shown.
RULES_OF = f"""
CREATE FUNCTION booking_rules_of(instrument uuid, since date, until date) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT jsonb_build_object(
        'policies', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', p.id, 'place', p.place, 'unit_id', p.unit_id, 'audience', p.audience,
                'settings', p.settings, 'reason', p.reason)), '[]')
            FROM (
                SELECT * FROM booking_policy WHERE superseded_at IS NULL AND instrument_id = i.id
                UNION ALL
                SELECT q.* FROM instrument_unit u JOIN booking_policy q ON q.unit_id = u.id
                WHERE q.superseded_at IS NULL AND u.instrument_id = i.id
                UNION ALL
                SELECT * FROM booking_policy
                WHERE superseded_at IS NULL AND tenant_id = i.tenant_id AND instrument_id IS NULL AND unit_id IS NULL
                    AND organisation_id = i.organisation_id
                UNION ALL
                SELECT * FROM booking_policy
                WHERE superseded_at IS NULL AND tenant_id = i.tenant_id AND instrument_id IS NULL AND unit_id IS NULL
                    AND organisation_id IS NULL
            ) AS p
        ),
        'days', (
            SELECT coalesce(jsonb_object_agg(d.day, d.acts_as), '{{}}')
            FROM (
                SELECT DISTINCT ON (day) day, acts_as FROM calendar_day
                WHERE tenant_id = i.tenant_id AND day BETWEEN since AND until
                    AND (instrument_id IS NULL OR instrument_id = i.id)
                    AND (organisation_id IS NULL OR organisation_id = i.organisation_id)
                ORDER BY day, instrument_id NULLS LAST, organisation_id NULLS LAST
            ) AS d
        ))
    FROM instrument i
    WHERE i.id = instrument
      AND (i.tenant_id = {TENANT} OR i.scope = 'public' OR (i.scope = 'region' AND {TENANT} <> '{PLATFORM}'))
$$
"""
OVERRIDDEN = (
    "(jsonb_array_length(overridden) = 0) = (override_reason = '') AND char_length(override_reason) <= 500"
)
SIGNATURE = "booking_rules_of(uuid, date, date)"


def _owned(*columns: sa.Column[object]) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        *(sa.Column(name, sa.Uuid) for name in ("organisation_id", "instrument_id")),
        *columns,
    ]


def _keys(table: str, **referred: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name=f"fk_{table}_tenant_id"),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{target}.tenant_id", f"{target}.id"],
                name=f"fk_{table}_tenant_id_{column}",
            )
            for column, target in referred.items()
        ),
    ]


def upgrade() -> None:
    op.execute(VALID)
    everyone = ", ".join(role(name) for name in ("app", "reader", "broker"))
    op.execute(f"GRANT EXECUTE ON FUNCTION booking_settings_valid(jsonb) TO {everyone}")
    _policy()
    _day()
    for table in ("booking_policy", "calendar_day"):
        protect(table, Own())
        allow(table, "broker", name="rules", command="SELECT")
    # A version is history: another takes its place.
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON booking_policy FROM {role('app')}")
    op.execute(f"GRANT UPDATE (superseded_at) ON booking_policy TO {role('app')}")
    op.execute(RULES_OF)
    broker_function(SIGNATURE)
    _move()


def _policy() -> None:
    in_force = sa.text("superseded_at IS NULL")
    op.create_table(
        "booking_policy",
        *_owned(
            sa.Column("unit_id", sa.Uuid),
            sa.Column(
                "place",
                sa.Text,
                sa.Computed(
                    "CASE WHEN unit_id IS NOT NULL THEN 'unit' WHEN instrument_id IS NOT NULL THEN 'instrument' "
                    "WHEN organisation_id IS NOT NULL THEN 'organisation' ELSE 'province' END",
                    persisted=True,
                ),
                nullable=False,
            ),
            sa.Column("audience", sa.Text, server_default="", nullable=False),
            sa.Column("settings", pg.JSONB, nullable=False),
            sa.Column("reason", sa.Text, server_default="", nullable=False),
            sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
            sa.Column("created_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
            sa.Column("superseded_at", INSTANT),
        ),
        *_keys(
            "booking_policy",
            organisation_id="organisation",
            instrument_id="instrument",
            unit_id="instrument_unit",
        ),
        sa.CheckConstraint("num_nonnulls(organisation_id, instrument_id, unit_id) <= 1", name="place"),
        sa.CheckConstraint(
            "audience IN ('', 'other_province', 'academic', 'enterprise', 'government', 'internal') "
            "OR audience ~ '^[0-9]{6}$'",
            name="audience",
        ),
        sa.CheckConstraint("booking_settings_valid(settings)", name="settings"),
        sa.CheckConstraint("char_length(reason) <= 500 AND version >= 1", name="texts"),
        sa.Index(
            "ix_booking_policy_in_force",
            *("tenant_id", "organisation_id", "instrument_id", "unit_id", "audience"),
            unique=True,
            postgresql_where=in_force,
            postgresql_nulls_not_distinct=True,
        ),
        sa.Index("ix_booking_policy_instrument_id", "instrument_id", postgresql_where=in_force),
        sa.Index("ix_booking_policy_unit_id", "unit_id", postgresql_where=in_force),
    )


def _day() -> None:
    op.create_table(
        "calendar_day",
        *_owned(
            sa.Column("day", sa.Date, nullable=False),
            sa.Column("acts_as", sa.SmallInteger, nullable=False),
            sa.Column("name", sa.Text, nullable=False),
        ),
        *_keys("calendar_day", organisation_id="organisation", instrument_id="instrument"),
        sa.CheckConstraint("num_nonnulls(organisation_id, instrument_id) <= 1", name="place"),
        sa.CheckConstraint("acts_as BETWEEN 0 AND 7", name="acts_as"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name"),
        sa.Index(
            "ix_calendar_day_place_day",
            *("tenant_id", "organisation_id", "instrument_id", "day"),
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )


def _move() -> None:
    """What the register said of booking becomes the first version of each instrument's own policy."""
    settings = ", ".join(f"'{name}', {name}" for name in MOVED)
    usual = " AND ".join(f"{name} = {value}" for name, value in MOVED.items())
    op.execute(
        "INSERT INTO booking_policy (tenant_id, instrument_id, settings) "
        f"SELECT tenant_id, id, jsonb_build_object({settings}) FROM instrument WHERE NOT ({usual})"
    )
    for name in MOVED:
        op.drop_column("instrument", name)
    for name in ("policies", "overridden"):
        op.add_column("booking", sa.Column(name, pg.JSONB, server_default="[]", nullable=False))
    op.add_column("booking", sa.Column("override_reason", sa.Text, server_default="", nullable=False))
    op.create_check_constraint(op.f("ck_booking_overridden"), "booking", OVERRIDDEN)
    op.create_index("ix_booking_organisation_id_starts_at", "booking", ["organisation_id", "starts_at"])


def downgrade() -> None:
    op.drop_index("ix_booking_organisation_id_starts_at", "booking")
    op.drop_constraint(op.f("ck_booking_overridden"), "booking")
    for name in ("override_reason", "overridden", "policies"):
        op.drop_column("booking", name)
    for name, value in MOVED.items():
        op.add_column("instrument", sa.Column(name, sa.BigInteger, server_default=str(value), nullable=False))
    setting = ", ".join(
        f"{name} = coalesce((p.settings ->> '{name}')::bigint, instrument.{name})" for name in MOVED
    )
    op.execute(
        f"UPDATE instrument SET {setting} FROM booking_policy p "
        "WHERE p.instrument_id = instrument.id AND p.audience = '' AND p.superseded_at IS NULL"
    )
    for name, rule in RULES.items():
        op.create_check_constraint(op.f(f"ck_instrument_{name}"), "instrument", rule)
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    for table in ("calendar_day", "booking_policy"):
        op.drop_table(table)
    op.execute("DROP FUNCTION booking_settings_valid(jsonb)")
