"""Brings a database to this checkout's schema, and refuses one that is already past it."""

import asyncio
from urllib.parse import urlsplit

import asyncpg

from app.codes.commands import load_builtin
from app.core import revisions
from app.launch.bootstrap import ROOT
from app.launch.errors import LaunchError, plain_database_errors
from app.settings import Settings
from app.tenancy import roles


def upgrade(settings: Settings) -> None:
    """Make the roles, run missing migrations, load the built-in code lists; needs the administrator's DATABASE_URL.

    Raises:
        LaunchError: DATABASE_URL is missing or does not work, the server is older than PostgreSQL 18, or the schema is newer.
    """
    if settings.database_url is None:
        raise LaunchError("未设置 DATABASE_URL", "DATABASE_URL is not set")
    with plain_database_errors(where := describe(settings.database_url)):
        revision = asyncio.run(_revision(settings.database_url))
        _refuse_newer(revision, where)
        try:
            asyncio.run(roles.ensure(settings))
        except ValueError as error:
            raise LaunchError(f"需要 PostgreSQL 18 或更高版本：{where}", f"{error}: {where}") from error
        if revision != revisions.head():
            _migrate(settings)
        asyncio.run(load_builtin(settings))


def _migrate(settings: Settings) -> None:
    from alembic import command  # noqa: PLC0415 - a database that is up to date need not wait for Alembic
    from alembic.config import Config  # noqa: PLC0415

    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.attributes["settings"] = settings
    command.upgrade(config, "head")


def describe(url: str) -> str:
    """A database's address without its password."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"


async def create_database(url: str, name: str) -> str:
    """Make the database `name` on the server at `url` unless it is there; returns its own URL."""
    connection = await asyncpg.connect(_driver_url(url))
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return f"{url.rpartition('/')[0]}/{name}"


async def _revision(url: str) -> str | None:
    connection = await asyncpg.connect(_driver_url(url))
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return revision
    finally:
        await connection.close()


def _refuse_newer(revision: str | None, where: str) -> None:
    if revision is None or revision in revisions.known():
        return
    raise LaunchError(
        f"数据（{where}，结构版本 {revision}）属于更新版本的平台；请更新程序，或换一个数据目录（--data）",
        f"the data ({where}, schema {revision}) belongs to a newer version; update the program or use another --data",
    )


def _driver_url(url: str) -> str:
    return url.replace("+asyncpg", "", 1)
