"""Many clients, one slot, at the same instant, through HTTP on two processes: exactly one has it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.access.permissions import Role
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from tests.instruments.test_booking import day, wish
from tests.support.people import make_person, sign_in
from tests.support.places import Place, make_instrument, make_organisation
from tests.support.processes import servers

CLIENTS = 32
OVERLAPS = text(
    """
    SELECT count(*) FROM booking a JOIN booking b
    ON a.unit_id = b.unit_id AND a.id < b.id AND a.blocking AND b.blocking AND a.occupied && b.occupied
    """
)


@dataclass
class Contest:
    """Signed-in clients of every province, spread over two servers, and a unit they all want."""

    database: Database
    place: Place
    clients: list[httpx2.AsyncClient]

    async def overlaps(self) -> int:
        async with self.database.statements() as connection:
            return int((await connection.execute(OVERLAPS)).scalar_one())


@pytest.fixture
async def contest(fresh_settings: Settings, fresh_database: Database) -> AsyncIterator[Contest]:
    app: FastAPI = create_app(fresh_settings, fresh_database)
    place = await make_instrument(
        fresh_database, "330000", units=2, step_min=5, min_min=5, horizon_days=365, scope="region"
    )
    people = []
    for tenant in ("310000", "320000", "330000", "340000"):
        lab = await make_organisation(fresh_database, tenant)
        people += [
            await make_person(
                fresh_database, fresh_settings, tenant_id=tenant, organisations={lab: Role.MEMBER}
            )
            for _ in range(CLIENTS // 4)
        ]
    with servers(fresh_settings, 2) as running:
        clients = []
        for person, served in zip(people, cycle(running), strict=False):
            client = httpx2.AsyncClient(base_url=served.url, timeout=60)
            await sign_in(client, app, person)
            clients.append(client)
        yield Contest(fresh_database, place, clients)
        for client in clients:
            await client.aclose()


async def same_instant(contest: Contest, rounds: int) -> Counter[int]:
    seen: Counter[int] = Counter()
    for number in range(rounds):
        start = day(1, 0) + timedelta(minutes=10 * number)
        body = wish(contest.place, start, start + timedelta(minutes=10))
        answers = await asyncio.gather(*(c.post("/api/v1/bookings", json=body) for c in contest.clients))
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {201: 1, 409: CLIENTS - 1}, [a.text for a in answers if a.status_code >= 500]
        for answer in answers:
            if answer.status_code == 409:
                assert answer.json()["code"] == "instruments.slot_taken"
                assert answer.json()["alternatives"]
        seen += statuses
    return seen


@pytest.mark.timeout(600)
async def test_one_of_32_gets_the_slot(contest: Contest) -> None:
    assert await same_instant(contest, 10) == {201: 10, 409: 10 * (CLIENTS - 1)}
    assert await contest.overlaps() == 0


@pytest.mark.full
@pytest.mark.timeout(3600)
async def test_one_of_32_gets_the_slot_200_times(contest: Contest) -> None:
    assert await same_instant(contest, 200) == {201: 200, 409: 200 * (CLIENTS - 1)}
    assert await contest.overlaps() == 0


async def swap(contest: Contest, rounds: int) -> None:
    """Two bookings on two units, each moved into the other's slot at the same instant."""
    first, second = contest.clients[:2]
    for number in range(rounds):
        start = day(1, 0) + timedelta(minutes=10 * number)
        span = (start, start + timedelta(minutes=10))
        bookings = []
        for client, unit in zip((first, second), contest.place.units, strict=True):
            made = await client.post("/api/v1/bookings", json=wish(contest.place, *span, unit_id=str(unit)))
            assert made.status_code == 201, made.text
            bookings.append(made.json())
        times = {"starts_at": span[0].isoformat(), "ends_at": span[1].isoformat()}
        answers = await asyncio.gather(
            *(
                client.patch(
                    f"/api/v1/bookings/{mine['id']}",
                    json=times | {"unit_id": other["unit_id"]},
                    headers={"If-Match": '"v1"'},
                )
                for client, mine, other in zip((first, second), bookings, bookings[::-1], strict=True)
            )
        )
        assert [a.status_code for a in answers] == [409, 409], [a.text for a in answers]
        for client, mine in zip((first, second), bookings, strict=True):
            assert (await client.get(f"/api/v1/bookings/{mine['id']}")).json() == mine


async def test_two_bookings_moved_into_each_other_stay(contest: Contest) -> None:
    await swap(contest, 10)
    assert await contest.overlaps() == 0


@pytest.mark.full
@pytest.mark.timeout(3600)
async def test_two_bookings_moved_into_each_other_stay_200_times(contest: Contest) -> None:
    await swap(contest, 200)
    assert await contest.overlaps() == 0


async def test_a_retry_at_the_same_instant_books_once(contest: Contest) -> None:
    client = contest.clients[0]
    body = wish(contest.place, day(1, 9), day(1, 10))
    headers = {"Idempotency-Key": "the-same"}
    answers = await asyncio.gather(
        *(client.post("/api/v1/bookings", json=body, headers=headers) for _ in range(8))
    )
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["id"] for a in answers}) == 1


async def test_a_move_and_a_cancel_at_the_same_instant(contest: Contest) -> None:
    client = contest.clients[0]
    for number in range(10):
        start = day(1, 0) + timedelta(minutes=30 * number)
        made = (
            await client.post(
                "/api/v1/bookings", json=wish(contest.place, start, start + timedelta(minutes=10))
            )
        ).json()
        url = f"/api/v1/bookings/{made['id']}"
        times = {
            "starts_at": (start + timedelta(minutes=10)).isoformat(),
            "ends_at": (start + timedelta(minutes=20)).isoformat(),
        }
        moved, cancelled = await asyncio.gather(
            client.patch(url, json=times, headers={"If-Match": '"v1"'}),
            client.post(f"{url}/cancel", json={}, headers={"If-Match": '"v1"'}),
        )
        # Who comes second finds another version, or a booking that is cancelled.
        assert {200} < {moved.status_code, cancelled.status_code} <= {200, 409, 412}
        assert (await client.get(url)).json()["version"] == 2
