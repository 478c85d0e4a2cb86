"""Writers and sealers at the same time: in the end every event has one link."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from app.core.db import Database
from app.journal.public import record, seal
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.journal.chains import PROVINCE, Chain, chain_in
from tests.support.processes import environment_of
from tests.support.server import ROOT

WRITERS, EACH = 8, 40


@pytest.fixture
async def chain(fresh_settings: Settings, fresh_database: Database) -> AsyncIterator[Chain]:
    async with chain_in(fresh_settings, fresh_database) as chain:
        yield chain


async def test_what_commits_late_is_not_left_behind(chain: Chain) -> None:
    """The event of a transaction that began earlier and ends later than another's is sealed after it ends."""
    async with chain.database.transaction(TenantContext(PROVINCE).info()) as session:
        await record(session, "thing.changed", subject=("thing", "late"))
        await chain.write(3)
        assert await seal(chain.database, PROVINCE) == 0, "younger ones wait, so that the order holds"
    await chain.seal(4)
    assert await chain.found() == []
    assert (
        await chain.admin.fetchval(
            "SELECT subject_id FROM journal_event WHERE id = $1", (await chain.ids())[0]
        )
        == "late"
    )


async def test_each_province_has_its_own_chain(chain: Chain) -> None:
    await chain.write(2)
    await chain.write(1, tenant_id="310000")
    await chain.seal(2)
    assert await chain.found() == []
    assert await chain.admin.fetchval("SELECT count(*) FROM journal_seal WHERE tenant_id = '310000'") == 0


async def test_writers_and_sealers_at_once(chain: Chain) -> None:
    done = asyncio.Event()

    async def sealing() -> None:
        while not done.is_set():
            await seal(chain.database, PROVINCE)
            await asyncio.sleep(0)

    sealers = [asyncio.create_task(sealing()) for _ in range(2)]
    await asyncio.gather(*(chain.write(EACH) for _ in range(WRITERS)))
    done.set()
    await asyncio.gather(*sealers)
    sealed = await chain.admin.fetchval("SELECT count(*) FROM journal_seal")
    await chain.seal(WRITERS * EACH - sealed)
    ids = await chain.ids()
    assert len(ids) == len(set(ids)) == WRITERS * EACH
    assert await chain.found() == []


async def test_a_sealer_that_is_killed_leaves_a_whole_chain(chain: Chain) -> None:
    await chain.write(200)
    program = (
        "import asyncio, app.journal.sealing as s; from app.core.db import Database; "
        "from app.settings import settings_from_environment as settings; s.BATCH = 1; "
        f"asyncio.run(s.seal(Database(settings().url_for('app')), '{PROVINCE}'))"
    )
    environment = environment_of(chain.settings, base_url="http://127.0.0.1")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT, env=environment)
    for _ in range(10_000):
        if await chain.admin.fetchval("SELECT count(*) FROM journal_seal"):
            break
        await asyncio.sleep(0.005)
    process.kill()
    await process.wait()
    sealed = await chain.admin.fetchval("SELECT count(*) FROM journal_seal")
    assert 0 < sealed < 200
    assert await chain.found() == []
    await chain.seal(200 - sealed)
    assert await chain.found() == []


async def test_data_restored_into_another_cluster_is_sealed_on(chain: Chain) -> None:
    """Its transaction numbers are those of the cluster it came from, and higher than any here."""
    await chain.write(2)
    await chain.seal(2)
    await chain.admin.execute("UPDATE journal_seal SET txid = 1000000000000")
    await chain.write(2)
    await chain.seal(2)
    assert len(set(await chain.ids())) == 4
