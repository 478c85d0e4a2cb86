"""Who only looks, an auditor and an operator, is refused at every door that changes something not their own."""

from collections.abc import AsyncIterator

import pytest

from app.access.guards import Guard
from app.access.permissions import MATRIX, Permission, Role
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from tests.isolation import endpoints
from tests.isolation.doors import Door, filled, guards
from tests.isolation.endpoints import Caller, Town, own_id, plain_path
from tests.isolation.world import World, read

pytestmark = pytest.mark.timeout(600)
OWN = {
    Permission.ACCOUNT_MANAGE,
    Permission.APPLICATIONS_OWN,
    Permission.DELEGATIONS_MANAGE,
    Permission.ORGANISATIONS_JOIN,
    Permission.PROFILE_READ,
    Permission.PUBLIC,
    Permission.QUALIFICATIONS_REQUEST,
}
"""What concerns nobody but the caller."""
RUNS = {
    "POST /api/v1/operations/jobs/{job_id}/run",
    "POST /operations/jobs/{job_id}/run",
    "POST /audit/integrity/verify",
    "POST /audit/integrity/export",
}
"""What an operator, or an auditor, is for."""


@pytest.fixture
async def town(fresh_world: Settings, world: World) -> AsyncIterator[Town]:
    database = Database(fresh_world.url_for("app"), pool_size=4)
    async with endpoints.town(create_app(fresh_world, database), world, full=False) as made:
        yield made
    await database.close()


def asked(door: Door) -> set[Permission]:
    return {guard.permission for guard in guards(door.route) if isinstance(guard, Guard)}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPERATOR])
async def test_who_only_looks_changes_nothing(
    town: Town, world: World, fresh_world: Settings, role: Role
) -> None:
    before = await read(fresh_world)
    caller = next(one for one in town.callers if one.role is role)
    walked = refused_at_the_door = 0
    for door in town.doors:
        if door.safe or not asked(door) or asked(door) <= OWN or str(door) in RUNS:
            continue
        walked += 1
        answer = await ask(town, world, caller, door)
        assert answer >= 400, str(door)
        if not asked(door) <= MATRIX[Role.PERSON] | MATRIX[role]:
            refused_at_the_door += 1
            assert answer == 403, str(door)
    assert walked > 30
    assert refused_at_the_door > 25
    after = await read(fresh_world)
    for table, rows in before.tables.items():
        if table not in {
            "browser_session",
            "journal_event",
            "journal_tally",
            "login_attempt",
            "idempotency_key",
        }:
            now = {row.key: row.data for row in after.tables[table]}
            assert now == {row.key: row.data for row in rows}, table


async def ask(town: Town, world: World, caller: Caller, door: Door) -> int:
    """A request that fits, about things of the caller's own province where there are any."""
    path = plain_path(door, {name: own_id(world, caller.viewer, name) for name in door.ids})
    body = endpoints.body_of(town, door)
    sent = {"json": body} if body is not None else {"data": filled(door.form())}
    answer = await town.ask(caller, door, path, params=filled(door.queries(required=True)), **sent)
    return answer.status_code
