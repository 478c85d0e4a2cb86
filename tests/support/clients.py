"""Browsers of test people, and what they make the database do."""

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db import Database
from app.settings import Settings
from tests.support.people import TWO_FACTORS, make_person, sign_in


@dataclass
class Clients:
    """Makes people and gives each a signed-in client."""

    app: FastAPI
    database: Database
    settings: Settings
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def of(
        self, tenant_id: str, *, methods: Collection[str] = TWO_FACTORS, **values: Any
    ) -> httpx2.AsyncClient:
        """The client of a new person who signed in by `methods`; `values` as `make_person` takes them."""
        person = await make_person(self.database, self.settings, tenant_id=tenant_id, **values)
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
        await sign_in(client, self.app, person, methods)
        return await self._open.enter_async_context(client)


@asynccontextmanager
async def clients_of(app: FastAPI) -> AsyncIterator[Clients]:
    clients = Clients(app, app.state.database, app.state.settings)
    async with clients._open:
        yield clients


BOOKKEEPING = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT set_config")
"""Said by the tests' nested transactions; in production the settings ride along with BEGIN."""


@contextmanager
def statements_on(connection: AsyncConnection) -> Iterator[list[str]]:
    """The statements executed meanwhile, in order."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().startswith(BOOKKEEPING):
            seen.append(statement)

    event.listen(connection.sync_connection, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(connection.sync_connection, "before_cursor_execute", note)
