"""Imports under bad luck: killed in the middle, two at once, a hundred thousand rows."""

import asyncio
import json
import resource
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from app.access.permissions import Role
from app.core.db import Database
from app.instruments.booking.queries import lock_units
from app.instruments.importing.writing import Overtaken
from app.instruments.models import Instrument, InstrumentUnit
from app.jobs.tasks import TASKS, Job
from app.main import create_app
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.instruments.conftest import ZHEJIANG
from tests.instruments.importing import URL, Importing, csv_of, good_rows
from tests.support.clients import clients_of
from tests.support.jobs import run_jobs
from tests.support.places import make_organisation
from tests.support.processes import environment_of
from tests.support.server import ROOT

APPLY_UNTIL_FIRST_BATCH = """
import asyncio, json, sys
from app import registry
from app.core.db import Database
from app.instruments.importing import work
from app.jobs.tasks import TASKS, Job
from app.settings import settings_from_environment
from app.tasks.public import Watch

async def say_and_wait(watch, done, total=None):
    print(done, flush=True)
    await asyncio.sleep(3600)

async def main():
    settings = settings_from_environment()
    Watch.advance = say_and_wait
    number, name, payload = json.loads(sys.argv[1])
    database = Database(settings.url_for("app"))
    await TASKS[name].handler(Job(number, name, payload, 1, False, database, settings))

asyncio.run(main())
"""


@pytest.fixture
async def managers(
    fresh_settings: Settings, fresh_database: Database, tmp_path: Path
) -> AsyncIterator[tuple[Importing, Importing]]:
    """The organisation's manager and the province's admin, on a database with real commits."""
    settings = fresh_settings.model_copy(update={"data_dir": tmp_path})
    organisation_id = await make_organisation(fresh_database, ZHEJIANG)
    async with clients_of(create_app(settings, fresh_database)) as people:
        manager = await people.of(ZHEJIANG, organisations={organisation_id: Role.MANAGER})
        admin = await people.of(
            ZHEJIANG, roles=[Role.PROVINCE_ADMIN], organisations={organisation_id: Role.MEMBER}
        )
        yield Importing(manager, fresh_database, settings), Importing(admin, fresh_database, settings)


async def counted(importing: Importing) -> tuple[int, int]:
    async with importing.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        instruments = select(func.count()).select_from(Instrument).scalar_subquery()
        units = select(func.count()).select_from(InstrumentUnit).scalar_subquery()
        row = (await session.execute(select(instruments, units))).one()
        return row[0], row[1]


async def queued(importing: Importing) -> list[tuple[int, str, dict[str, object]]]:
    async with importing.database.transaction() as session:
        taken = text("DELETE FROM jobs.pgqueuer RETURNING id, entrypoint, payload")
        return [(row[0], row[1], json.loads(row[2])) for row in await session.execute(taken)]


async def test_kill_9_in_the_middle_leaves_nothing_and_the_job_resumes(
    managers: tuple[Importing, Importing],
) -> None:
    importing, _ = managers
    sent = await importing.sent(csv_of(*good_rows(1200)))
    await importing.check(sent)
    await importing.client.post(f"{URL}/{sent['id']}/apply", json={"mode": "all"})
    ((number, name, payload),) = await queued(importing)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        APPLY_UNTIL_FIRST_BATCH,
        json.dumps([number, name, payload]),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=environment_of(importing.settings, base_url="http://testserver")
        | {"DATA_DIR": str(importing.settings.data_dir)},
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"500\n"
    process.kill()
    await process.wait()
    assert await counted(importing) == (0, 0)
    assert (await importing.get(sent["id"]))["state"] == "applying"
    again = Job(
        number, name, payload, 2, last_attempt=True, database=importing.database, settings=importing.settings
    )
    await TASKS[name].handler(again)
    assert (await importing.get(sent["id"]))["counts"]["new"] == 1200
    assert await counted(importing) == (1200, 1200)
    await TASKS[name].handler(again)
    assert await counted(importing) == (1200, 1200)


