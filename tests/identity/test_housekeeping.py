"""What no longer signs anyone in is forgotten."""

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity.jobs import trim
from app.jobs.public import Job
from app.settings import Settings
from tests.support.oauth import Pkce, allow, as_sign_in, make_client, redeem
from tests.support.people import make_person, sign_in

TABLES = ("browser_session", "oauth_code", "oauth_grant", "refresh_token", "login_attempt")
AGE = {
    "browser_session": "expires_at = clock_timestamp() - interval '31 days'",
    "oauth_code": "expires_at = clock_timestamp() - interval '25 hours'",
    "refresh_token": "expires_at = clock_timestamp() - interval '25 hours'",
    "oauth_grant": "expires_at = clock_timestamp() - interval '25 hours'",
    "login_attempt": "last_at = clock_timestamp() - interval '25 hours'",
}


async def counts(database: Database, settings: Settings) -> dict[str, int]:
    return {t: await as_sign_in(database, settings, f"SELECT count(*) FROM {t}") for t in TABLES}


@pytest.fixture
async def used(app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings) -> None:
    """One row of each kind."""
    await sign_in(client, app, await make_person(database, settings))
    web = await make_client(database, settings)
    pkce = Pkce()
    await redeem(client, web, (await allow(client, web.client_id, pkce))["code"], pkce)
    attempt = "INSERT INTO login_attempt VALUES ('\\x01', 1, clock_timestamp(), clock_timestamp())"
    await as_sign_in(database, settings, attempt)


def job(database: Database, settings: Settings) -> Job:
    return Job(1, "identity.trim", {}, 1, last_attempt=False, database=database, settings=settings)


async def test_what_is_in_use_stays(used: None, database: Database, settings: Settings) -> None:
    await trim(job(database, settings))
    assert await counts(database, settings) == dict.fromkeys(TABLES, 1)


async def test_what_has_long_expired_goes(used: None, database: Database, settings: Settings) -> None:
    for table, change in AGE.items():
        await as_sign_in(database, settings, f"UPDATE {table} SET {change}")
    await trim(job(database, settings))
    assert await counts(database, settings) == dict.fromkeys(TABLES, 0)
