"""Two of the last who answer for something leave at the same moment: one of them stays. With real commits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from app.access.permissions import Role
from app.core.db import Database
from app.identity.contacts import closing
from app.identity.context import sign_in_context
from app.main import create_app
from app.settings import Settings
from tests.support.oauth import as_sign_in, journal
from tests.support.people import make_person, sign_in
from tests.support.places import make_organisation

ANHUI = "340000"
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def wants_to_leave(
    database: Database, settings: Settings, *, admin: bool = False, manages: UUID | None = None
) -> UUID:
    """Somebody whose week is over; their account."""
    person = await make_person(
        database,
        settings,
        tenant_id=ANHUI,
        roles=[Role.PROVINCE_ADMIN] if admin else [],
        organisations={manages: Role.MANAGER} if manages else {},
    )
    asked = (
        "INSERT INTO account_closing (tenant_id, account_id, closes_at) VALUES (:t, :a, clock_timestamp())"
    )
    await as_sign_in(database, settings, asked, t=ANHUI, a=person.id)
    return person.id


async def waiting(database: Database, number: int) -> None:
    """Until so many connections wait for a lock."""
    async with asyncio.timeout(10), database.statements() as connection:
        while (await connection.execute(WAITING)).scalar_one() < number:  # noqa: ASYNC110 - of PostgreSQL
            await asyncio.sleep(0.02)


@asynccontextmanager
async def held(database: Database, settings: Settings, table: str) -> AsyncIterator[None]:
    """The rows of a table are held, as by an appointment under way."""
    async with database.transaction(sign_in_context(settings).info()) as session:
        await session.execute(text(f"SELECT FROM {table} FOR UPDATE"))
        yield


async def active(database: Database, settings: Settings, *ids: UUID) -> int:
    found = "SELECT count(*) FROM account WHERE status = 'active' AND id = ANY(:ids)"
    return int(await as_sign_in(database, settings, found, ids=list(ids)))


@pytest.mark.parametrize("office", ["role_grant", "membership"])
async def test_one_of_two_stays(fresh_database: Database, fresh_settings: Settings, office: str) -> None:
    database, settings = fresh_database, fresh_settings
    lab = await make_organisation(database, ANHUI) if office == "membership" else None
    both = [await wants_to_leave(database, settings, admin=lab is None, manages=lab) for _ in range(2)]
    async with held(database, settings, office):
        closings = [asyncio.create_task(closing.close(database, settings, ANHUI, one)) for one in both]
        await waiting(database, 2)
    await asyncio.gather(*closings)
    assert await active(database, settings, *both) == 1
    assert await as_sign_in(database, settings, "SELECT count(*) FROM account_closing") == 0
    kinds = await journal(database, ANHUI)
    assert (kinds.count("account.closed"), kinds.count("account.closing_undone")) == (1, 1)


async def test_a_manager_does_not_leave_while_the_other_one_s_account_ends(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    database, settings = fresh_database, fresh_settings
    app = create_app(settings, database)
    lab = await make_organisation(database, ANHUI)
    first = await wants_to_leave(database, settings, manages=lab)
    other = await make_person(
        database, settings, tenant_id=ANHUI, organisations={lab: Role.MANAGER}, name="另一位"
    )
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as browser:
        await sign_in(browser, app, other)
        async with held(database, settings, "membership"):
            ending: Awaitable[None] = asyncio.create_task(closing.close(database, settings, ANHUI, first))
            await waiting(database, 1)
            leaving = asyncio.create_task(browser.post(f"/api/v1/organisations/{lab}/leave"))
            await waiting(database, 2)
        await ending
        answer = await leaving
    assert (answer.status_code, answer.json()["code"]) == (409, "identity.last_manager")
    assert await active(database, settings, first, other.id) == 1
