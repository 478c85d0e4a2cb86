"""Four provinces full of rows, every free text of which carries its row's own mark."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from app.demo import seed
from app.registry import metadata
from app.settings import Settings
from tests.isolation import rows
from tests.isolation.oracle import Data, Viewer, may_see
from tests.support.people import make_operator

CANARY = re.compile(r"c4n[0-9a-f]{12}")
NO_PROSE = frozenset(
    {"adcode", "client_id", "issuer", "language", "nation", "request_id", "subject_id", "tz"}
)
"""Text columns that the application reads as something else than text."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, as its administrator sees it."""

    table: str
    key: tuple[str, ...]
    data: Data

    @property
    def canary(self) -> str:
        """The mark in its texts."""
        return "c4n" + hashlib.md5(f"{self.table}:{','.join(self.key)}".encode()).hexdigest()[:12]

    @property
    def id(self) -> str:
        return str(self.data["id"])


@dataclass
class World:
    """Every row of every table, and who sees it."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    marked: dict[str, set[str]] = field(default_factory=dict)
    """The columns that carry marks, by table."""
    _by_id: dict[tuple[str, str], Data] = field(default_factory=dict)
    _by_canary: dict[str, Row] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        self.tables[row.table].append(row)
        self._by_canary[row.canary] = row
        if "id" in row.data:
            self._by_id[row.table, row.id] = row.data

    def sees(self, viewer: Viewer, row: Row) -> bool:
        return may_see(viewer, row.table, row.data, lambda table, id_: self._by_id[table, id_])

    def hidden(self, viewer: Viewer, table: str) -> Iterator[Row]:
        """Another province's rows that `viewer` may not see."""
        return (
            row
            for row in self.tables[table]
            if row.data.get("tenant_id") not in {None, viewer.tenant_id} and not self.sees(viewer, row)
        )

    def betrayed(self, viewer: Viewer, text: str) -> set[str]:
        """The tables of another province's hidden rows whose marks stand in `text`."""
        marked = (self._by_canary[mark] for mark in set(CANARY.findall(text)) if mark in self._by_canary)
        return {
            row.table
            for row in marked
            if row.data.get("tenant_id") not in {None, viewer.tenant_id} and not self.sees(viewer, row)
        }


def key_of(table: str) -> list[str]:
    return [column.name for column in metadata.tables[table].primary_key.columns]


async def build(settings: Settings) -> None:
    """Fill a migrated database: the demonstration, a row where it has none, and marks everywhere."""
    await seed.load(settings)
    await make_operator(settings, "platform.operator")
    connection = await connect(settings)
    await rows.fill(connection)
    for table in metadata.sorted_tables:
        if "tenant_id" in table.columns:
            await _mark(connection, table.name)
    await connection.close()


async def connect(settings: Settings, role: str | None = None) -> asyncpg.Connection:
    """A connection as the administrator, or as one of our roles."""
    url = settings.database_url if role is None else settings.url_for(role)
    assert url is not None
    return await asyncpg.connect(url.replace("+asyncpg", ""))


async def read(settings: Settings) -> World:
    """Every row there is."""
    world = World()
    connection = await connect(settings)
    for table in metadata.tables:
        for found in await connection.fetch(f"SELECT to_jsonb(t)::text FROM {table} t"):
            data: dict[str, Any] = json.loads(found[0])
            world.add(Row(table, tuple(str(data[name]) for name in key_of(table)), data))
    await connection.close()
    for table, found_rows in world.tables.items():
        world.marked[table] = {
            name
            for row in found_rows
            for name, value in row.data.items()
            if row.canary in str(value) and name not in {"search", "name_key"}
        }
    return world


async def _mark(connection: asyncpg.Connection, table: str) -> None:
    """Put each row's mark into its free texts; where a CHECK refuses both ways of doing so the text is no free one."""
    key = ", ".join(f"{name}::text" for name in key_of(table))
    mark = f"'c4n' || left(md5('{table}:' || concat_ws(',', {key})), 12)"
    for name in await _prose(connection, table):
        for value in (f"{mark} || ' ' || {name}", mark):
            try:
                async with connection.transaction():
                    await connection.execute(f"UPDATE {table} SET {name} = {value} WHERE {name} IS NOT NULL")
            except (asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError):
                continue
            break
    for name in await _objects(connection, table):
        await connection.execute(
            f"UPDATE {table} SET {name} = {name} || jsonb_build_object('mark', {mark}) WHERE jsonb_typeof({name}) = 'object'"
        )


async def _objects(connection: asyncpg.Connection, table: str) -> list[str]:
    found = await connection.fetch(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND atttypid = 'jsonb'::regtype "
        "AND attname = ANY($2)",
        table,
        ["after", "before", "error", "result"],
    )
    return [row[0] for row in found]


async def _prose(connection: asyncpg.Connection, table: str) -> list[str]:
    found = await connection.fetch(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND atttypid = 'text'::regtype "
        "AND attgenerated = '' AND NOT attisdropped",
        table,
    )
    keys = {*key_of(table), *NO_PROSE}
    return [row[0] for row in found if row[0] not in keys and not row[0].endswith("tenant_id")]
