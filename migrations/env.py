"""Runs the migrations as the owner role, in one transaction."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.registry import metadata
from app.settings import Settings, settings_from_environment


def settings() -> Settings:
    given = context.config.attributes.get("settings")
    return given if isinstance(given, Settings) else settings_from_environment()


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('delta-commons-migrations'))"))
        connection.execute(text(f'SET LOCAL ROLE "{settings().role("owner")}"'))
        context.run_migrations()


async def main() -> None:
    url = settings().database_url
    if url is None:
        raise SystemExit("DATABASE_URL is not set")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


asyncio.run(main())
