"""As each province, no answer, header or log line holds anything of the others' hidden rows, nor tells that they exist."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from app.core import logs
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from app.tenancy.policies import PLATFORM
from tests.isolation import endpoints
from tests.isolation.endpoints import Town
from tests.isolation.oracle import Viewer
from tests.isolation.world import CANARY, World, connect, key_of, read

pytestmark = pytest.mark.timeout(1800)
"""The full walks are long."""


class Written(logging.Handler):
    """The lines of the log, as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        logs.configure()
        self.setFormatter(logging.getLogger().handlers[0].formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(autouse=True)
def silent_log() -> Iterator[None]:
    """No line of the log may hold a mark of any row."""
    written = Written()
    root = logging.getLogger()
    root.addHandler(written)
    yield
    root.removeHandler(written)
    assert written.lines
    assert [line[:300] for line in written.lines if CANARY.search(line)] == []


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.full)], ids=["short", "full"])
async def town(fresh_world: Settings, world: World, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    database = Database(fresh_world.url_for("app"), pool_size=4)
    async with endpoints.town(create_app(fresh_world, database), world, full=request.param) as made:
        yield made
    await database.close()


async def test_reading_by_id(town: Town) -> None:
    statuses = await endpoints.walk_reads(town)
    assert town.findings == []
    assert len(statuses) > 10
    assert {door: codes for door, codes in statuses.items() if 404 not in codes} == {}


async def test_changing_by_id(town: Town, fresh_world: Settings) -> None:
    before = await read(fresh_world)
    statuses = await endpoints.walk_changes(town)
    assert town.findings == []
    assert len(statuses) > 10
    assert {door: codes for door, codes in statuses.items() if 404 not in codes} == {}
    await nothing_changed(before, fresh_world)


async def test_ids_in_bodies(town: Town, fresh_world: Settings) -> None:
    before = await read(fresh_world)
    asked = await endpoints.walk_bodies(town)
    assert town.findings == []
    assert len(asked) > 3
    await nothing_changed(before, fresh_world)


async def test_searching_and_filtering(town: Town) -> None:
    asked = await endpoints.walk_queries(town)
    assert town.findings == []
    assert len(asked) > 5


async def test_reading_everything(town: Town) -> None:
    assert await endpoints.walk_lists(town) > 100
    assert await endpoints.walk_shared(town) > 50
    assert town.findings == []


SHOWN = {"booking", "identity_provider"}
"""What an instrument's week shows as busy; where people sign in."""
SEEN = "UPDATE browser_session SET last_seen_at = clock_timestamp() + interval '1 hour'"
"""So that no session is noted as seen meanwhile, which its person is shown."""


@pytest.mark.parametrize(
    "province", ["330000", *(pytest.param(p, marks=pytest.mark.full) for p in ("310000", "320000", "340000"))]
)
async def test_hidden_rows_leave_no_trace(world: World, fresh_world: Settings, province: str) -> None:
    """Counts, orders, facets, next pages: all is the same when what one may not see is not there at all."""
    database = Database(fresh_world.url_for("app"), pool_size=4)
    async with endpoints.town(create_app(fresh_world, database), world, full=False) as town:
        admin = await connect(fresh_world)
        await admin.execute(SEEN)
        # The first round is news itself: refusals and reads stand in the journal, and are only counted afterwards.
        _, before, again = [await endpoints.transcript(town, province) for _ in range(3)]
        assert [asked for asked in before if before[asked] != again[asked]] == []
        await admin.execute(
            "SET session_replication_role = replica"
        )  # keys between hidden rows and others' rest
        for table in world.tables.keys() - SHOWN:
            keys = [
                ",".join(row.key)
                for row in world.hidden(Viewer(province), table)
                if not world.sees(Viewer(), row) and row.data.get("tenant_id") != PLATFORM
            ]
            key = ", ".join(f"{name}::text" for name in key_of(table))
            await admin.execute(f"DELETE FROM {table} WHERE concat_ws(',', {key}) = ANY($1)", keys)
        await admin.close()
        after = await endpoints.transcript(town, province)
    await database.close()
    assert len(before) > 100
    # The operator's page counts sessions, mails and jobs of the whole platform: that is what it is for.
    told = [asked for asked in before if before[asked] != after[asked] and "operations" not in asked]
    assert told == []


async def nothing_changed(before: World, settings: Settings) -> None:
    """Every row but news of what was asked, and sessions that were seen, is as it was."""
    after = await read(settings)
    for table, rows in before.tables.items():
        if table not in {"browser_session", "journal_event", "journal_tally", "login_attempt"}:
            now = {row.key: row.data for row in after.tables[table]}
            assert {row.key: now.get(row.key) for row in rows} == {row.key: row.data for row in rows}, table


OPEN = "ALTER POLICY {0}_read ON {0} USING (true)"


@pytest.mark.parametrize(
    ("table", "path", "walk"),
    [
        ("organisation", "/api/v1/organisations", endpoints.walk_lists),
        ("organisation", "/organisations", endpoints.walk_queries),
        ("organisation", "/api/v1/organisations", endpoints.walk_reads),
        ("organisation", "/organisations", endpoints.walk_changes),
    ],
)
async def test_a_breach_is_found(
    town: Town, fresh_world: Settings, table: str, path: str, walk: Callable[[Town], Awaitable[object]]
) -> None:
    town.doors = [door for door in town.doors if door.path.startswith(path)]
    admin = await connect(fresh_world)
    await admin.execute(OPEN.format(table))
    await admin.close()
    await walk(town)
    assert town.findings
