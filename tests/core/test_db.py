"""Sessions on real PostgreSQL: what travels, what holds inside a transaction, what never outlives it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, literal_column, select, text
from sqlalchemy.exc import DBAPIError

from app.core.db import Database, Session, open_with, settings_statement
from app.core.errors import sqlstate
from app.settings import Settings
from app.tenancy.context import TenantContext

ME = uuid4()
CONTEXT = TenantContext("330000", ME)
STATE = text(
    "SELECT current_setting('app.tenant_id', true) AS tenant, current_setting('app.caller_id', true) AS caller, "
    "current_user AS role, current_setting('transaction_read_only') AS read_only"
)


@pytest.fixture
async def single(worker_settings: Settings) -> AsyncIterator[Database]:
    """A database with one connection, so that every session is the next user of the same one."""
    database = Database(worker_settings.url_for("app"), pool_size=1)
    yield database
    await database.close()


async def watched(database: Database) -> list[str]:
    """Every message its one connection sends from now on."""
    sent: list[str] = []
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        driver.add_query_logger(lambda record: sent.append(record.query))
    event.listen(database.engine.sync_engine, "after_cursor_execute", lambda *call: sent.append(call[2]))
    return sent


async def state_of(session: Session) -> tuple[Any, ...]:
    return tuple((await session.execute(STATE)).one())


async def test_settings_travel_with_begin_in_one_message(single: Database) -> None:
    sent = await watched(single)
    async with single.transaction(CONTEXT.info()) as session:
        assert await session.scalar(text("SELECT 1")) == 1
    assert sent == [
        f"BEGIN; {settings_statement(CONTEXT.settings())}",
        "SELECT 1",
        "COMMIT;",
    ]


def test_the_settings_of_a_context() -> None:
    assert settings_statement(CONTEXT.settings()) == (
        "SELECT set_config('app.tenant_id', '330000', true), "
        f"set_config('app.caller_id', '{ME}', true), set_config('role', 'none', true)"
    )


async def test_a_session_that_asks_nothing_sends_nothing(single: Database) -> None:
    sent = await watched(single)
    async with single.transaction(CONTEXT.info()):
        pass
    async with single.session(CONTEXT.info()) as session:
        await session.connection()
    assert sent == []


async def test_a_statement_alone_is_one_message(single: Database) -> None:
    sent = await watched(single)
    async with single.statements() as connection:
        assert await connection.scalar(text("SELECT 2")) == 2
    assert sent == ["SELECT 2"]


async def test_each_session_has_its_own_settings_only(single: Database, worker_settings: Settings) -> None:
    app, login = worker_settings.role("app"), worker_settings.role("login")
    async with single.transaction(CONTEXT.info()) as session:
        assert await state_of(session) == ("330000", str(ME), app, "off")
    async with single.transaction() as session:
        assert await state_of(session) == ("", "", app, "off")
    async with single.transaction(TenantContext(role=login).info()) as session:
        assert await state_of(session) == ("", "", login, "off")
    async with single.transaction(TenantContext("310000", read_only=True).info()) as session:
        assert await state_of(session) == ("310000", "", app, "on")
    async with single.statements() as connection:
        assert tuple((await connection.execute(STATE)).one()) == ("", "", app, "off")


async def test_settings_of_a_session_that_never_spoke_are_forgotten(single: Database) -> None:
    async with single.session(CONTEXT.info()) as session:
        await session.connection()
    async with single.engine.connect() as connection:
        assert (await connection.execute(STATE)).one().tenant in {None, ""}


async def test_settings_do_not_outlive_an_error(single: Database) -> None:
    with pytest.raises(DBAPIError):
        async with single.transaction(CONTEXT.info()) as session:
            await session.execute(text("SELECT 1/0"))
    async with single.engine.connect() as connection:
        assert (await connection.execute(STATE)).one().tenant == ""


async def test_a_broken_connection_is_replaced(single: Database) -> None:
    async with single.engine.connect() as connection:
        await connection.invalidate()
    async with single.transaction(CONTEXT.info()) as session:
        assert (await state_of(session))[0] == "330000"


async def test_a_session_used_again_opens_with_its_settings_again(single: Database) -> None:
    async with single.session(CONTEXT.info()) as session:
        for end in (session.commit, session.rollback, session.commit):
            assert (await state_of(session))[0] == "330000"
            await end()


async def test_a_savepoint_opens_nothing(single: Database) -> None:
    sent = await watched(single)
    async with single.transaction(CONTEXT.info()) as session:
        async with session.begin_nested():
            assert (await state_of(session))[0] == "330000"
        with pytest.raises(DBAPIError):
            async with session.begin_nested():
                await session.execute(text("SELECT 1/0"))
        assert (await state_of(session))[0] == "330000"
    assert sum("set_config" in message for message in sent) == 1


async def test_settings_reach_a_transaction_that_is_already_open(single: Database) -> None:
    async with single.engine.begin() as connection:
        await connection.execute(text("SELECT 1"))
        await connection.run_sync(lambda sync: open_with(sync, CONTEXT.settings()))
        assert (await connection.execute(STATE)).one().tenant == "330000"


async def test_a_read_session_cannot_write(single: Database) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with single.transaction(TenantContext("330000", ME, read_only=True).info()) as session:
            await session.execute(text("UPDATE journal_event SET kind = kind"))
    assert sqlstate(refused.value) == "25006"


async def test_a_read_session_cannot_be_made_to_write(single: Database) -> None:
    async with single.session(TenantContext("330000", ME, read_only=True).info()) as session:
        await session.scalar(select(literal_column("1")))
        with pytest.raises(DBAPIError) as refused:
            await session.execute(text("SET TRANSACTION READ WRITE"))
    assert sqlstate(refused.value) == "25001"


async def test_errors_do_not_show_what_was_typed(single: Database) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with single.transaction() as session:
            await session.execute(text("SELECT CAST(:typed AS text), 1/0"), {"typed": "身份证号码"})
    assert "身份证号码" not in str(refused.value)


@pytest.mark.parametrize(
    "settings",
    [{"app.tenant_id": "x'); DROP TABLE province; --"}, {"app.x'": "1"}, {"a": "上海"}, {"a": "1\n"}],
)
def test_a_setting_that_could_be_sql_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="unsafe setting"):
        settings_statement(settings)
