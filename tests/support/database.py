"""A database whose every commit is undone at the end of the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db import Database, Session, open_with
from app.tenancy.context import VISITOR


class RolledBackDatabase(Database):
    """Same interface as the real one, on one connection inside one outer transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection

    def session(self, info: dict[Any, Any] | None = None) -> Session:
        return Session(
            self.connection,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
            info=info or {},
        )

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncConnection]:
        # The settings of the request before would still hold in the outer transaction.
        await self.connection.run_sync(lambda connection: open_with(connection, VISITOR.settings()))
        yield self.connection

    async def close(self) -> None:
        return None
