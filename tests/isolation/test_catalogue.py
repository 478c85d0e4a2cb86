"""The database says of every table what its model declares: row policies, keys, names, and who may do what."""

from typing import Any

import asyncpg
import pytest
from sqlalchemy import Table

import app.main  # noqa: F401 - every feature says there what its constraints mean
from app.core import errors
from app.registry import metadata
from app.settings import Settings
from app.tenancy.policies import Hidden, Platform, Reference, RowPolicy, ddl
from tests.isolation import crossings

TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)
POLICIES_OF = """
    SELECT policyname, permissive, roles::text[], cmd, qual, with_check
    FROM pg_policies WHERE schemaname = $1 AND tablename = $2
"""


def names(table: Table) -> str:
    return table.name


def policy_of(table: Table) -> RowPolicy:
    policy: RowPolicy = table.info["row_policy"]
    return policy


async def policies(admin: asyncpg.Connection, schema: str, table: str) -> dict[str, tuple[Any, ...]]:
    found = await admin.fetch(POLICIES_OF, schema, table)
    return {row[0]: (row[1], tuple(row[2]), *row[3:]) for row in found}


async def column(admin: asyncpg.Connection, query: str, *values: object) -> list[Any]:
    return [row[0] for row in await admin.fetch(query, *values)]


async def test_every_table_has_a_model_and_every_model_a_table(admin: asyncpg.Connection) -> None:
    tables = await column(admin, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert set(tables) - {"alembic_version"} == {table.name for table in TABLES}
    assert len(TABLES) > 20


async def test_nothing_lies_outside_the_two_schemas(admin: asyncpg.Connection) -> None:
    """A view would read as its owner, past every policy."""
    found = await admin.fetch(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema|public$)'"
    )
    assert {tuple(row) for row in found} == {("jobs", table) for table in crossings.QUEUE}
    views = await admin.fetch(
        "SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('v', 'm', 'f', 'p') AND n.nspname !~ '^(pg_|information_schema)' "
        "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
    )
    assert views == []


@pytest.mark.parametrize("table", TABLES, ids=names)
def test_every_model_declares_who_sees_its_rows(table: Table) -> None:
    policy = policy_of(table)
    if "tenant_id" in table.columns:
        assert not table.columns["tenant_id"].nullable
        assert isinstance(policy, Hidden) or "tenant_id" in policy.write()
    else:
        assert isinstance(policy, Hidden | Platform | Reference)


@pytest.mark.parametrize("table", TABLES, ids=names)
async def test_policies_are_those_declared_and_those_reviewed(
    admin: asyncpg.Connection, worker_settings: Settings, table: Table
) -> None:
    flags = await admin.fetchrow(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = $1::regclass", f"public.{table}"
    )
    assert flags is not None
    assert tuple(flags) == (True, True)
    found = await policies(admin, "public", table.name)
    await admin.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table})")
    for statement in ddl(table.name, policy_of(table), owner=worker_settings.role("owner")):
        await admin.execute(statement)
    scratch = await admin.fetchval("SELECT pg_my_temp_schema()::regnamespace::text")
    declared = await policies(admin, scratch, table.name)
    await admin.execute(f"DROP TABLE {scratch}.{table}")
    assert {name: found.get(name) for name in declared} == declared
    extra = {
        name.removeprefix(f"{table}_"): (policy[1], policy[2], {policy[3], policy[4]} - {None})
        for name, policy in found.items()
        if name not in declared
    }
    reviewed = {
        name: ((worker_settings.role(role),), command, {"true"})
        for (of, name), (role, command, _purpose) in crossings.POLICIES.items()
        if of == table.name
    }
    assert extra == reviewed


async def test_keys_between_provinces_tables_hold_the_province(admin: asyncpg.Connection) -> None:
    """A foreign key looks past row-level security: it must name the province together with the id."""
    found = await admin.fetch(
        """
        SELECT conname,
               ARRAY(SELECT attname::text FROM unnest(conkey) k JOIN pg_attribute ON attrelid = conrelid AND attnum = k),
               ARRAY(SELECT attname::text FROM unnest(confkey) k JOIN pg_attribute ON attrelid = confrelid AND attnum = k)
        FROM pg_constraint
        WHERE contype = 'f' AND connamespace = 'public'::regnamespace
          AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = conrelid AND attname = 'tenant_id')
          AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = confrelid AND attname = 'tenant_id')
        """
    )
    assert len(found) > 10
    plain = {
        name
        for name, here, there in found
        if ("tenant_id" not in there) or not any("tenant_id" in c for c in here)
    }
    assert plain == set(crossings.PLAIN_KEYS)


async def test_only_reviewed_refusals_tell_of_another_provinces_row(admin: asyncpg.Connection) -> None:
    """A unique or exclusion constraint looks past row-level security: its name must hold the province or the row's parent."""
    found = await admin.fetch(
        """
        SELECT conname::text FROM pg_constraint
        WHERE contype IN ('u', 'x') AND connamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT FROM unnest(conkey) k JOIN pg_attribute ON attrelid = conrelid AND attnum = k
                          WHERE attname = 'tenant_id' OR attname ~ '_id$')
        """
    )
    told = {errors._violations[row[0]]().code for row in found if row[0] in errors._violations}
    assert told == set(crossings.TOLD)


