"""One request, one transaction: committed before the answer, run again when PostgreSQL asks for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from sqlalchemy import text

from app.access.entry import ATTEMPTS
from app.core.db import Database
from app.core.metrics import TRANSACTION_RETRIES
from app.settings import Settings
from tests.access.conftest import Probe, caller
from tests.support.server import administer


def retries() -> float:
    return float(TRANSACTION_RETRIES._value.get())


@pytest.fixture
async def repeatable_read(probe_settings: Settings) -> AsyncIterator[Database]:
    """A database whose transactions see one snapshot, so that a lost update is a serialization failure."""
    url = probe_settings.database_url
    assert url is not None
    where = f"ALTER ROLE {probe_settings.role('app')} IN DATABASE {url.rpartition('/')[2]}"
    await administer(url, f"{where} SET default_transaction_isolation = 'repeatable read'")
    database = Database(probe_settings.url_for("app"), pool_size=4)
    yield database
    await database.close()
    await administer(url, f"{where} RESET default_transaction_isolation")


async def test_a_serialization_failure_runs_the_request_again(
    probe_of: Callable[[Database], Awaitable[Probe]], repeatable_read: Database
) -> None:
    probe, before = await probe_of(repeatable_read), retries()
    await probe.add(1)
    answers = await asyncio.gather(probe.post("/add/1"), probe.post("/add/1"))
    assert sorted(answer.json()["attempts"] for answer in answers) == [1, 2]
    assert await probe.rows() == [(1, 2)]
    assert retries() == before + 1


async def test_a_deadlock_runs_its_victim_again(probe: Probe) -> None:
    before = retries()
    await probe.add(1, 2)
    answers = await asyncio.gather(probe.post("/touch/1/2"), probe.post("/touch/2/1"))
    assert sorted(answer.json()["attempts"] for answer in answers) == [1, 2]
    assert await probe.rows() == [(1, 2), (2, 2)]
    assert retries() == before + 1


async def upload(probe: Probe, times: int, **headers: str) -> httpx2.Response:
    return await probe.client.post(
        f"/api/v1/probe/fails-first/{times}?note=n",
        files={"file": ("a.csv", b"1234567")},
        data={"more": "text"},
        headers=headers,
    )


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "k"}])
async def test_an_upload_is_read_from_its_start_at_each_attempt(
    probe: Probe, headers: dict[str, str]
) -> None:
    answer = await upload(probe, 2, **headers, **{"x-caller": caller()})
    assert answer.json() == {"attempts": 3, "bytes": 7, "note": "n"}


async def test_after_the_last_attempt_the_caller_is_told_to_come_back(probe: Probe) -> None:
    assert (await upload(probe, ATTEMPTS - 1)).json()["attempts"] == ATTEMPTS
    answer = await upload(probe, ATTEMPTS)
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"
    assert answer.headers["retry-after"] == "1"


async def test_what_fails_at_commit_is_not_answered_as_done(probe: Probe) -> None:
    assert (await probe.post("/rows", {"id": 1, "twin": 7})).status_code == 201
    refused = await probe.post("/rows", {"id": 2, "twin": 7})
    assert refused.status_code == 409
    assert refused.json()["detail"] == "已有一行"
    unforeseen = await probe.post("/rows", {"id": 3, "parent": 99})
    assert unforeseen.status_code == 500
    assert unforeseen.json()["code"] == "internal_error"
    assert await probe.rows() == [(1, 0)]


async def test_the_row_is_there_when_the_answer_is(probe: Probe) -> None:
    """Asked on another connection, at the moment the first byte of the answer is sent."""
    seen: list[list[tuple[int, int]]] = []
    original = probe.app.router.__class__.__call__

    async def watching(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
        async def sending(message) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
            if message["type"] == "http.response.start":
                seen.append(await probe.rows())
            await send(message)

        await original(self, scope, receive, sending)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe.app.router.__class__, "__call__", watching)
        await probe.post("/rows", {"id": 5})
    assert seen == [[(5, 0)]]


@pytest.mark.parametrize("path", ["/refused-after-insert", "/answers-a-refusal"])
async def test_a_refusal_stores_nothing(probe: Probe, path: str) -> None:
    answer = await probe.post(path, {"id": 1})
    assert answer.status_code in {409, 422}
    assert await probe.rows() == []


async def test_a_get_cannot_write(probe: Probe) -> None:
    await probe.add(1)
    assert (await probe.get("/writes-on-get")).status_code == 500
    assert await probe.rows() == [(1, 0)]
    assert (await probe.get("/rows/1")).json() == {"id": 1, "label": "行", "amount": 0}


async def test_a_handler_without_session_opens_none(probe: Probe) -> None:
    probe.app.state.database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    assert (await probe.get("/asks-nobody")).json() == {"status": "ok"}
    assert (await probe.get("/judged/true")).json() == "ok"
    away = await probe.get("/rows/1")
    assert away.status_code == 503
    assert away.json()["code"] == "unavailable"


async def test_a_full_pool_is_answered_503(probe_settings: Settings, probe: Probe) -> None:
    small = probe.app.state.database = Database(probe_settings.url_for("app"), pool_size=1, pool_seconds=0.05)
    async with small.engine.connect():
        assert (await probe.get("/rows/1")).status_code == 503
    await small.close()


async def test_a_lost_connection_is_answered_503_once(probe_settings: Settings, probe: Probe) -> None:
    await probe.add(1)
    single = probe.app.state.database = Database(probe_settings.url_for("app"), pool_size=1)
    async with single.statements() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
    assert probe_settings.database_url is not None
    await administer(probe_settings.database_url, f"SELECT pg_terminate_backend({pid})")
    answers = [(await probe.get("/rows/1")).status_code for _ in range(3)]
    await single.close()
    assert answers == [503, 200, 200]


async def test_nothing_of_one_caller_is_left_for_the_next(probe_settings: Settings, probe: Probe) -> None:
    probe.app.state.database = Database(probe_settings.url_for("app"), pool_size=1)
    await probe.add(1)
    await probe.get("/rows/1", x_caller=caller("330000"))
    async with probe.app.state.database.statements() as connection:
        assert await connection.scalar(text("SELECT current_setting('app.tenant_id', true)")) == ""
    await probe.app.state.database.close()
