"""Who a transaction is for, and how that reaches PostgreSQL."""

from uuid import uuid4

from sqlalchemy import text

from app.core.db import Database
from app.tenancy.context import VISITOR, TenantContext, context_of

ME = uuid4()
SETTING = text("SELECT current_setting('app.tenant_id', true)")


def test_every_setting_is_written_each_time() -> None:
    assert VISITOR.settings() == {"app.tenant_id": "", "app.caller_id": "", "role": "none"}
    full = TenantContext("330000", ME, "r", role="commons_login", read_only=True)
    assert full.settings() == {
        "app.tenant_id": "330000",
        "app.caller_id": str(ME),
        "role": "commons_login",
        "transaction_read_only": "on",
    }


async def test_a_session_knows_whom_it_is_for(database: Database) -> None:
    async with database.session(TenantContext("330000", ME).info()) as session:
        assert context_of(session) == TenantContext("330000", ME)
    async with database.session() as session:
        assert context_of(session) == VISITOR


async def test_a_savepoint_first_does_not_lose_the_province(database: Database) -> None:
    """SQLAlchemy begins the outer transaction only then, while the session is already in a nested one."""
    async with database.transaction(TenantContext("330000").info()) as session, session.begin_nested():
        assert await session.scalar(SETTING) == "330000"


async def test_provinces_are_public_and_nobodys(database: Database) -> None:
    async with database.transaction() as session:
        found = await session.execute(text("SELECT code, name_en FROM province ORDER BY position"))
        assert [tuple(row) for row in found] == [
            ("310000", "Shanghai"),
            ("320000", "Jiangsu"),
            ("330000", "Zhejiang"),
            ("340000", "Anhui"),
        ]
