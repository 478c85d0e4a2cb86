"""The application with probing endpoints, on a database with real commits."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from tests.access import probes
from tests.support.server import administer, copy_template, on, settings_for


@dataclass
class Probe:
    """The probing endpoints and their table."""

    app: FastAPI
    client: httpx2.AsyncClient
    database: Database

    async def rows(self) -> list[tuple[int, int]]:
        """Id and amount of every row."""
        async with self.database.statements() as connection:
            found = await connection.execute(text("SELECT id, amount FROM probe ORDER BY id"))
            return [tuple(row) for row in found]

    async def add(self, *ids: int) -> None:
        async with self.database.transaction() as session:
            for id_ in ids:
                await probes.insert_row(session, probes.RowIn(id=id_))

    async def post(self, path: str, json: Any = None, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(f"/api/v1/probe{path}", json=json, headers=named)

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(f"/api/v1/probe{path}", headers=named)


def caller(tenant_id: str = "330000", id_: UUID | None = None, **values: Any) -> str:
    """The header that names a caller."""
    return json.dumps({"id": str(id_ or uuid4()), "tenant_id": tenant_id} | values)


@pytest.fixture(scope="session")
async def probe_settings(server: str, worker_id: str) -> Settings:
    name = f"commons_test_probe_{worker_id}"
    await copy_template(server, name)
    settings = settings_for(on(server, name))
    app, owner = settings.role("app"), settings.role("owner")
    await administer(
        on(server, name),
        f"SET ROLE {owner}; {probes.TABLES}; RESET ROLE",
        f"ALTER ROLE {app} IN DATABASE {name} SET deadlock_timeout = '20ms'",
    )
    return settings


@pytest.fixture(scope="session")
async def probe_database(probe_settings: Settings) -> AsyncIterator[Database]:
    database = Database(probe_settings.url_for("app"), pool_size=10)
    yield database
    await database.close()


@pytest.fixture
async def probe_of(probe_settings: Settings) -> AsyncIterator[Callable[[Database], Awaitable[Probe]]]:
    """The probe on a database of the test's choice, with an empty table."""
    clients: list[httpx2.AsyncClient] = []

    async def make(database: Database) -> Probe:
        app = create_app(probe_settings, database)
        app.include_router(probes.router)
        app.state.authenticate = probes.by_header
        app.state.barrier = asyncio.Barrier(2)
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
        clients.append(client)
        async with database.statements() as connection:
            await connection.execute(text("DELETE FROM probe"))
        return Probe(app, client, database)

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
async def probe(probe_of: Callable[[Database], Awaitable[Probe]], probe_database: Database) -> Probe:
    return await probe_of(probe_database)
