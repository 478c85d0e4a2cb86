"""What the lists of qualifications cost: an exact number of statements, the same for one row as for many."""

from datetime import date

import pytest

from app.instruments.qualifications import standing
from app.tenancy.context import TenantContext
from tests.instruments.qualifications.conftest import API, JIANGSU, School
from tests.support.clients import statements_on
from tests.support.database import RolledBackDatabase
from tests.support.forms import HTML
from tests.support.qualifications import make_type, require

LISTS = {
    f"{API}?side=issued": 2,
    f"{API}/requests?side=received": 2,
    f"{API}/types": 3,
    "/qualifications": 3,
    "/qualifications?side=requests": 3,
    "/qualifications?side=issued": 3,
    "/qualifications?side=types": 4,
}
"""Statements of each, recognising the caller included."""


async def more(school: School, number: int) -> None:
    """A type, a request and a qualification more."""
    await make_type(school.database, school.place, f"资格 {number}")
    await school.qualified((await school.person(JIANGSU, f"人 {number}"))[1])


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_costs_the_same_however_long(school: School, path: str) -> None:
    assert isinstance(school.database, RolledBackDatabase)
    costs = []
    for rows in (1, 3):
        for number in range(rows):
            await more(school, rows * 10 + number)
        with statements_on(school.database.connection) as seen:
            answer = await school.manager.get(path, headers=HTML if path.startswith("/q") else {})
        assert answer.status_code == 200
        costs.append(len(seen))
    assert costs == [LISTS[path]] * 2


async def test_a_booking_asks_one_statement_however_much_is_required(school: School) -> None:
    assert isinstance(school.database, RolledBackDatabase)
    person, _ = await school.person()
    for number in range(3):
        await require(
            school.database, school.place, await make_type(school.database, school.place, str(number))
        )
    async with school.database.transaction(TenantContext(JIANGSU).info()) as session:
        with statements_on(school.database.connection) as seen:
            found = await standing.faults(
                session,
                person_id=person.id,
                instrument_id=school.place.instrument_id,
                first=date(2026, 12, 10),
            )
    assert [fault.code for fault in found] == ["qualification_missing"] * 4
    assert len(seen) == 1
