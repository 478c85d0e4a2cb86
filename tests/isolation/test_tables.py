"""As each province, the database shows nothing of the others and lets nothing of theirs be changed."""

import asyncpg
import pytest

from app.registry import metadata
from app.settings import Settings
from app.tenancy.policies import PLATFORM
from tests.isolation import tables
from tests.isolation.oracle import Viewer, policy_of
from tests.isolation.rows import PROVINCES
from tests.isolation.world import World, connect

BY_POLICY = {type(policy_of(table)).__name__ for table in metadata.tables}


def test_every_table_has_rows_of_every_province(world: World) -> None:
    for name, table in metadata.tables.items():
        if "tenant_id" in table.columns:
            owners = {row.data["tenant_id"] for row in world.tables[name]}
            assert owners - {PLATFORM} == set(PROVINCES)


def test_the_rows_tell_the_kinds_apart(world: World) -> None:
    """Of each kind that hides, there is something another province sees not; of each that shares, something it does."""
    jiangsu = Viewer("320000")
    for kind in ("Own", "ScopedAmongMembers", "Parent", "Parties", "Personal", "Hidden"):
        rows = [
            r for t in world.tables for r in world.hidden(jiangsu, t) if type(policy_of(t)).__name__ == kind
        ]
        assert rows, kind
    for kind in ("ScopedAmongMembers", "Parent", "Parties"):
        assert any(
            world.sees(jiangsu, row) and row.data["tenant_id"] != "320000"
            for table, rows in world.tables.items()
            if type(policy_of(table)).__name__ == kind
            for row in rows
        ), kind


@pytest.mark.parametrize("role", ["app", "reader"])
async def test_each_province_sees_its_own_and_what_is_shared(
    world: World, world_settings: Settings, role: str
) -> None:
    assert await tables.readings(world, world_settings, role) == []


async def test_no_province_changes_anothers_rows(world: World, world_settings: Settings) -> None:
    assert await tables.writings(world, world_settings) == []


BREACHES = {
    "row-level security switched off": (
        "ALTER TABLE instrument DISABLE ROW LEVEL SECURITY",
        ["None sees", "310000 sees", "320000 sees", "330000 sees", "340000 sees"],
    ),
    "a reading policy gone": ("DROP POLICY organisation_read ON organisation", ["310000 misses"]),
    "a reading policy too wide": (
        "ALTER POLICY booking_read ON booking USING (true)",
        ["None sees", "310000 sees", "320000 sees", "330000 sees", "340000 sees"],
    ),
    "a second policy that opens": (
        "CREATE POLICY account_open ON account FOR SELECT USING (tenant_id = '330000')",
        ["None sees", "310000 sees", "320000 sees", "340000 sees"],
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_is_found(world: World, fresh_world: Settings, breach: str) -> None:
    """The walk itself is tried: with one policy less or one too many it finds what follows."""
    statement, expected = BREACHES[breach]
    admin = await connect(fresh_world)
    await admin.execute(statement)
    await admin.close()
    findings = await tables.readings(world, fresh_world)
    assert findings
    assert all(any(finding.startswith(start) for finding in findings) for start in expected), findings


@pytest.mark.parametrize(
    ("table", "policy", "opened", "deed"),
    [
        ("instrument", "update", "USING (true) WITH CHECK (true)", {"changes", "gives away"}),
        ("organisation", "delete", "USING (true)", {"deletes"}),
        ("task_run", "insert", "WITH CHECK (true)", {"makes"}),
        ("organisation", "update", "WITH CHECK (true)", {"gives away"}),
    ],
)
async def test_a_breach_of_writing_is_found(
    world: World, fresh_world: Settings, table: str, policy: str, opened: str, deed: set[str]
) -> None:
    admin = await connect(fresh_world)
    await admin.execute(f"ALTER POLICY {table}_{policy} ON {table} {opened}")
    await admin.close()
    findings = await tables.writings(world, fresh_world, [table])
    assert {found.split(" ", 1)[1].split(" a row")[0] for found in findings} == deed


async def test_the_sign_in_role_sees_no_business(world_settings: Settings) -> None:
    connection = await connect(world_settings, "app")
    await connection.execute(f"SET ROLE {world_settings.role('login')}")
    for table in ("instrument", "booking", "task_run", "instrument_import", "organisation_application"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT FROM {table}")
    for role in ("owner", "broker"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"SET ROLE {world_settings.role(role)}")
    await connection.close()
