"""The tests' PostgreSQL: an embedded server in memory, one migrated template, cheap copies of it."""

import asyncio
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config

from app.access.limits.policies import POLICIES
from app.codes.commands import load_builtin
from app.demo import seed
from app.launch.postgres import running
from app.settings import Settings
from app.tenancy import roles

ROOT = Path(__file__).parents[2]
TEMPLATE = "commons_test_template"
DEMO_TEMPLATE = "commons_test_demo"
SECRET = "tests-only-secret-0123456789abcdefghijklmnopqrstuvwxyz"


NO_LIMITS = {policy.name: "off" for policy in POLICIES}
"""Tests are faster than anybody; those of the limits set their own."""


def run_folder() -> Path:
    """The folder of this run's server, shared by the run's processes and removed at its end."""
    memory = Path("/dev/shm")
    base = memory if memory.is_dir() and os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    return base / f"commons-tests-{os.environ['COMMONS_TEST_RUN']}"


@contextmanager
def test_server() -> Iterator[str]:
    """The administrator's URL of a server for this run: DATABASE_URL when given, else an embedded one."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    with running(run_folder() / "postgres", durable=False) as url:
        yield url


def on(url: str, name: str) -> str:
    """The same server's URL of another database."""
    return f"{url.rpartition('/')[0]}/{name}"


def settings_for(url: str) -> Settings:
    return Settings(
        database_url=url,
        app_database_url=None,
        database_roles="commons_test",
        secret_key=SECRET,
        base_url="http://testserver",
        environment="development",
        database_pool_size=5,
        rate_limits=NO_LIMITS,
    )


async def administer(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def exists(url: str, name: str) -> bool:
    connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
    try:
        return bool(
            await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name)
        )
    finally:
        await connection.close()


def alembic_config(settings: Settings) -> Config:
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["settings"] = settings
    return config


def migrated(settings: Settings) -> None:
    """Roles, tables and built-in reference data, as `commons migrate` makes them."""
    asyncio.run(roles.ensure(settings))
    command.upgrade(alembic_config(settings), "head")
    asyncio.run(load_builtin(settings))


@contextmanager
def alone(name: str) -> Iterator[None]:
    """One of this run's processes at a time."""
    folder = run_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        yield


def ensure_template(url: str) -> None:
    """Make the migrated template once a run."""
    with alone("template"):
        if not asyncio.run(exists(url, TEMPLATE)):
            asyncio.run(administer(url, f"CREATE DATABASE {TEMPLATE}_building"))
            migrated(settings_for(on(url, f"{TEMPLATE}_building")))
            asyncio.run(administer(url, f"ALTER DATABASE {TEMPLATE}_building RENAME TO {TEMPLATE}"))


def ensure_demo_template(url: str) -> None:
    """Make the template with the demonstration in it once a run."""
    with alone("demo"):
        if not asyncio.run(exists(url, DEMO_TEMPLATE)):
            asyncio.run(copy_template(url, f"{DEMO_TEMPLATE}_building"))
            asyncio.run(seed.load(settings_for(on(url, f"{DEMO_TEMPLATE}_building"))))
            asyncio.run(administer(url, f"ALTER DATABASE {DEMO_TEMPLATE}_building RENAME TO {DEMO_TEMPLATE}"))


async def copy_template(url: str, name: str, template: str = TEMPLATE) -> None:
    await administer(
        url,
        f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
        f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy",
    )
