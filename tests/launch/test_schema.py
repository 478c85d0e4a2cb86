"""`commons migrate` on an embedded server of its own."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from app.core import revisions
from app.launch import schema
from app.launch.errors import LaunchError
from app.launch.postgres import running
from app.settings import Settings

ROOT = Path(__file__).parents[2]
SECRET = "tests-only-secret-0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def administrator() -> Iterator[str]:
    folder = Path(f"/dev/shm/commons-schema-{os.getpid()}")
    with running(folder, durable=False) as url:
        yield url
    shutil.rmtree(folder)


def test_newest_migration_is_alembics() -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    assert revisions.head() == scripts.get_current_head()
    assert revisions.known() == {script.revision for script in scripts.walk_revisions()}


def settings(url: str | None) -> Settings:
    return Settings.model_validate({"database_url": url, "app_database_url": None, "secret_key": SECRET})


def query(url: str, statement: str) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_makes_roles_and_tables_and_may_be_repeated(administrator: str) -> None:
    url = asyncio.run(schema.create_database(administrator, "made"))
    assert asyncio.run(schema.create_database(administrator, "made")) == url
    for _ in range(2):
        schema.upgrade(settings(url))
        assert (
            query(settings(url).url_for("app"), "SELECT version_num FROM alembic_version") == revisions.head()
        )
    assert query(settings(url).url_for("app"), "SELECT current_user") == "commons_app"


def test_schema_of_a_newer_version_is_left_alone(administrator: str) -> None:
    url = asyncio.run(schema.create_database(administrator, "newer"))
    query(url, "CREATE TABLE alembic_version AS SELECT '9999' AS version_num")
    with pytest.raises(LaunchError, match=r"更新版本的平台.*schema 9999\) belongs to a newer version"):
        schema.upgrade(settings(url))
    assert query(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 1


def test_wrong_addresses_are_named_without_the_password(administrator: str) -> None:
    wrong = {
        "refuses the login": administrator.replace("postgres:", "postgres:not-", 1),
        "no such database": f"{administrator.rpartition('/')[0]}/absent",
        "cannot be reached": "postgresql+asyncpg://postgres:secret@127.0.0.1:1/commons",
    }
    for said, url in wrong.items():
        with pytest.raises(LaunchError, match=said) as caught:
            schema.upgrade(settings(url))
        assert url.partition("postgres:")[2].partition("@")[0] not in str(caught.value)
    with pytest.raises(LaunchError, match="DATABASE_URL is not set"):
        schema.upgrade(settings(None))


def test_command_says_one_line_and_exits_with_one() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    result = subprocess.run(
        [sys.executable, "-m", "app.cli", "migrate"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr == "commons: 未设置 DATABASE_URL / DATABASE_URL is not set\n"


def test_address_without_a_driver_works() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+asyncpg"):
        given = settings(f"{scheme}://postgres:secret@db:5432/commons")
        assert given.database_url == "postgresql+asyncpg://postgres:secret@db:5432/commons"
