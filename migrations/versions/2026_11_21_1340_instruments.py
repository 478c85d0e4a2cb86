"""Instruments, units, opening hours and bookings; search by Chinese bigrams; what crosses provinces."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from app.tenancy.policies import TENANT, Parent, Parties, Scoped
from migrations.protection import allow, broker_function, protect, role

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

# Chinese has no spaces: each run of Han characters becomes its overlapping pairs, at their positions, so that a phrase
# query finds any substring of two characters or more. Other words stay whole, lower-cased.
ZH_BIGRAM = """
CREATE FUNCTION zh_bigram(document text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog
RETURN (
    SELECT coalesce(string_agg(
        CASE WHEN run[1] ~ '^[\\u3400-\\u9fff\\uf900-\\ufaff\\U00020000-\\U0003ffff]'
             THEN (SELECT string_agg(substr(run[1], at, 2), ' ' ORDER BY at) FROM generate_series(1, length(run[1])) AS at)
             ELSE run[1] END, ' ' ORDER BY place), '')
    FROM regexp_matches(
        lower(normalize(document, NFKC)),
        '([\\u3400-\\u9fff\\uf900-\\ufaff\\U00020000-\\U0003ffff]+|[a-z0-9\\u00c0-\\u024f\\u0370-\\u03ff]+)', 'g'
    ) WITH ORDINALITY AS found(run, place)
)
"""

LOCK_UNITS = """
CREATE FUNCTION booking_lock_units(units uuid[]) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH locked AS (SELECT id FROM instrument_unit WHERE id = ANY (units) ORDER BY id FOR UPDATE)
    SELECT count(*)::integer FROM locked
$$
"""

# Who may see the instrument may know when it is taken, and nothing else of the booking.
BUSY = f"""
CREATE FUNCTION booking_busy(units uuid[], since timestamptz, until timestamptz)
RETURNS TABLE (booking_id uuid, unit_id uuid, occupied_from timestamptz, occupied_to timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 50
AS $$
    SELECT b.id, b.unit_id, b.occupied_from, b.occupied_to
    FROM instrument_unit u
    JOIN instrument i ON i.id = u.instrument_id
    JOIN booking b ON b.unit_id = u.id
    WHERE u.id = ANY (units)
      AND (i.tenant_id = {TENANT} OR i.scope = 'public' OR (i.scope = 'region' AND {TENANT} IS NOT NULL))
      AND b.blocking AND b.occupied_from < until AND b.occupied_from > since - interval '32 days' AND b.occupied_to > since
    ORDER BY b.occupied_from
$$
"""

# Pinyin order without ICU: GB 18030 keeps the 3,755 everyday characters of GB/T 2312 in that order. `convert_to` is only
# called stable because conversions can be replaced; ours are not.
ZH_SORT_KEY = """
CREATE FUNCTION zh_sort_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog
RETURN encode(convert_to(lower(name), 'GB18030'), 'hex')
"""

SEARCH = (
    "setweight(to_tsvector('simple', zh_bigram(name_zh || ' ' || name_en)), 'A') || "
    "setweight(to_tsvector('simple', zh_bigram(model || ' ' || manufacturer || ' ' || inner_id)), 'B') || "
    "setweight(to_tsvector('simple', zh_bigram(function || ' ' || technical || ' ' || service_content)), 'C') || "
    "array_to_tsvector(ARRAY['@' || organisation_id::text])"
)

# `@@` is not leakproof, so under a policy its index would not be used: the visibility predicate stands inside instead.
# What lists filter and sort by comes along, so that only the rows of the page are read again.
MATCHING = f"""
CREATE FUNCTION instruments_matching(query tsquery)
RETURNS TABLE (
    id uuid, tenant_id text, organisation_id uuid, scope text, class_code text, service_status text, tz text,
    name_key text, worth_fen bigint, rank double precision
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 100
AS $$
    SELECT i.id, i.tenant_id, i.organisation_id, i.scope, i.class_code, i.service_status, i.tz,
           i.name_key, i.worth_fen, ts_rank(i.search, query)
    FROM instrument i
    WHERE i.search @@ query
      AND (i.tenant_id = {TENANT} OR i.scope = 'public' OR (i.scope = 'region' AND {TENANT} IS NOT NULL))
$$
"""


def text_column(name: str, default: str | None = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, server_default=default, nullable=False)


def number(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, server_default=default, nullable=False)


def identifier() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), nullable=False)


def upgrade() -> None:
    for body, signature in ((ZH_BIGRAM, "zh_bigram(text)"), (ZH_SORT_KEY, "zh_sort_key(text)")):
        op.execute(body)
        op.execute(
            f"GRANT EXECUTE ON FUNCTION {signature} TO {role('app')}, {role('reader')}, {role('broker')}"
        )
    _instrument()
    _parts()
    _booking()
    _crossings()


def _instrument() -> None:
    op.create_table(
        "instrument",
        identifier(),
        text_column("tenant_id", None),
        sa.Column("organisation_id", sa.Uuid, nullable=False),
        text_column("inner_id", None),
        text_column("scope", "province"),
        text_column("name_zh", None),
        text_column("name_en"),
        text_column("class_code", None),
        sa.Column("disciplines", pg.JSONB(none_as_null=True), server_default="[]", nullable=False),
        text_column("source", "purchased"),
        text_column("kind", "general"),
        text_column("funds", "own"),
        text_column("carrier_type", "无"),
        text_column("carrier_name"),
        sa.Column("worth_fen", sa.BigInteger),
        text_column("nation"),
        text_column("manufacturer"),
        text_column("model"),
        sa.Column("begin_date", sa.Date),
        *(
            text_column(name)
            for name in ("technical", "function", "service_content", "achievement", "requirement")
        ),
        text_column("fee_note"),
        text_column("service_url"),
        sa.Column("customs_supervised", sa.Boolean, server_default="false", nullable=False),
        text_column("adcode", None),
        *(text_column(name) for name in ("address", "contact_name", "contact_phone", "contact_email")),
        text_column("running_state", "normal"),
        text_column("service_status", "open"),
        text_column("booking_mode", "self"),
        text_column("tz", "Asia/Shanghai"),
        number("step_min", "15"),
        number("min_min", "30"),
        number("max_min", "480"),
        number("setup_min", "0"),
        number("teardown_min", "0"),
        number("lead_min", "0"),
        number("horizon_days", "14"),
        number("version", "1"),
        sa.Column("created_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("updated_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column(
            "search",
            pg.TSVECTOR,
            sa.Computed(SEARCH, persisted=True),
            nullable=False,
        ),
        sa.Column("name_key", sa.Text, sa.Computed("zh_sort_key(name_zh)", persisted=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_instrument"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_instrument_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organisation_id"],
            ["organisation.tenant_id", "organisation.id"],
            name="fk_instrument_tenant_id_organisation_id",
        ),
        sa.UniqueConstraint("tenant_id", "id", name="uq_instrument_tenant_id_id"),
        sa.UniqueConstraint("organisation_id", "inner_id", name="uq_instrument_organisation_id_inner_id"),
        *(sa.CheckConstraint(rule, name=name) for name, rule in INSTRUMENT_RULES.items()),
        sa.Index("ix_instrument_search", "search", postgresql_using="gin"),
        sa.Index("ix_instrument_tenant_id_id", "tenant_id", "id"),
        sa.Index("ix_instrument_class_code_id", "class_code", "id"),
        sa.Index("ix_instrument_name_key_id", "name_key", "id"),
        sa.Index("ix_instrument_worth_fen_id", sa.text("coalesce(worth_fen, -1)"), "id"),
    )
    # Out of line, ranking would fetch every match's vector from elsewhere: eight times slower.
    op.execute("ALTER TABLE instrument ALTER COLUMN search SET STORAGE MAIN")
    protect("instrument", Scoped())


INSTRUMENT_RULES = {
    "names": "char_length(name_zh) BETWEEN 1 AND 300 AND char_length(name_en) <= 300",
    "inner_id": "char_length(inner_id) BETWEEN 1 AND 150",
    "class_code": "class_code ~ '^[0-9]{6}$'",
    "worth_fen": "worth_fen >= 0",
    "begin_date": "begin_date >= DATE '1949-01-01'",
    "source": "source IN ('purchased', 'developed', 'donated', 'other')",
    "kind": "kind IN ('general', 'special')",
    "funds": "funds IN ('central', 'local', 'own', 'other')",
    "carrier_type": "carrier_type IN ('无', '仪器中心', '重大设施', '国家重点实验室', '工程中心', '种质资源库')",
    "running_state": "running_state IN ('normal', 'standby', 'remote', 'occasional_fault', 'frequent_fault', "
    "'awaiting_repair', 'awaiting_scrap')",
    "service_status": "service_status IN ('open', 'restricted', 'suspended', 'retired')",
    "booking_mode": "booking_mode IN ('self', 'assisted', 'sample', 'mixed')",
    "scope": "scope IN ('organisation', 'province', 'region', 'public')",
    "step_min": "step_min BETWEEN 5 AND 1440 AND 1440 % step_min = 0",
    "lengths": "step_min <= min_min AND min_min <= max_min AND max_min <= 43200 AND min_min % step_min = 0",
    "buffers": "setup_min BETWEEN 0 AND 1440 AND teardown_min BETWEEN 0 AND 1440",
    "window": "lead_min BETWEEN 0 AND 43200 AND horizon_days BETWEEN 1 AND 365",
}


def _parts() -> None:
    op.create_table(
        "instrument_unit",
        identifier(),
        text_column("tenant_id", None),
        sa.Column("instrument_id", sa.Uuid, nullable=False),
        text_column("label", None),
        text_column("serial"),
        sa.Column("active", sa.Boolean, server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_instrument_unit"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_instrument_unit_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "instrument_id"],
            ["instrument.tenant_id", "instrument.id"],
            name="fk_instrument_unit_tenant_id_instrument_id",
        ),
        sa.UniqueConstraint("tenant_id", "id", name="uq_instrument_unit_tenant_id_id"),
        sa.UniqueConstraint("instrument_id", "label", name="uq_instrument_unit_instrument_id_label"),
        sa.CheckConstraint("char_length(label) BETWEEN 1 AND 100", name="label"),
    )
    op.create_table(
        "opening_rule",
        identifier(),
        text_column("tenant_id", None),
        sa.Column("instrument_id", sa.Uuid, nullable=False),
        sa.Column("weekday", sa.SmallInteger, nullable=False),
        sa.Column("opens", sa.Time, nullable=False),
        sa.Column("closes", sa.Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_opening_rule"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_opening_rule_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "instrument_id"],
            ["instrument.tenant_id", "instrument.id"],
            name="fk_opening_rule_tenant_id_instrument_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "instrument_id", "weekday", "opens", name="uq_opening_rule_instrument_id_weekday_opens"
        ),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
    )
    for table in ("instrument_unit", "opening_rule"):
        protect(table, Parent("instrument", "instrument_id"))
    op.create_foreign_key(
        "fk_stewardship_tenant_id_instrument_id",
        "stewardship",
        "instrument",
        ["tenant_id", "instrument_id"],
        ["tenant_id", "id"],
        ondelete="CASCADE",
    )


def _booking() -> None:
    op.create_table(
        "booking",
        identifier(),
        text_column("tenant_id", None),
        *(sa.Column(name, sa.Uuid, nullable=False) for name in ("instrument_id", "unit_id", "requester_id")),
        text_column("requester_tenant_id", None),
        sa.Column("organisation_id", sa.Uuid, nullable=False),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        *(
            text_column(name, None)
            for name in ("requester_name", "organisation_name", "instrument_name", "unit_label", "tz")
        ),
        text_column("purpose", None),
        text_column("project"),
        text_column("note"),
        sa.Column("during", pg.TSTZRANGE, nullable=False),
        number("setup_min"),
        number("teardown_min"),
        sa.Column("occupied", pg.TSTZRANGE, nullable=False),
        *(
            sa.Column(name, INSTANT, sa.Computed(source, persisted=True), nullable=False)
            for name, source in (
                ("starts_at", "lower(during)"),
                ("ends_at", "upper(during)"),
                ("occupied_from", "lower(occupied)"),
                ("occupied_to", "upper(occupied)"),
            )
        ),
        text_column("status", None),
        sa.Column("blocking", sa.Boolean, nullable=False),
        text_column("cancel_reason"),
        number("version", "1"),
        sa.Column("created_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("updated_at", INSTANT, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_booking"),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"], name="fk_booking_tenant_id"),
        *(
            sa.ForeignKeyConstraint(
                [tenant, column], [f"{table}.tenant_id", f"{table}.id"], name=f"fk_booking_{tenant}_{column}"
            )
            for tenant, column, table in (
                ("tenant_id", "unit_id", "instrument_unit"),
                ("tenant_id", "instrument_id", "instrument"),
                ("requester_tenant_id", "requester_id", "account"),
                ("requester_tenant_id", "organisation_id", "organisation"),
                ("tenant_id", "owner_id", "organisation"),
            )
        ),
        sa.CheckConstraint("purpose IN ('research', 'development', 'teaching', 'other')", name="purpose"),
        sa.CheckConstraint("status IN ('requested', 'confirmed', 'cancelled')", name="status"),
        sa.CheckConstraint("blocking = (status IN ('requested', 'confirmed'))", name="blocking"),
        sa.CheckConstraint(
            "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during) AND lower_inc(during) "
            "AND NOT upper_inc(during) AND upper(during) <= lower(during) + interval '30 days'",
            name="during",
        ),
        sa.CheckConstraint(
            "occupied = tstzrange(lower(during) - make_interval(mins => setup_min::int), "
            "upper(during) + make_interval(mins => teardown_min::int), '[)')",
            name="occupied",
        ),
        sa.CheckConstraint("char_length(project) <= 200 AND char_length(note) <= 1000", name="texts"),
        pg.ExcludeConstraint(
            (sa.text("unit_id"), "="),
            (sa.text("occupied"), "&&"),
            where=sa.text("blocking"),
            using="gist",
            name="ex_booking_unit_id_occupied",
        ),
        sa.Index(
            "ix_booking_unit_id_occupied_from",
            "unit_id",
            "occupied_from",
            postgresql_where=sa.text("blocking"),
        ),
        sa.Index("ix_booking_requester", "requester_tenant_id", "requester_id", "starts_at"),
        sa.Index("ix_booking_tenant_id_starts_at", "tenant_id", "starts_at"),
        sa.Index("ix_booking_owner_id_starts_at", "owner_id", "starts_at"),
        sa.Index("ix_booking_instrument_id_starts_at", "instrument_id", "starts_at"),
    )
    protect("booking", Parties(("tenant_id", "requester_tenant_id")))
    # A dealing is never erased; it is cancelled.
    op.execute(f"REVOKE DELETE, TRUNCATE ON booking FROM {role('app')}")


def _crossings() -> None:
    allow("instrument", "broker", name="busy_and_search", command="SELECT")
    allow("instrument_unit", "broker", name="lock_read", command="SELECT")
    allow("instrument_unit", "broker", name="lock", command="UPDATE")
    allow("booking", "broker", name="busy", command="SELECT")
    for body, signature in (
        (LOCK_UNITS, "booking_lock_units(uuid[])"),
        (BUSY, "booking_busy(uuid[], timestamptz, timestamptz)"),
        (MATCHING, "instruments_matching(tsquery)"),
    ):
        op.execute(body)
        broker_function(signature)


def downgrade() -> None:
    for signature in (
        "instruments_matching(tsquery)",
        "booking_busy(uuid[], timestamptz, timestamptz)",
        "booking_lock_units(uuid[])",
    ):
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_constraint("fk_stewardship_tenant_id_instrument_id", "stewardship")
    for table in ("booking", "opening_rule", "instrument_unit", "instrument"):
        op.drop_table(table)
    op.execute("DROP FUNCTION zh_bigram(text)")
    op.execute("DROP FUNCTION zh_sort_key(text)")
