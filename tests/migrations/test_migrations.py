"""Migrations go up, down and up again, and end where the models say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from app.core import revisions
from app.registry import metadata
from app.settings import Settings
from app.tenancy import roles
from tests.support.catalogue import snapshot, tables_of
from tests.support.server import administer, alembic_config, on, settings_for

UNSAID = {
    (
        "stewardship fk_stewardship_tenant_id_instrument_id FOREIGN KEY (tenant_id, instrument_id) "
        "REFERENCES instrument(tenant_id, id) ON DELETE CASCADE"
    ),
    (
        "delegation fk_delegation_tenant_id_instrument_id FOREIGN KEY (tenant_id, instrument_id) "
        "REFERENCES instrument(tenant_id, id) ON DELETE CASCADE"
    ),
}
"""Made by a migration and not in the models: identity's tables point at a table of a feature above it."""


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    assert settings.database_url is not None
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    yield connection
    await connection.close()


async def lines(settings: Settings) -> list[str]:
    async with connected(settings) as connection:
        return await snapshot(connection)


def revisions_of(settings: Settings) -> list[str]:
    """From the first to the newest."""
    scripts = ScriptDirectory.from_config(alembic_config(settings))
    return [script.revision for script in scripts.walk_revisions()][::-1]


@pytest.fixture
async def empty(server: str) -> AsyncIterator[Settings]:
    """A database in which only the roles were prepared."""
    name = f"commons_test_{uuid4().hex[:12]}"
    await administer(server, f"CREATE DATABASE {name}")
    settings = settings_for(on(server, name))
    await roles.ensure(settings)
    yield settings
    await administer(server, f"DROP DATABASE {name} WITH (FORCE)")


async def test_each_step_down_undoes_its_step_up(empty: Settings) -> None:
    config = alembic_config(empty)
    seen = {"base": await lines(empty)}
    for revision in revisions_of(empty):
        await asyncio.to_thread(command.upgrade, config, revision)
        seen[revision] = await lines(empty)
    order = list(seen)
    assert len(order) > 5
    for above, below in zip(order[::-1], order[-2::-1], strict=False):
        await asyncio.to_thread(command.downgrade, config, below)
        left = set(await lines(empty)) ^ set(seen[below])
        assert {line for line in left if "alembic_version" not in line} == set(), f"{above} -> {below}"
    await asyncio.to_thread(command.upgrade, config, "head")
    assert await lines(empty) == seen[order[-1]]


def test_revisions_are_one_line(worker_settings: Settings) -> None:
    scripts = ScriptDirectory.from_config(alembic_config(worker_settings))
    assert len(scripts.get_heads()) == 1
    assert all(not isinstance(s.down_revision, tuple) for s in scripts.walk_revisions())
    assert scripts.get_current_head() == revisions.head()


async def test_the_models_say_what_the_migrations_made(worker_settings: Settings) -> None:
    """The models' own tables, in a schema beside, are compared column by column, constraint by constraint."""
    assert worker_settings.database_url is not None
    engine = create_async_engine(worker_settings.database_url)
    async with connected(worker_settings) as connection:
        await connection.execute("DROP SCHEMA IF EXISTS models CASCADE; CREATE SCHEMA models")
        try:
            translated = engine.execution_options(schema_translate_map={None: "models"})
            async with translated.begin() as models:
                await models.run_sync(metadata.create_all)
            said = set(await tables_of(connection, "models"))
            made = {line for line in await tables_of(connection, "public") if "alembic_version" not in line}
        finally:
            await connection.execute("DROP SCHEMA models CASCADE")
            await engine.dispose()
    assert (sorted(said - made), sorted(made - said - UNSAID)) == ([], [])
