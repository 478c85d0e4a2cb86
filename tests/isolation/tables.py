"""Walks every table as each province: what the database shows and lets change, against what the oracle says."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from app.registry import metadata
from app.settings import Settings
from app.tenancy.policies import PLATFORM
from tests.isolation.oracle import Viewer, may_write
from tests.isolation.rows import PROVINCES
from tests.isolation.world import Row, World, connect, key_of

SAMPLE = 2
"""Rows of each other province, of each table, that are tried to be changed."""


def viewers(world: World) -> list[Viewer]:
    """A person of each province, an operator, and a visitor."""
    accounts = {row.data["tenant_id"]: row.id for row in world.tables["account"]}
    return [Viewer(), *(Viewer(province, accounts[province]) for province in (PLATFORM, *PROVINCES))]


@asynccontextmanager
async def acting(connection: asyncpg.Connection, viewer: Viewer) -> AsyncIterator[None]:
    """A transaction in the viewer's context, undone at the end."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "SELECT set_config('app.tenant_id', $1, true), set_config('app.caller_id', $2, true)",
        viewer.tenant_id or "",
        viewer.caller_id or "",
    )
    yield
    await transaction.rollback()


async def readings(world: World, settings: Settings, role: str = "app") -> list[str]:
    """Rows seen that should be hidden, and rows hidden that should be seen."""
    findings = []
    connection = await connect(settings, role)
    for viewer in viewers(world):
        async with acting(connection, viewer):
            for table in metadata.tables:
                key = ", ".join(f"to_jsonb({name}) #>> '{{}}'" for name in key_of(table))
                seen = {tuple(row) for row in await connection.fetch(f"SELECT {key} FROM {table}")}
                wanted = {row.key for row in world.tables[table] if world.sees(viewer, row)}
                if seen - wanted:
                    findings.append(f"{viewer.tenant_id} sees {len(seen - wanted)} rows of {table}")
                if wanted - seen:
                    findings.append(f"{viewer.tenant_id} misses {len(wanted - seen)} rows of {table}")
    await connection.close()
    return findings


def _foreign(world: World, viewer: Viewer, table: str) -> Iterable[Row]:
    """Some rows of each other province that the viewer may not write, seen and hidden ones."""
    taken: dict[tuple[Any, bool], int] = {}
    for row in world.tables[table]:
        owner = row.data.get("tenant_id")
        kind = (owner, world.sees(viewer, row))
        if (
            owner != viewer.tenant_id
            and not may_write(viewer, table, row.data)
            and taken.get(kind, 0) < SAMPLE
        ):
            taken[kind] = taken.get(kind, 0) + 1
            yield row


async def writings(
    world: World, settings: Settings, names: Iterable[str] = tuple(metadata.tables)
) -> list[str]:
    """Another province's rows that could be changed, deleted, copied or taken over."""
    findings = []
    connection = await connect(settings, "app")
    for viewer in viewers(world):
        for table in names:
            for row in _foreign(world, viewer, table):
                findings += [
                    f"{viewer.tenant_id} {deed} a row of {table} of {row.data.get('tenant_id')}"
                    for deed, statement, values in _deeds(row)
                    if await _done(connection, viewer, statement, values)
                ]
            for row, other in _given(world, viewer, table):
                statement = f"UPDATE {table} SET tenant_id = '{other}' WHERE {_where(row)}"
                if await _done(connection, viewer, statement, row.key):
                    findings.append(f"{viewer.tenant_id} gives away a row of {table} to {other}")
    await connection.close()
    return findings


def _given(world: World, viewer: Viewer, table: str) -> Iterable[tuple[Row, str]]:
    """A row of the viewer's own, and each province it would then not be allowed to write it in."""
    own = (row for row in world.tables[table] if row.data.get("tenant_id") == viewer.tenant_id is not None)
    row = next((row for row in own if may_write(viewer, table, row.data)), None)
    for other in PROVINCES:
        if row is not None and not may_write(viewer, table, {**row.data, "tenant_id": other}):
            yield row, other


def _where(row: Row) -> str:
    return " AND ".join(
        f"to_jsonb({name}) #>> '{{}}' = ${number}" for number, name in enumerate(key_of(row.table), start=1)
    )


def _deeds(row: Row) -> Iterable[tuple[str, str, tuple[object, ...]]]:
    table = metadata.tables[row.table]
    plain = [column.name for column in table.columns if column.computed is None]
    names = ", ".join(plain)
    yield "changes", f"UPDATE {table} SET {plain[0]} = {plain[0]} WHERE {_where(row)}", row.key
    yield "deletes", f"DELETE FROM {table} WHERE {_where(row)}", row.key
    yield (
        "makes",
        f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, $1::text::jsonb)",
        (json.dumps(dict(row.data)),),
    )


async def _done(
    connection: asyncpg.Connection, viewer: Viewer, statement: str, values: tuple[object, ...]
) -> bool:
    """Whether the statement touched a row; a constraint that stands in its way is no protection, so it counts."""
    async with acting(connection, viewer):
        try:
            status = await connection.execute(statement, *values)
        except asyncpg.InsufficientPrivilegeError:
            return False
        except asyncpg.IntegrityConstraintViolationError:
            return True
    return status.split()[-1] != "0"