async def test_two_imports_of_one_file_at_once_make_each_entry_once(
    managers: tuple[Importing, Importing],
) -> None:
    manager, admin = managers
    first = await manager.sent(csv_of(*good_rows(700)))
    await manager.check(first)
    second = await admin.sent(csv_of(*reversed(good_rows(700))))
    await admin.check(second, {"organisation": {"fixed": "示例大学"}})
    for importing, sent in ((manager, first), (admin, second)):
        await importing.client.post(f"{URL}/{sent['id']}/apply", json={"mode": "all"})
    jobs = [
        Job(number, name, payload, 1, last_attempt=True, database=manager.database, settings=manager.settings)
        for number, name, payload in await queued(manager)
    ]
    await asyncio.gather(*(TASKS[job.task].handler(job) for job in jobs))
    counts = [
        (await importing.get(sent["id"]))["counts"] for importing, sent in ((manager, first), (admin, second))
    ]
    assert sorted(found["new"] for found in counts) == [0, 700]
    assert sorted(found["unchanged"] for found in counts) == [0, 700]
    assert await counted(manager) == (700, 700)


async def changing(importing: Importing) -> tuple[Job, list[UUID]]:
    """The job that applies a file which changes what is registered, and the units of what it changes."""
    first = await importing.sent(csv_of(*good_rows(3)))
    await importing.check(first)
    await importing.client.post(f"{URL}/{first['id']}/apply", json={"mode": "all"})
    await run_jobs(importing.database, importing.settings)
    again = await importing.sent(csv_of(*(row.replace("限内部", "停用") for row in good_rows(3))))
    assert (await importing.check(again))["counts"]["changed"] == 3
    await importing.client.post(f"{URL}/{again['id']}/apply", json={"mode": "all"})
    ((number, name, payload),) = await queued(importing)
    job = Job(
        number, name, payload, 1, last_attempt=True, database=importing.database, settings=importing.settings
    )
    async with importing.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        return job, list(await session.scalars(select(InstrumentUnit.id)))


async def states(importing: Importing) -> set[str]:
    async with importing.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        return set(await session.scalars(select(Instrument.service_status)))


async def test_terms_change_only_after_the_booking_that_read_them(
    managers: tuple[Importing, Importing],
) -> None:
    importing, _ = managers
    job, units = await changing(importing)
    async with importing.database.transaction(TenantContext(ZHEJIANG).info()) as booking:
        await lock_units(booking, units[:1])
        applying = asyncio.ensure_future(TASKS[job.task].handler(job))
        await asyncio.sleep(0.5)
        assert not applying.done()
        assert await states(importing) == {"restricted"}
    await applying
    assert await states(importing) == {"suspended"}


async def test_what_changed_between_reading_and_writing_is_judged_again(
    managers: tuple[Importing, Importing],
) -> None:
    importing, _ = managers
    job, units = await changing(importing)
    async with importing.database.transaction(TenantContext(ZHEJIANG).info()) as other:
        await lock_units(other, units)
        applying = asyncio.ensure_future(TASKS[job.task].handler(replace(job, last_attempt=False)))
        await asyncio.sleep(0.5)
        renamed = {"name_zh": "另改的名称", "version": Instrument.version + 1}
        await other.execute(update(Instrument).where(Instrument.inner_id == "A-2").values(renamed))
    with pytest.raises(Overtaken):
        await applying
    assert await states(importing) == {"restricted"}
    await TASKS[job.task].handler(job)
    assert await states(importing) == {"suspended"}


@pytest.mark.full
@pytest.mark.timeout(900)
async def test_a_hundred_thousand_rows_within_memory(managers: tuple[Importing, Importing]) -> None:
    importing, _ = managers
    count = 100_000
    rows = good_rows(count)
    rows[70_000] = rows[70_000].replace("330106", "999999")
    sent = await importing.sent(csv_of(*rows))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    checked = await importing.check(sent)
    assert checked["counts"] == {"new": count - 1, "changed": 0, "unchanged": 0, "faulty": 1}
    assert {fault[:4] for fault in await importing.faults(sent["id"])} == {
        (70_002, "adcode", "安放地行政区划", "division_unknown")
    }
    await importing.client.post(f"{URL}/{sent['id']}/apply", json={"mode": "good"})
    await run_jobs(importing.database, importing.settings)
    assert (await importing.get(sent["id"]))["state"] == "applied"
    assert await counted(importing) == (count - 1, count - 1)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mb < 150, f"{grown_mb:.0f} MB"
