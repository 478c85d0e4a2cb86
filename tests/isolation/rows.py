"""Rows for every table, made from its columns and keys; a table whose CHECKs want more says so in HINTS."""

from itertools import product

import asyncpg
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from app.registry import metadata
from app.tenancy.models import SCOPES
from app.tenancy.policies import ScopedAmongMembers
from tests.isolation.oracle import policy_of
from tests.support.places import valid_uscc

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy types it late
PROVINCES = ("310000", "320000", "330000", "340000")
SAMPLES = {
    "TEXT": "'x' || substr(md5(random()::text), 1, 12)",
    "UUID": "gen_random_uuid()",
    "BYTEA": "sha256(random()::text::bytea)",
    "JSONB": "'[]'::jsonb",
    "TIMESTAMP WITH TIME ZONE": "clock_timestamp() + interval '1 day'",
    "BIGINT": "1",
    "SMALLINT": "1",
    "BOOLEAN": "false",
}
"""A value of each type, as SQL."""
HINTS: dict[tuple[str, str], str] = {
    ("organisation", "adcode"): "left($1, 2) || '0100'",
    ("organisation", "kind"): "'university'",
    ("booking_approval", "decision"): "'approved'",
    ("booking_policy", "organisation_id"): "NULL",
    ("booking_policy", "instrument_id"): "NULL",
    ("booking_policy", "audience"): "(100000 + floor(random() * 800000))::int::text",
    ("booking_policy", "settings"): "'{}'",
    ("calendar_day", "organisation_id"): "NULL",
    ("calendar_day", "acts_as"): "0",
    ("calendar_day", "day"): "DATE '2020-01-01' + (random() * 3000)::int",
    ("delegation", "role"): "'manager'",
    ("delegation", "deputy_id"): "(SELECT id FROM account WHERE tenant_id = $1 ORDER BY 1 DESC LIMIT 1)",
    ("delegation", "organisation_id"): "(SELECT id FROM organisation WHERE tenant_id = $1 LIMIT 1)",
    ("delegation", "starts_at"): "clock_timestamp()",
    ("outgoing_mail", "locale"): "'zh'",
    ("mobile_code", "number"): "'+8613800138000'",
    ("mobile_number", "number"): "'+8613800138000'",
    ("authenticator", "kind"): "'totp'",
    ("device_code", "account_tenant_id"): "$1",
    ("device_code", "authenticated_at"): "clock_timestamp()",
    ("device_code", "decision"): "'denied'",
    ("journal_anchor", "signature"): "sha512(random()::text::bytea)",
    ("delegation", "ends_at"): "clock_timestamp() + interval '30 days'",
    ("appointment", "role"): "'province_admin'",
    (
        "appointment",
        "proposed_by",
    ): "(SELECT account_id FROM role_grant WHERE tenant_id = $1 ORDER BY role DESC LIMIT 1)",
    ("appointment", "account_id"): "(SELECT account_id FROM membership WHERE tenant_id = $1 LIMIT 1)",
    ("appointment", "delegation_id"): "NULL",
    ("appointment", "proposed_at"): "statement_timestamp()",
    ("appointment", "expires_at"): "statement_timestamp() + interval '14 days'",
    ("appointment", "decided_by"): "NULL",
    ("organisation_application", "adcode"): "left($1, 2) || '0100'",
    ("organisation_application", "kind"): "'enterprise'",
    ("organisation_application", "organisation_id"): "NULL",
    ("application_step", "status"): "'draft'",
    ("application_step", "faults"): "'{}'::jsonb",
    ("application_evidence", "digest"): "repeat('0', 64)",
    ("application_evidence", "media_type"): "'application/pdf'",
    ("organisation_invitation", "role"): "'member'",
    ("organisation_invitation", "accepted_by"): "NULL",
    ("kept_file", "digest"): "repeat('0', 64)",
    ("external_identity", "issuer"): "'https://id.example'",
    ("external_identity", "identity_provider_id"): "NULL",
    ("email_address", "address"): "substr(md5(random()::text), 1, 12) || '@a.example'",
    ("task_run", "kind"): "'test.done'",
    ("task_run", "created_by"): "(SELECT account_id FROM role_grant WHERE tenant_id = $1 LIMIT 1)",
    ("instrument_import", "created_by"): "(SELECT account_id FROM role_grant WHERE tenant_id = $1 LIMIT 1)",
    ("instrument_import", "file_digest"): "repeat('0', 64)",
    ("instrument_import", "reading"): """'{"columns": [], "warnings": []}'::jsonb""",
    (
        "instrument_family",
        "organisation_id",
    ): "(SELECT id FROM organisation WHERE tenant_id = $1 AND scope = 'organisation' LIMIT 1)",
    (
        "instrument_file",
        "instrument_id",
    ): "(SELECT id FROM instrument WHERE tenant_id = $1 AND scope = 'organisation' LIMIT 1)",
    ("instrument_file", "digest"): "repeat('0', 64)",
    ("instrument_file", "media_type"): "'application/pdf'",
    ("instrument_import_row", "outcome"): "'new'",
    ("qualification_requirement", "level"): "'assisted'",
    ("qualification_recognition", "level"): "'assisted'",
    ("qualification_recognition", "other_tenant_id"): "$1",
    (
        "qualification_recognition",
        "other_type_id",
    ): "(SELECT id FROM qualification_type WHERE tenant_id = $1 ORDER BY 1 DESC LIMIT 1)",
    ("qualification", "holder_tenant_id"): "$1",
    ("qualification", "granted_by"): "(SELECT id FROM account WHERE tenant_id = $1 ORDER BY 1 DESC LIMIT 1)",
    ("qualification", "level"): "'assisted'",
    ("qualification", "valid_from"): "current_date",
    ("qualification_request", "holder_tenant_id"): "$1",
    ("qualification_request", "decided_by"): "NULL",
    ("qualification_request", "level"): "'assisted'",
    ("qualification_evidence", "holder_tenant_id"): "$1",
    ("qualification_evidence", "digest"): "repeat('0', 64)",
    ("qualification_evidence", "media_type"): "'application/pdf'",
}
"""Columns whose values a CHECK, or another column, decides; $1 is the province."""

