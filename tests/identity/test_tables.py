"""Who sees the tables of identity: the application no secrets, the sign-in code no business."""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.access.permissions import Role
from app.core.db import Database
from app.identity.context import sign_in_context
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.oauth import as_sign_in
from tests.support.people import make_person

SECRETS = (
    "local_credential",
    "external_identity",
    "login_attempt",
    "oauth_code",
    "refresh_token",
    "signing_key",
    "pushed_request",
    "device_code",
)
OWN = ("account", "role_grant", "identity_provider", "oauth_client")


async def rows(database: Database, context: TenantContext, table: str) -> int:
    async with database.transaction(context.info()) as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_the_application_sees_no_secrets(database: Database, settings: Settings) -> None:
    person = await make_person(database, settings, login_name="shen.zhixing")
    assert await as_sign_in(database, settings, "SELECT count(*) FROM local_credential") == 1
    for table in SECRETS:
        assert await rows(database, TenantContext("310000", person.id), table) == 0


async def test_a_province_sees_its_own_people_only(database: Database, settings: Settings) -> None:
    await make_person(database, settings, roles=[Role.AUDITOR])
    for table in OWN:
        # The platform's command line is registered in the first province, for all.
        own = 2 if table == "oauth_client" else 1
        assert await rows(database, TenantContext("310000"), table) == own
        assert await rows(database, TenantContext(), table) == 0
    for table in ("account", "role_grant"):
        assert await rows(database, TenantContext("320000"), table) == 0


async def test_a_person_sees_their_own_sessions_only(database: Database, settings: Settings) -> None:
    person, neighbour = await make_person(database, settings), await make_person(database, settings)
    for someone in (person, neighbour):
        await as_sign_in(
            database,
            settings,
            """
            INSERT INTO browser_session (tenant_id, account_id, digest, expires_at, user_agent, address)
            VALUES ('310000', :id, CAST(:id AS uuid)::text::bytea, clock_timestamp() + interval '1 day', '', '')
            """,
            id=someone.id,
        )
    assert await rows(database, TenantContext("310000", person.id), "browser_session") == 1
    assert await rows(database, TenantContext("310000"), "browser_session") == 0
    assert await rows(database, TenantContext("320000", person.id), "browser_session") == 0


@pytest.mark.parametrize(
    "table", ["organisation_application", "booking", "instrument", "journal_event", "idempotency_key"]
)
async def test_the_sign_in_code_reads_no_business(database: Database, settings: Settings, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        await rows(database, sign_in_context(settings), table)


async def test_the_reader_sees_nobody(database: Database, settings: Settings) -> None:
    reader = await asyncpg.connect(settings.url_for("reader").replace("+asyncpg", "", 1))
    try:
        for table in (*SECRETS, *OWN, "browser_session", "oauth_grant", "membership"):
            assert await reader.fetchval(f"SELECT count(*) FROM {table}") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch("SELECT * FROM identity_principal_of_grant(uuidv7())")
    finally:
        await reader.close()