@pytest.mark.parametrize("table", [t for t in TABLES if "tenant_id" in t.columns], ids=names)
async def test_every_owner_is_a_province(admin: asyncpg.Connection, table: Table) -> None:
    found = await column(
        admin,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = $1::regclass",
        f"public.{table}",
    )
    assert "FOREIGN KEY (tenant_id) REFERENCES province(code)" in found


async def test_the_applications_roles_are_weak(admin: asyncpg.Connection, worker_settings: Settings) -> None:
    roles = {name: worker_settings.role(name) for name in ("owner", "app", "reader", "login", "broker")}
    strong = await column(
        admin,
        "SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1) AND "
        "(rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)",
        list(roles.values()),
    )
    assert strong == []
    members = await admin.fetch(
        "SELECT roleid::regrole::text, member::regrole::text, inherit_option, set_option, admin_option "
        "FROM pg_auth_members WHERE member::regrole::text = ANY($1)",
        list(roles.values()),
    )
    assert {tuple(row) for row in members} == {
        (roles["login"], roles["app"], False, True, False),
        (roles["broker"], roles["owner"], True, True, False),
    }
    for role in ("app", "reader", "login"):
        owned = await admin.fetchval(
            "SELECT count(*) FROM pg_shdepend WHERE deptype = 'o' AND refobjid = $1::regrole", roles[role]
        )
        assert owned == 0, role
        assert not await admin.fetchval("SELECT has_schema_privilege($1, 'public', 'CREATE')", roles[role])


async def test_what_the_application_may_do_to_tables(
    admin: asyncpg.Connection, worker_settings: Settings
) -> None:
    everything = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
    found = await admin.fetch(
        "SELECT c.relname, p, has_table_privilege($1, c.oid, p) FROM pg_class c, unnest($2::text[]) p "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'",
        worker_settings.role("app"),
        list(everything),
    )
    for table, privilege, held in found:
        wanted = privilege in everything[:4] and privilege not in crossings.WITHOUT.get(table, set())
        assert held == wanted, (table, privilege)


async def test_everyone_else_may_do_nothing(admin: asyncpg.Connection) -> None:
    tables = await column(
        admin,
        "SELECT c.oid::regclass::text FROM pg_class c, aclexplode(c.relacl) a WHERE a.grantee = 0 "
        "AND c.relnamespace IN ('public'::regnamespace, 'jobs'::regnamespace)",
    )
    assert tables == []
    functions = await column(
        admin,
        "SELECT p.oid::regprocedure::text FROM pg_proc p "
        "WHERE p.pronamespace IN ('public'::regnamespace, 'jobs'::regnamespace) "
        "AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0)) "
        "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')",
    )
    assert functions == []


async def test_functions_that_cross_are_the_brokers_and_reviewed(
    admin: asyncpg.Connection, worker_settings: Settings
) -> None:
    found = await admin.fetch(
        """
        SELECT p.oid::regprocedure::text AS signature, p.proowner::regrole::text AS owner, p.proconfig AS config,
               ARRAY(SELECT a.grantee::regrole::text FROM aclexplode(p.proacl) a WHERE a.grantee <> p.proowner) AS callers
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        """
    )
    assert {row["signature"] for row in found} == set(crossings.FUNCTIONS)
    for row in found:
        caller, _purpose = crossings.FUNCTIONS[row["signature"]]
        assert row["owner"] == worker_settings.role("broker")
        assert row["config"] == ["search_path=public, pg_temp"], (
            "a temporary table must not stand before ours"
        )
        assert row["callers"] == [worker_settings.role(caller)]


async def test_names_follow_the_convention(admin: asyncpg.Connection) -> None:
    constraints = await admin.fetch(
        """
        SELECT c.conname, c.contype::text, t.relname,
               (SELECT string_agg(attname, '_' ORDER BY place)
                FROM unnest(c.conkey) WITH ORDINALITY k(number, place)
                JOIN pg_attribute ON attrelid = c.conrelid AND attnum = number) AS columns
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
        WHERE c.connamespace = 'public'::regnamespace AND c.contype <> 'n' AND t.relname <> 'alembic_version'
        """
    )
    shape = {"p": "pk_{t}", "u": "uq_{t}_{c}", "f": "fk_{t}_{c}", "c": "ck_{t}_", "x": "ex_{t}_"}
    for name, kind, table, columns in constraints:
        wanted = shape[kind].format(t=table, c=columns)
        assert name.startswith(wanted) if kind in "cx" else name == wanted, name
        assert not name.startswith(f"ck_{table}_ck_"), "named twice"
    indexes = await admin.fetch(
        "SELECT indexname, tablename FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    assert [tuple(row) for row in indexes if not row[0].startswith(f"ix_{row[1]}_")] == []


async def test_problems_of_constraints_name_constraints_that_exist(admin: asyncpg.Connection) -> None:
    known = await column(
        admin,
        "SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
        "UNION SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND indpred IS NOT NULL",
    )
    ours = {name for name in errors._violations if "test" not in name and "probe" not in name}
    assert len(ours) > 5
    assert ours <= set(known)
