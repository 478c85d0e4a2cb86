"""kill -9 of everything in the middle of a booking storm: what was answered 201 is there afterwards, and nothing twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from app.access.permissions import Role
from app.core.db import Database
from app.instruments.models import Booking
from app.main import create_app
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.concurrency.test_contested_slots import OVERLAPS
from tests.instruments.test_booking import day, wish
from tests.support.people import make_person, sign_in
from tests.support.places import Place, make_instrument
from tests.support.processes import free_port, wait_until_up
from tests.support.server import NO_LIMITS, ROOT

CLIENTS = 8
CONFIRMED_BEFORE_THE_KILL = 20
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
    "RATE_LIMITS": json.dumps(NO_LIMITS)
}


@contextmanager
def demonstration(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`commons demo` on its own data folder, in a process group of its own."""
    command = [sys.executable, "-m", "app.cli", "demo", "--port", str(port), "--data", str(folder)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_until_up(f"http://127.0.0.1:{port}", process)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def kill_everything(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """The server, and every process of its database, at once and without warning."""
    postmaster = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    for pid in (process.pid, *_family(postmaster)):
        os.kill(pid, signal.SIGKILL)
    process.wait()


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(child) for child in children)]


def settings_of(folder: Path, port: int) -> Settings:
    password = (folder / "postgres.password").read_text().strip()
    db_port = (folder / "postgres.port").read_text().strip()
    return Settings(
        database_url=f"postgresql+asyncpg://postgres:{password}@127.0.0.1:{db_port}/commons",
        secret_key=(folder / "secret.key").read_text().strip(),
        base_url=f"http://127.0.0.1:{port}",
    )


@asynccontextmanager
async def database_of(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.url_for("app"), pool_size=2)
    try:
        yield database
    finally:
        await database.close()


async def prepare(settings: Settings) -> tuple[Place, str]:
    """A unit to storm, and the cookie of a person who may."""
    async with database_of(settings) as database:
        place = await make_instrument(database, "330000", step_min=5, min_min=5, horizon_days=365)
        person = await make_person(
            database, settings, tenant_id="330000", organisations={place.organisation_id: Role.MEMBER}
        )
        async with httpx2.AsyncClient() as client:
            await sign_in(client, create_app(settings, database), person)
            return place, "; ".join(f"{name}={value}" for name, value in client.cookies.items())


async def storm(url: str, cookie: str, place: Place, confirmed: set[str], slots: Iterator[int]) -> None:
    """One client booking slot after slot until the server is gone."""
    async with httpx2.AsyncClient(base_url=url, headers={"cookie": cookie}, timeout=10) as client:
        for slot in slots:
            start = day(1, 0) + timedelta(minutes=5 * slot)
            try:
                answer = await client.post(
                    "/api/v1/bookings", json=wish(place, start, start + timedelta(minutes=10))
                )
            except httpx2.TransportError:
                return
            assert answer.status_code in {201, 409}, answer.text
            if answer.status_code == 201:
                confirmed.add(answer.json()["id"])


@pytest.mark.timeout(180)
def test_every_confirmed_booking_survives(tmp_path: Path) -> None:
    folder, port = tmp_path / "data", free_port()
    url = f"http://127.0.0.1:{port}"
    confirmed: set[str] = set()
    with demonstration(folder, port) as process:
        place, cookie = asyncio.run(prepare(settings_of(folder, port)))

        async def until_killed() -> None:
            slots = iter(range(100_000))
            clients = [
                asyncio.create_task(storm(url, cookie, place, confirmed, slots)) for _ in range(CLIENTS)
            ]
            while len(confirmed) < CONFIRMED_BEFORE_THE_KILL:  # noqa: ASYNC110 - the storm, not an event, decides
                await asyncio.sleep(0.01)
            kill_everything(folder, process)
            await asyncio.gather(*clients)

        asyncio.run(until_killed())
    assert confirmed
    with demonstration(folder, port):

        async def found() -> tuple[set[str], int]:
            async with database_of(settings_of(folder, port)) as database:
                async with database.transaction(TenantContext("330000").info()) as session:
                    rows = await session.scalars(select(Booking.id).where(Booking.unit_id == place.units[0]))
                    kept = {str(id_) for id_ in rows}
                async with database.transaction(TenantContext("330000").info()) as session:
                    overlaps = int((await session.execute(OVERLAPS)).scalar_one())
            return kept, overlaps

        kept, overlaps = asyncio.run(found())
        ready = httpx2.get(f"{url}/readyz")
        assert ready.json()["checks"] == {"database": True, "migrations": True, "worker": True}
    assert confirmed <= kept
    assert overlaps == 0
