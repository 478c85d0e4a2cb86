"""Rate limits as they hold: over several processes, by address, person and client, and with the database away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.access.limits.counter import FORGET, SharedCounter
from app.access.limits.limiter import Limiter
from app.access.limits.policies import Per, Policy
from app.core.db import Database
from app.core.metrics import RATE_LIMITED, RATE_LIMITS_ALONE
from app.main import create_app
from app.settings import Settings
from tests.support.clients import statements_on
from tests.support.database import RolledBackDatabase
from tests.support.people import make_person, sign_in
from tests.support.processes import servers
from tests.support.server import NO_LIMITS


def limited(settings: Settings, **limits: str) -> Settings:
    """The settings with these limits and no others."""
    return settings.model_copy(update={"rate_limits": NO_LIMITS | limits})


@asynccontextmanager
async def visiting(
    app: FastAPI, host: str = "192.0.2.1", **headers: str
) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app, client=(host, 1), raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://testserver", headers=headers
    ) as client:
        yield client


def counts(answers: list[httpx2.Response]) -> dict[int, int]:
    codes = [answer.status_code for answer in answers]
    return {code: codes.count(code) for code in sorted(set(codes))}


async def test_two_server_processes_admit_no_more_than_one_quota(fresh_settings: Settings) -> None:
    with servers(limited(fresh_settings, visitor="90/3600"), 2) as running:
        async with httpx2.AsyncClient(timeout=60) as client:
            asked = [client.get(f"{running[turn % 2].url}/api/v1/codes") for turn in range(300)]
            answers = await asyncio.gather(*asked)
    # Both asked on until they were refused, so what either took was given.
    assert counts(answers) == {200: 90, 429: 210}


async def test_many_processes_on_one_counter_give_exactly_the_quota(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    counter = SharedCounter(fresh_database, fresh_settings)
    policy, whose = Policy("probe", Per.ADDRESS, 200, 3600, "probes"), str(uuid4())
    processes = [Limiter(counter.lease) for _ in range(8)]
    taken = await asyncio.gather(*(processes[turn % 8].take(policy, whose) for turn in range(800)))
    assert sum(standing.admitted for standing in taken) == 200
    other = await processes[0].take(policy, str(uuid4()))
    assert (other.admitted, other.remaining) == (True, 199)


async def test_a_window_ends_and_the_next_one_begins(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    counter = SharedCounter(fresh_database, fresh_settings)
    policy = Policy("probe", Per.ADDRESS, 3, 1, "probes")
    one, other = Limiter(counter.lease), Limiter(counter.lease)
    first = [(await process.take(policy, "x")).admitted for process in (one, other, one, other, one)]
    assert first == [True, True, True, False, False]
    await asyncio.sleep(1.1)
    assert (await other.take(policy, "x")).admitted
    assert (await one.take(policy, "x")).admitted


async def test_requests_of_one_moment_share_a_statement(
    database: RolledBackDatabase, settings: Settings
) -> None:
    limiter = Limiter(SharedCounter(database, settings).lease)
    policy = Policy("probe", Per.ADDRESS, 400, 60, "probes")
    with statements_on(database.connection) as seen:
        await asyncio.gather(*(limiter.take(policy, str(number)) for number in range(30)))
        await asyncio.gather(*(limiter.take(policy, "0") for _ in range(19)))
    assert len(seen) == 1


async def test_a_quota_lowered_takes_nothing_back(database: RolledBackDatabase, settings: Settings) -> None:
    counter = SharedCounter(database, settings)
    for _ in range(3):
        await counter.lease([(Policy("probe", Per.ADDRESS, 100, 60, "probes"), "x")])
    lower = Policy("probe", Per.ADDRESS, 10, 60, "probes")
    lease = (await counter.lease([(lower, "x")]))[(lower, "x")]
    assert (lease.permits, lease.remaining) == (0, 0)


async def test_what_has_ended_is_forgotten(database: RolledBackDatabase, settings: Settings) -> None:
    counter = SharedCounter(database, settings)
    await counter.lease(
        [
            (Policy("probe", Per.ADDRESS, 100, 1, "probes"), "x"),
            (Policy("probe", Per.ADDRESS, 100, 60, "probes"), "y"),
        ]
    )
    await asyncio.sleep(1.1)
    async with database.statements() as connection:
        await connection.execute(FORGET)
        assert await connection.scalar(text("SELECT count(*) FROM rate_limit")) == 1


async def test_a_refusal_says_which_limit_and_when_to_come_back(
    database: Database, settings: Settings
) -> None:
    app = create_app(limited(settings, visitor="2/600"), database)
    before = RATE_LIMITED.labels("visitor")._value.get()
    async with visiting(app) as client:
        first = await client.get("/api/v1/codes")
        await client.get("/api/v1/codes")
        refused = await client.get("/api/v1/codes", headers={"accept-language": "en"})
        page = await client.get("/", headers={"accept": "text/html"})
    assert first.headers["ratelimit-policy"] == '"visitor";q=2;w=600'
    assert first.headers["ratelimit"] == '"visitor";r=1;t=600'
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 595 <= int(refused.headers["retry-after"]) <= 600
    assert refused.headers["ratelimit"].startswith('"visitor";r=0;t=')
    told = refused.json()
    assert told["code"] == "too_many_requests"
    assert told["violated-policies"] == ["visitor"]
    assert told["detail"].startswith("At most 2 such requests in 600 seconds")
    assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert "请求过于频繁" in page.text
    assert page.headers["content-security-policy"]
    assert RATE_LIMITED.labels("visitor")._value.get() == before + 2


async def test_addresses_are_counted_apart_and_a_network_of_ipv6_together(
    database: Database, settings: Settings
) -> None:
    app = create_app(limited(settings, address="1/600"), database)
    seen = []
    for host in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"):
        async with visiting(app, host) as client:
            seen.append((await client.get("/nowhere")).status_code)
    assert seen == [404, 429, 404, 404, 429, 404]


async def test_an_address_that_asks_too_much_costs_the_database_nothing(
    database: RolledBackDatabase, settings: Settings
) -> None:
    app = create_app(limited(settings, address="1/600"), database)
    async with visiting(app, authorization="Bearer x", cookie="commons_session=x") as client:
        await client.get("/api/v1/me")
        with statements_on(database.connection) as seen:
            answers = [await client.get("/", headers={"accept": kind}) for kind in ("text/html", "*/*")]
    assert counts(answers) == {429: 2}
    assert seen == []


async def test_a_person_is_counted_wherever_they_are(database: Database, settings: Settings) -> None:
    app = create_app(limited(settings, person="4/600", visitor="100/600"), database)
    person = await make_person(database, settings, tenant_id="330000")
    answers = []
    for host in ("192.0.2.1", "192.0.2.2"):
        async with visiting(app, host) as client:
            await sign_in(client, app, person)
            answers += [await client.get("/api/v1/me") for _ in range(4)]
    assert counts(answers)[200] <= 4
    assert answers[-1].status_code == 429
    async with visiting(app) as client:
        assert (await client.get("/api/v1/codes")).status_code == 200


async def test_dear_requests_have_limits_of_their_own(database: Database, settings: Settings) -> None:
    app = create_app(limited(settings, search="1/600", token="1/600", introspection="1/600"), database)
    async with visiting(app) as client:
        found = [await client.get("/api/v1/instruments") for _ in range(2)]
        tokens = [await client.post("/oauth/token", data={"grant_type": "x"}) for _ in range(2)]
        asked = [await client.post("/oauth/introspect", data={"token": "x"}) for _ in range(2)]
        free = await client.get("/api/v1/codes")
    assert counts(found) == {200: 1, 429: 1}
    assert tokens[1].status_code == asked[1].status_code == 429
    assert tokens[1].json()["error"] == "temporarily_unavailable"
    assert 429 not in (tokens[0].status_code, asked[0].status_code)
    assert (free.status_code, "ratelimit" in free.headers) == (200, False)


async def test_what_costs_others_something_has_limits_of_its_own(
    database: Database, settings: Settings
) -> None:
    app = create_app(limited(settings, invitation="1/600", upload="1/600"), database)
    organisation = f"/api/v1/organisations/{uuid4()}"
    paths = {
        "invitation": (f"{organisation}/invitations", f"{organisation}/invitations/{uuid4()}/resend"),
        "upload": (f"/api/v1/organisation-applications/{uuid4()}/evidence", f"/instruments/{uuid4()}/files"),
    }
    async with visiting(app) as client:
        for name, (first, second) in paths.items():
            assert (await client.post(first)).status_code != 429
            refused = await client.post(second)
            assert (refused.status_code, refused.json().get("violated-policies")) == (429, [name])


async def test_health_figures_and_files_are_never_refused(database: Database, settings: Settings) -> None:
    app = create_app(limited(settings, address="1/600"), database)
    async with visiting(app, "127.0.0.1") as client:
        await client.get("/nowhere")
        for path in ("/healthz", "/metrics", "/static/css/tokens.css"):
            assert [(await client.get(path)).status_code for _ in range(3)] == [200, 200, 200]


async def test_without_the_database_each_process_counts_alone(settings: Settings) -> None:
    away = Database("postgresql+asyncpg://nobody@127.0.0.1:9/none", pool_size=1)
    app = create_app(limited(settings, visitor="5/600"), away)
    before = RATE_LIMITS_ALONE._value.get()
    async with visiting(app) as client:
        answers = [await client.get("/sign-in/callback") for _ in range(9)]
    await away.close()
    assert [answer.status_code == 429 for answer in answers] == [False] * 5 + [True] * 4
    assert RATE_LIMITS_ALONE._value.get() == before + 1


async def test_a_counter_that_does_not_answer_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.access.limits.limiter.PATIENCE_SECONDS", 0.02)
    silence = asyncio.Event()

    async def never(_wanted: Any) -> Any:
        await silence.wait()
        return {}

    limiter = Limiter(never)
    policy = Policy("probe", Per.ADDRESS, 20, 60, "probes")
    taken = [await limiter.take(policy, "x") for _ in range(25)]
    assert [standing.admitted for standing in taken] == [True] * 20 + [False] * 5
    silence.set()
    await asyncio.sleep(0)
