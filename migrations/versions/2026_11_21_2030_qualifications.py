"""Qualifications of people on instruments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from app.tenancy.policies import TENANT, Parent, Parties, ScopedAmongMembers
from migrations.protection import allow, broker_function, protect

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.func.clock_timestamp()
LEVEL = "level IN ('observer', 'assisted', 'independent', 'trainer')"
NAMES = (
    "char_length(holder_name) <= 100 AND char_length(holder_organisation) <= 200 "
    "AND char_length(type_name) <= 100 AND char_length(type_name_en) <= 200 "
    "AND char_length(issuer_name) <= 200"
)
BOTH = Parties(("tenant_id", "holder_tenant_id"))

# What an instrument requires, and what a person holds towards it: for whoever sees the instrument or has a booking of it;
# what is held is told to the province that granted it, the holder's, and the instrument's, and to no other.
STANDING = f"""
CREATE FUNCTION qualification_standing(person_id uuid, of_instrument uuid)
RETURNS TABLE (
    type_id uuid, required text, level text, valid_from date, valid_to date, status text, at_most text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 5
AS $$
    SELECT r.type_id, r.level, held.level, held.valid_from, held.valid_to, held.status, held.at_most
    FROM qualification_requirement r
    JOIN instrument i ON i.id = r.instrument_id
    LEFT JOIN LATERAL (
        SELECT q.tenant_id, q.holder_tenant_id, q.level, q.valid_from, q.valid_to, q.status, NULL::text AS at_most
        FROM qualification q
        WHERE q.type_id = r.type_id AND q.holder_id = person_id
        UNION ALL
        SELECT q.tenant_id, q.holder_tenant_id, q.level, q.valid_from, q.valid_to, q.status, a.level
        FROM qualification_recognition a
        JOIN qualification q ON q.type_id = a.other_type_id AND q.holder_id = person_id
        WHERE a.type_id = r.type_id
    ) held ON {TENANT} IN (held.tenant_id, held.holder_tenant_id, r.tenant_id)
    WHERE r.instrument_id = of_instrument
      AND (i.tenant_id = {TENANT} OR i.scope = 'public' OR (i.scope = 'region' AND {TENANT} <> '000000')
           OR EXISTS (SELECT FROM booking b WHERE b.requester_tenant_id = {TENANT}
                      AND b.requester_id = person_id AND b.instrument_id = of_instrument))
    ORDER BY r.type_id
$$
"""
SIGNATURE = "qualification_standing(uuid,uuid)"
READ = {
    "qualification": "standing",
    "qualification_recognition": "standing",
    "qualification_requirement": "standing",
}


def upgrade() -> None:
    types()
    requirements()
    qualifications()
    requests()
    for table, name in READ.items():
        allow(table, "broker", name=name, command="SELECT")
    op.execute(STANDING)
    broker_function(SIGNATURE)


def owner() -> list[SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["province.code"]),
    ]


def identified() -> list[SchemaItem]:
    return [*owner(), sa.Column("id", sa.Uuid, server_default=sa.func.uuidv7(), primary_key=True)]


def words(*names: str, default: str | None = "") -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, server_default=default, nullable=False) for name in names]


def uuids(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Uuid, nullable=False) for name in names]


def instants(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, INSTANT, server_default=NOW, nullable=False) for name in names]


def own_key(table: str, column: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=ondelete
    )


def holder() -> list[SchemaItem]:
    return [
        *words("holder_tenant_id", default=None),
        *uuids("holder_id"),
        *words("holder_name", default=None),
        *words("holder_organisation"),
        *words("type_name", default=None),
        *words("type_name_en"),
        *words("issuer_name", default=None),
        sa.ForeignKeyConstraint(["holder_tenant_id", "holder_id"], ["account.tenant_id", "account.id"]),
        sa.CheckConstraint(NAMES, name="names"),
    ]


def types() -> None:
    op.create_table(
        "qualification_type",
        *identified(),
        *uuids("organisation_id"),
        *words("scope", default="region"),
        *words("name_zh", default=None),
        *words("name_en", "description"),
        sa.Column("validity_months", sa.SmallInteger),
        sa.Column("needs_evidence", sa.Boolean, server_default="false", nullable=False),
        sa.Column("active", sa.Boolean, server_default="true", nullable=False),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        *instants("created_at", "updated_at"),
        sa.UniqueConstraint("tenant_id", "id"),
        sa.UniqueConstraint("organisation_id", "name_zh"),
        own_key("organisation", "organisation_id"),
        sa.CheckConstraint(
            "char_length(name_zh) BETWEEN 1 AND 100 AND char_length(name_en) <= 200", name="names"
        ),
        sa.CheckConstraint("char_length(description) <= 2000", name="description"),
        sa.CheckConstraint("validity_months BETWEEN 1 AND 120", name="validity"),
        sa.CheckConstraint("scope IN ('organisation', 'province', 'region', 'public')", name="scope"),
    )
    protect("qualification_type", ScopedAmongMembers())


def requirements() -> None:
    op.create_table(
        "qualification_requirement",
        *owner(),
        sa.Column("instrument_id", sa.Uuid, primary_key=True),
        sa.Column("type_id", sa.Uuid, primary_key=True),
        *words("level", default=None),
        own_key("instrument", "instrument_id", ondelete="CASCADE"),
        own_key("qualification_type", "type_id"),
        sa.CheckConstraint(LEVEL, name="level"),
        sa.Index("ix_qualification_requirement_type_id", "type_id"),
    )
    protect("qualification_requirement", Parent("instrument", "instrument_id"))
    op.create_table(
        "qualification_recognition",
        *owner(),
        sa.Column("type_id", sa.Uuid, primary_key=True),
        sa.Column("other_type_id", sa.Uuid, primary_key=True),
        *words("other_tenant_id", "level", default=None),
        *instants("created_at"),
        own_key("qualification_type", "type_id"),
        sa.ForeignKeyConstraint(
            ["other_tenant_id", "other_type_id"],
            ["qualification_type.tenant_id", "qualification_type.id"],
        ),
        sa.CheckConstraint("level IN ('observer', 'assisted', 'independent')", name="level"),
        sa.CheckConstraint("type_id <> other_type_id", name="other"),
        sa.Index("ix_qualification_recognition_other_type_id", "other_type_id"),
    )
    protect("qualification_recognition", Parent("qualification_type", "type_id"))


def qualifications() -> None:
    op.create_table(
        "qualification",
        *identified(),
        *uuids("type_id", "organisation_id"),
        *holder(),
        *words("level", default=None),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        *words("status", default="active"),
        *words("status_reason"),
        *uuids("granted_by"),
        *words("basis"),
        sa.Column("reminded_days", sa.SmallInteger),
        sa.Column("version", sa.BigInteger, server_default="1", nullable=False),
        *instants("created_at", "updated_at"),
        sa.UniqueConstraint("type_id", "holder_id"),
        sa.UniqueConstraint("tenant_id", "id"),
        own_key("qualification_type", "type_id"),
        own_key("organisation", "organisation_id"),
        own_key("account", "granted_by"),
        sa.CheckConstraint(LEVEL, name="level"),
        sa.CheckConstraint("status IN ('active', 'suspended', 'revoked')", name="status"),
        sa.CheckConstraint("(status = 'active') = (status_reason = '')", name="reason"),
        sa.CheckConstraint("valid_to >= valid_from", name="valid"),
        sa.CheckConstraint("granted_by <> holder_id", name="two_persons"),
        sa.CheckConstraint("reminded_days IN (7, 30)", name="reminded_days"),
        sa.CheckConstraint("char_length(basis) <= 500 AND char_length(status_reason) <= 500", name="texts"),
        sa.Index("ix_qualification_holder", "holder_tenant_id", "holder_id"),
        sa.Index("ix_qualification_organisation_id_id", "organisation_id", "id"),
        sa.Index(
            "ix_qualification_valid_to",
            "tenant_id",
            "valid_to",
            postgresql_where=sa.text("status = 'active'"),
        ),
    )
    protect("qualification", BOTH)


def requests() -> None:
    op.create_table(
        "qualification_request",
        *identified(),
        *uuids("type_id", "organisation_id"),
        *holder(),
        *words("level", default=None),
        *words("message"),
        *words("status", default="open"),
        *words("reason"),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("decided_at", INSTANT),
        *instants("created_at"),
        sa.UniqueConstraint("tenant_id", "id"),
        own_key("qualification_type", "type_id"),
        own_key("organisation", "organisation_id"),
        own_key("account", "decided_by"),
        sa.CheckConstraint(LEVEL, name="level"),
        sa.CheckConstraint("status IN ('open', 'approved', 'declined', 'withdrawn')", name="status"),
        sa.CheckConstraint(
            "(decided_by IS NOT NULL) = (status IN ('approved', 'declined')) "
            "AND (decided_at IS NULL) = (status = 'open')",
            name="decided",
        ),
        sa.CheckConstraint("decided_by <> holder_id", name="two_persons"),
        sa.CheckConstraint("char_length(message) <= 1000 AND char_length(reason) <= 500", name="texts"),
        sa.Index(
            "ix_qualification_request_open",
            "type_id",
            "holder_id",
            unique=True,
            postgresql_where=sa.text("status = 'open'"),
        ),
        sa.Index("ix_qualification_request_holder", "holder_tenant_id", "holder_id"),
        sa.Index("ix_qualification_request_organisation_id_id", "organisation_id", "id"),
    )
    protect("qualification_request", BOTH)
    op.create_table(
        "qualification_evidence",
        *identified(),
        *uuids("request_id"),
        *words("holder_tenant_id", "digest", "media_type", "name", default=None),
        sa.Column("size", sa.BigInteger, nullable=False),
        *instants("created_at"),
        own_key("qualification_request", "request_id"),
        sa.UniqueConstraint("request_id", "digest"),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        sa.CheckConstraint("media_type IN ('application/pdf', 'image/png', 'image/jpeg')", name="media_type"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="name"),
        sa.CheckConstraint("size BETWEEN 1 AND 10485760", name="size"),
    )
    protect("qualification_evidence", BOTH)


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    for table in (
        "qualification_evidence",
        "qualification_request",
        "qualification",
        "qualification_recognition",
        "qualification_requirement",
        "qualification_type",
    ):
        op.drop_table(table)
