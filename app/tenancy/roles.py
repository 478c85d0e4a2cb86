"""The database roles: an owner, the application, a reader, the sign-in code and the broker.

The application's login owns nothing and cannot bypass row-level security. `login` may read the accounts of all provinces
and nothing else; the application takes it on (`SET ROLE`) only in the sign-in code, and does not inherit it. `broker`
owns the few SECURITY DEFINER functions that cross provinces.
"""

import asyncpg

from app.settings import Settings

NAMES = ("owner", "app", "reader", "login", "broker")
LOGINS = ("app", "reader")
MINIMUM_SERVER = 180000


async def ensure(settings: Settings) -> None:
    """Make the roles and their grants on the database; safe to repeat, also at the same time.

    Raises:
        ValueError: DATABASE_URL is missing, or the server is older than PostgreSQL 18.
    """
    if not settings.database_url:
        raise ValueError("DATABASE_URL is not set")
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", "", 1))
    try:
        version = int(await connection.fetchval("SHOW server_version_num"))
        if version < MINIMUM_SERVER:
            raise ValueError(f"PostgreSQL 18 or newer is needed; this server is {version // 10000}")
        async with connection.transaction():
            # Two migrations of this database at once would collide on them.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('delta-commons-roles'))")
            for statement in [
                *_role_statements(settings, await _existing(connection, settings)),
                *_grants(settings),
            ]:
                await connection.execute(statement)
    finally:
        await connection.close()


async def _existing(connection: asyncpg.Connection, settings: Settings) -> set[str]:
    names = [settings.role(name) for name in NAMES]
    rows = await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)", names)
    return {row["rolname"] for row in rows}


def _role_statements(settings: Settings, existing: set[str]) -> list[str]:
    statements = []
    for name in NAMES:
        role = settings.role(name)
        if role not in existing:
            statements.append(f'CREATE ROLE "{role}" NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOLOGIN')
        if name in LOGINS:
            statements.append(f"ALTER ROLE \"{role}\" LOGIN PASSWORD '{settings.role_password(name)}'")
    return statements


def _grants(settings: Settings) -> list[str]:
    owner, app, reader, login, broker = (f'"{settings.role(name)}"' for name in NAMES)
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
    return [
        f"GRANT {owner} TO CURRENT_USER",
        f"GRANT {broker} TO {owner}",
        f"GRANT {login} TO {app} WITH INHERIT FALSE, SET TRUE",
        f"GRANT ALL ON SCHEMA public TO {owner}",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {broker}",
        f"GRANT USAGE ON SCHEMA public TO {app}, {reader}, {login}",
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        f"DO $$ BEGIN EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO {owner}', current_database()); END $$",
        f"{defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        f"{defaults} GRANT USAGE ON SEQUENCES TO {app}",
        f"{defaults} GRANT SELECT ON TABLES TO {reader}",
        # Said for every schema: what a schema's own default takes away, the general one would still give.
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE ON SCHEMAS TO {app}",
    ]
