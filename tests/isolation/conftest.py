"""The migrated database, seen by its administrator."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.settings import Settings


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