SHOWN_BY_THE_DEMONSTRATION = frozenset({"instrument_family", "instrument_file"})
"""Tables of which the demonstration has rows that everyone may see: they need one that others may not."""


async def fill(admin: asyncpg.Connection) -> None:
    """Give every province's table a row of each province, and of each scope, where the demonstration left none."""
    for table in metadata.sorted_tables:
        scopes = SCOPES if isinstance(policy_of(table.name), ScopedAmongMembers) else (None,)
        for province, scope in product(PROVINCES if "tenant_id" in table.columns else (), scopes):
            condition = "tenant_id = $1" if scope is None else f"tenant_id = $1 AND scope = '{scope}'"
            if table.name in SHOWN_BY_THE_DEMONSTRATION or not await admin.fetchval(
                f"SELECT EXISTS (SELECT FROM {table} WHERE {condition})", province
            ):
                await _make(admin, table, province, scope)


async def _make(admin: asyncpg.Connection, table: Table, province: str, scope: str | None) -> None:
    values = _parents(table)
    # The type of $1 must be known where no other value speaks of the province.
    values["tenant_id"] = "$1::text"
    if scope is not None:
        values["scope"] = f"'{scope}'"
    for column in table.columns:
        wanted = not column.nullable and column.server_default is None and column.computed is None
        if (table.name, column.name) in HINTS or (wanted and column.name not in values):
            values[column.name] = _value(table, column, province)
    statement = f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())}"
    await admin.execute(statement, province)


def _parents(table: Table) -> dict[str, str]:
    """The columns of each key into another table, taken from one row of the same province there."""
    found: dict[str, str] = {}
    for key in table.foreign_key_constraints:
        there = key.referred_table
        for element in key.elements:
            if element.column.name not in {"tenant_id", "code"} and element.parent.name not in found:
                found[element.parent.name] = (
                    f"(SELECT {element.column.name} FROM {there} WHERE tenant_id = $1 ORDER BY 1 LIMIT 1)"
                )
    return found


def _value(table: Table, column: Column[object], province: str) -> str:
    if column.name == "uscc":
        return f"'{valid_uscc(province)}'"
    hint = HINTS.get((table.name, column.name))
    return hint or SAMPLES[str(column.type.compile(dialect=DIALECT)).upper()]
