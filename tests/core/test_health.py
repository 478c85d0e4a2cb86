"""Is the process up, is the platform ready, and who may see the figures."""

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from app.core import revisions
from app.core.db import Database
from app.main import create_app
from app.settings import Settings

HEARTBEAT = text(
    "INSERT INTO worker_heartbeat (worker_id, seen_at) "
    "VALUES (uuidv7(), clock_timestamp() - make_interval(secs => :age))"
)


@pytest.fixture
async def without_heartbeat(database: Database) -> Database:
    async with database.statements() as connection:
        await connection.execute(text("DELETE FROM worker_heartbeat"))
    return database


async def beat(database: Database, age: float) -> None:
    async with database.statements() as connection:
        await connection.execute(HEARTBEAT, {"age": age})


async def test_the_process_answers_without_a_database(settings: Settings) -> None:
    app = create_app(settings, Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"))
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"] == {"database": False, "migrations": False, "worker": False}
        page = await client.get("/nothing", headers={"accept": "text/html"})
        assert page.status_code == 404


async def test_ready(client: httpx2.AsyncClient, without_heartbeat: Database) -> None:
    await beat(without_heartbeat, 5)
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": True, "migrations": True, "worker": True},
    }


async def test_a_silent_worker_is_not_ready(client: httpx2.AsyncClient, without_heartbeat: Database) -> None:
    await beat(without_heartbeat, 31)
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"
    assert answer.json()["checks"] == {"database": True, "migrations": True, "worker": False}


async def test_another_revision_is_not_ready(
    client: httpx2.AsyncClient, without_heartbeat: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await beat(without_heartbeat, 0)
    monkeypatch.setattr(revisions, "head", lambda: "9999")
    assert (await client.get("/readyz")).json()["checks"]["migrations"] is False


@pytest.fixture
def guarded(settings: Settings, database: Database) -> FastAPI:
    return create_app(settings.model_copy(update={"metrics_token": SecretStr("a token")}), database)


async def status(app: FastAPI, host: str, token: str | None) -> int:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False, client=(host, 1))
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return (await client.get("/metrics", headers=headers)).status_code


async def test_figures_are_for_this_machine(app: FastAPI, client: httpx2.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "commons_request_seconds_bucket" in answer.text
    assert "commons_transaction_retries_total" in answer.text
    assert await status(app, "127.0.0.1", None) == 200
    assert await status(app, "10.0.0.1", None) == 404
    assert await status(app, "10.0.0.1", "a token") == 404


async def test_or_for_a_bearer_of_the_token(guarded: FastAPI) -> None:
    assert await status(guarded, "10.0.0.1", "a token") == 200
    assert await status(guarded, "10.0.0.1", "another") == 404
    assert await status(guarded, "127.0.0.1", None) == 404
