"""The database roles: made once, harmless to repeat, and each as weak as it can be."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from app.settings import Settings
from app.tenancy import roles
from tests.support.server import administer, on, settings_for


@pytest.fixture
async def own(server: str) -> AsyncIterator[Settings]:
    """Settings of an empty database with role names nobody else has."""
    name = f"roles_{uuid4().hex[:12]}"
    await administer(server, f"CREATE DATABASE {name}")
    settings = settings_for(on(server, name)).model_copy(update={"database_roles": name})
    yield settings
    await administer(
        server,
        f"DROP DATABASE {name} WITH (FORCE)",
        *(f"DROP ROLE IF EXISTS {settings.role(role)}" for role in roles.NAMES),
    )


async def attributes(settings: Settings) -> dict[str, tuple[bool, ...]]:
    assert settings.database_url is not None
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    found = await connection.fetch(
        "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication "
        "FROM pg_roles WHERE rolname = ANY($1)",
        [settings.role(name) for name in roles.NAMES],
    )
    await connection.close()
    return {row[0].removeprefix(f"{settings.database_roles}_"): tuple(row)[1:] for row in found}


async def test_roles_are_made_once_even_at_the_same_time(own: Settings) -> None:
    await asyncio.gather(*(roles.ensure(own) for _ in range(3)))
    await roles.ensure(own)
    assert await attributes(own) == {
        "owner": (False, False),
        "app": (True, False),
        "reader": (True, False),
        "login": (False, False),
        "broker": (False, False),
    }


async def test_a_new_secret_is_a_new_password(own: Settings) -> None:
    await roles.ensure(own)
    changed = own.model_copy(update={"secret_key": type(own.secret_key)("another secret " * 3)})
    await roles.ensure(changed)
    connection = await asyncpg.connect(changed.url_for("app").replace("+asyncpg", ""))
    await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(own.url_for("app").replace("+asyncpg", ""))


async def test_functions_made_later_are_nobodys_to_call(own: Settings) -> None:
    """A default privilege of one schema cannot take away what every schema's default gives."""
    await roles.ensure(own)
    assert own.database_url is not None
    owner, app = own.role("owner"), own.role("app")
    await administer(
        own.database_url, f"SET ROLE {owner}; CREATE FUNCTION public.f() RETURNS int LANGUAGE sql RETURN 1"
    )
    connection = await asyncpg.connect(own.url_for("app").replace("+asyncpg", ""))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetchval("SELECT public.f()")
    assert await connection.fetchval("SELECT current_user") == app
    await connection.close()


async def test_an_old_server_is_refused(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "MINIMUM_SERVER", 990000)
    with pytest.raises(ValueError, match="this server is 18"):
        await roles.ensure(own)


async def test_an_address_is_needed(own: Settings) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL"):
        await roles.ensure(own.model_copy(update={"database_url": None}))
