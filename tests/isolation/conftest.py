"""The migrated database, seen by its administrator; and a world of four provinces in it."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from app.settings import Settings
from tests.isolation.world import World, build, read
from tests.support.server import administer, copy_template, on, settings_for


@pytest.fixture
async def admin(worker_settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection to this worker's database; what it changes is undone."""
    assert worker_settings.database_url is not None
    connection = await asyncpg.connect(worker_settings.database_url.replace("+asyncpg", ""))
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.fixture(scope="session")
async def world_settings(server: str, worker_id: str) -> Settings:
    """The database of the world; tests that change it take a copy."""
    name = f"commons_test_world_{worker_id}"
    await copy_template(server, name)
    settings = settings_for(on(server, name))
    await build(settings)
    return settings


@pytest.fixture(scope="session")
async def world(world_settings: Settings) -> World:
    return await read(world_settings)


@pytest.fixture
async def fresh_world(server: str, world: World, world_settings: Settings) -> AsyncIterator[Settings]:
    """A copy of the world, to be broken."""
    name = f"commons_test_{uuid4().hex[:12]}"
    assert world_settings.database_url is not None
    original = world_settings.database_url.rpartition("/")[2]
    await administer(
        server,
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{original}'",
        f"CREATE DATABASE {name} TEMPLATE {original} STRATEGY file_copy",
    )
    yield settings_for(on(server, name))
    await administer(server, f"DROP DATABASE {name} WITH (FORCE)")
