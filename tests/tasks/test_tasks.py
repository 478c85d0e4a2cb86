"""Long work that people watch."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import Database
from app.core.errors import Conflict
from app.core.i18n import msg
from app.jobs import tasks as registry
from app.jobs.public import Job
from app.settings import Settings
from app.tasks.public import TaskRun, Watch, start, watched
from tests.support.clients import Clients, clients_of, statements_on
from tests.support.database import RolledBackDatabase
from tests.support.people import make_person, sign_in

URL = "/api/v1/tasks"
KIND = "test.count"


@pytest.fixture(autouse=True)
def own_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "TASKS", {})


@pytest.fixture
async def clients(app: FastAPI) -> AsyncIterator[Clients]:
    async with clients_of(app) as clients:
        yield clients


@pytest.fixture
async def caller(
    app: FastAPI, database: Database, settings: Settings, client: httpx2.AsyncClient
) -> Principal:
    """Who asks for the work, signed in as `client`."""
    person = await make_person(database, settings, tenant_id="330000")
    await sign_in(client, app, person)
    return Principal("person", person.id, person.tenant_id)


async def started(database: Database, caller: Principal) -> UUID:
    async with database.transaction(caller.context().info()) as session:
        return (await start(session, caller=caller, task=KIND, payload={"n": 3}, total=3)).id


async def work(database: Database, settings: Settings, *, last: bool = False) -> None:
    """Run the handler on the one job that is queued."""
    async with database.transaction() as session:
        payload = await session.scalar(text("SELECT convert_from(payload, 'UTF8')::jsonb FROM jobs.pgqueuer"))
    await registry.TASKS[KIND].handler(Job(1, KIND, payload, 1, last, database, settings))


async def shown(client: httpx2.AsyncClient, task_id: UUID, **headers: str) -> Mapping[str, Any]:
    response = await client.get(f"{URL}/{task_id}", headers=headers)
    assert response.status_code == 200
    assert ("retry-after" in response.headers) == (response.json()["ended_at"] is None)
    body: dict[str, Any] = response.json()
    return body


async def test_from_queued_to_done(
    client: httpx2.AsyncClient, caller: Principal, database: Database, settings: Settings
) -> None:
    on_the_way: list[Mapping[str, Any]] = []

    @watched(KIND)
    async def run(job: Job, watch: Watch) -> None:
        await watch.advance(2)
        on_the_way.append(await shown(client, watch.task_id))
        async with job.transaction() as session:
            await watch.finish(session, {"made": job.payload["n"]})

    task_id = await started(database, caller)
    queued = await shown(client, task_id)
    assert (queued["kind"], queued["state"], queued["done"], queued["total"]) == (KIND, "queued", 0, 3)
    await work(database, settings)
    assert (on_the_way[0]["state"], on_the_way[0]["done"]) == ("running", 2)
    done = await shown(client, task_id)
    assert (done["state"], done["result"], done["error"]) == ("done", {"made": 3}, None)


async def test_repeated_job_does_nothing(caller: Principal, database: Database, settings: Settings) -> None:
    runs: list[int] = []

    @watched(KIND)
    async def run(job: Job, watch: Watch) -> None:
        runs.append(1)
        async with job.transaction() as session:
            await watch.finish(session)

    await started(database, caller)
    await work(database, settings)
    await work(database, settings)
    assert runs == [1]


async def test_refusal_ends_the_task_with_its_reason_in_both_languages(
    client: httpx2.AsyncClient, caller: Principal, database: Database, settings: Settings
) -> None:
    class Full(Conflict):
        code = "test.full"
        title = msg("没有找到")

    @watched(KIND)
    async def run(_job: Job, _watch: Watch) -> None:
        raise Full

    task_id = await started(database, caller)
    await work(database, settings)
    failed = await shown(client, task_id)
    assert (failed["state"], failed["error"]["code"], failed["error"]["title"]) == (
        "failed",
        "test.full",
        "没有找到",
    )
    assert (await shown(client, task_id, **{"accept-language": "en"}))["error"]["code"] == "test.full"


@pytest.mark.parametrize(("last", "state"), [(False, "running"), (True, "failed")])
async def test_fault_fails_the_task_when_the_queue_gives_up(
    client: httpx2.AsyncClient,
    caller: Principal,
    database: Database,
    settings: Settings,
    last: bool,
    state: str,
) -> None:
    @watched(KIND)
    async def run(_job: Job, _watch: Watch) -> None:
        raise ValueError("secret")

    task_id = await started(database, caller)
    with pytest.raises(ValueError, match="secret"):
        await work(database, settings, last=last)
    seen = await shown(client, task_id)
    assert seen["state"] == state
    assert "secret" not in str(seen)


async def test_task_whose_workers_died_has_failed(
    client: httpx2.AsyncClient, caller: Principal, database: Database, settings: Settings
) -> None:
    @watched(KIND)
    async def run(_job: Job, _watch: Watch) -> None: ...

    task_id = await started(database, caller)
    given_up = registry.TASKS[KIND].given_up
    assert given_up is not None
    await given_up(
        Job(1, KIND, {"tenant_id": "330000", "task_run_id": str(task_id)}, 6, True, database, settings)
    )
    failed = await shown(client, task_id)
    assert (failed["state"], failed["error"]["code"]) == ("failed", "internal_error")


async def test_rollback_leaves_neither_task_nor_job(caller: Principal, database: Database) -> None:
    session = database.session(caller.context().info())
    await start(session, caller=caller, task=KIND, payload={})
    await session.close()
    async with database.transaction(caller.context().info()) as session:
        assert (await session.scalars(select(TaskRun))).all() == []
        assert await session.scalar(text("SELECT count(*) FROM jobs.pgqueuer")) == 0


async def test_who_may_watch(clients: Clients, caller: Principal, database: Database) -> None:
    task_id = await started(database, caller)
    others = {
        "admin": (await clients.of("330000", roles=[Role.PROVINCE_ADMIN]), 200),
        "colleague": (await clients.of("330000"), 404),
        "other admin": (await clients.of("310000", roles=[Role.PROVINCE_ADMIN]), 404),
    }
    for client, status in others.values():
        assert (await client.get(f"{URL}/{task_id}")).status_code == status


async def test_unknown_and_anonymous(client: httpx2.AsyncClient, caller: Principal) -> None:
    assert caller.id is not None
    assert (await client.get(f"{URL}/{uuid4()}")).status_code == 404
    assert (await client.get(f"{URL}/nothing")).status_code == 404
    client.cookies.clear()
    assert (await client.get(f"{URL}/{uuid4()}")).status_code == 401


async def test_statements(
    client: httpx2.AsyncClient, caller: Principal, database: RolledBackDatabase
) -> None:
    task_id = await started(database, caller)
    with statements_on(database.connection) as seen:
        await client.get(f"{URL}/{task_id}")
    assert len(seen) == 2, seen


async def test_page_asks_for_itself_until_the_end(
    client: httpx2.AsyncClient, caller: Principal, database: Database, settings: Settings
) -> None:
    @watched(KIND)
    async def run(job: Job, watch: Watch) -> None:
        await watch.advance(3)
        async with job.transaction() as session:
            await watch.finish(session)

    page = f"/tasks/{await started(database, caller)}"
    waiting = (await client.get(page, headers=HTML)).text
    assert "等待开始" in waiting
    assert f'hx-get="{page}"' in waiting
    await work(database, settings)
    part = (await client.get(page, headers={**HTML, "hx-request": "true"})).text
    assert "已完成" in part
    assert "hx-get" not in part
    assert "<html" not in part


HTML = {"accept": "text/html"}
