"""Tables' common base, and sessions: one transaction for one request or one job.

A transaction is opened with its settings (`Opening`) in a single message: SQLAlchemy begins lazily, so the settings
wait on the driver's connection and travel with BEGIN. Only `tenancy/` decides what the settings are.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol

import asyncpg
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Executable,
    MetaData,
    Result,
    ScalarResult,
    Select,
    Text,
    TextualSelect,
    bindparam,
    column,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.sql.dml import ReturningInsert

NAMING = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


class Base(DeclarativeBase):
    """Every table: text without length (CHECKs cap it), aware instants, bigint, JSONB."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
        list[str]: JSONB(none_as_null=True),
    }


class ReadSession(Protocol):
    """What a GET may do: read. The transaction behind it is READ ONLY in PostgreSQL too."""

    @property
    def info(self) -> dict[Any, Any]: ...
    async def execute(self, statement: Executable, params: Any = None, /) -> Result[Any]: ...
    async def scalar(self, statement: Executable, params: Any = None, /) -> Any: ...
    async def scalars(self, statement: Executable, params: Any = None, /) -> ScalarResult[Any]: ...


class SyncSession(OrmSession):
    """The session class that the begin listener watches."""


class Session(AsyncSession):
    """A read-write session; it is also a `ReadSession`."""

    sync_session_class = SyncSession


_SAFE_SETTING = re.compile(r"[A-Za-z0-9_.:-]*")


def settings_statement(settings: Mapping[str, str]) -> str:
    """One SELECT that applies transaction-local settings.

    Raises:
        ValueError: a name or value has a character that has no business in a setting.
    """
    calls = []
    for name, value in settings.items():
        if not (_SAFE_SETTING.fullmatch(name) and _SAFE_SETTING.fullmatch(value)):
            raise ValueError(f"unsafe setting {name}")
        calls.append(f"set_config('{name}', '{value}', true)")
    return "SELECT " + ", ".join(calls)


class _DriverConnection(asyncpg.Connection):
    """asyncpg's connection; the settings of a transaction ride along with its BEGIN."""

    opening: str | None = None

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 - asyncpg's
        if self.opening and query.startswith("BEGIN"):
            query, self.opening = f"{query} {self.opening}", None
        return str(await super().execute(query, *args, timeout=timeout))


def open_with(connection: Connection, settings: Mapping[str, str]) -> None:
    """Make `settings` hold in the transaction `connection` is in, or is about to begin."""
    statement = settings_statement(settings)
    driver = connection.connection.driver_connection
    if isinstance(driver, _DriverConnection) and not driver.is_in_transaction():
        driver.opening = statement
    else:
        connection.exec_driver_sql(statement)


def _forget_opening(connection: Any, _record: Any) -> None:
    """A session that never spoke leaves nothing behind for the next one."""
    if connection is not None:
        connection.driver_connection.opening = None


def frozen(statement: Select[*tuple[Any, ...]] | ReturningInsert[*tuple[Any, ...]]) -> TextualSelect:
    """A select, or an insert that returns, compiled once, for hot paths: building and comparing its expression tree would cost more than running it.

    Its parameters are the statement's named bindparams; lists are arrays, not IN.
    """
    dialect = asyncpg_dialect.dialect(paramstyle="named")  # type: ignore[no-untyped-call] # a class alias
    compiled = statement.compile(dialect=dialect)
    parameters = [
        bindparam(name, type_=bind.type)
        if bind.value is None
        else bindparam(name, bind.value, type_=bind.type)
        for bind, name in compiled.bind_names.items()
    ]
    columns = [column(str(selected.key), selected.type) for selected in statement.exported_columns]
    # In text() a name followed by a colon is no parameter: the casts' colons are escaped.
    return text(str(compiled).replace("::", r"\:\:")).bindparams(*parameters).columns(*columns)


class Database:
    """The engine, and the two ways to use it: a session (one transaction) or a single statement."""

    def __init__(
        self, url: str, *, pool_size: int = 10, pool_seconds: float = 10, application_name: str = "commons"
    ) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            # Overflow would open and close a connection for each request of a busy minute; waiting for one is faster.
            max_overflow=0,
            pool_timeout=pool_seconds,
            hide_parameters=True,  # an error's text goes to the log, and a person's data must not
            connect_args={
                "connection_class": _DriverConnection,
                "server_settings": {"application_name": application_name, "timezone": "UTC", "jit": "off"},
            },
        )
        event.listen(self.engine.sync_engine, "checkin", _forget_opening)

    def session(self, info: dict[Any, Any] | None = None) -> Session:
        """A new session; `info` tells the begin listener who is behind it."""
        return Session(self.engine, expire_on_commit=False, info=info or {})

    @asynccontextmanager
    async def transaction(self, info: dict[Any, Any] | None = None) -> AsyncIterator[Session]:
        """A session that commits at the end, or rolls back on any error."""
        async with self.session(info) as session, session.begin():
            yield session

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which each statement is its own transaction, without any tenant."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()
