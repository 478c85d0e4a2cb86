"""What each list costs: an exact number of statements, the same for one row as for many."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.permissions import Role
from app.core import clock
from app.core.db import Base, Database
from app.settings import Settings
from tests.instruments.test_booking import day, wish
from tests.support.clients import statements_on
from tests.support.database import RolledBackDatabase
from tests.support.people import make_person, sign_in
from tests.support.places import Place, make_instrument

MANY = 4
LISTS = {
    "/api/v1/instruments": 2,
    "/api/v1/bookings": 2,
    "/api/v1/organisations": 2,
    "/api/v1/audit-events": 2,
    "/api/v1/me/sessions": 2,
    "/api/v1/people": 7,
    "/api/v1/codes": 2,
    "/api/v1/codes/gbt13745": 2,
    "/api/v1/instruments/{instrument}/availability?{window}": 3,
    "/instruments": 6,
    "/instruments/{instrument}": 7,
    "/instruments/{instrument}/book": 4,
    "/instruments/{instrument}/units": 4,
    "/instruments/{instrument}/stewards": 5,
    "/instruments/imports": 2,
    "/bookings": 3,
    "/bookings?side=received": 3,
    "/organisations": 4,
    "/audit": 6,
    "/account": 8,  # with the two transactions of what only the sign-in code sees
    "/account/sessions": 2,
    "/people": 9,
    "/organisations/{organisation}/members": 14,
}
"""Statements of each, recognising the caller included."""


@dataclass
class Manager:
    """A Zhejiang officer who manages an organisation, books for it, and has looked around."""

    client: httpx2.AsyncClient
    connection: AsyncConnection
    place: Place

    async def cost(self, path: str) -> int:
        return len(await self.statements(path))

    async def statements(self, path: str) -> list[str]:
        window = {"since": clock.now().isoformat(), "until": (clock.now() + timedelta(days=7)).isoformat()}
        query = str(httpx2.QueryParams(window))
        url = path.format(
            instrument=self.place.instrument_id, organisation=self.place.organisation_id, window=query
        )
        with statements_on(self.connection) as seen:
            answer = await self.client.get(url, headers={"accept": "*/*"})
        assert answer.status_code == 200, answer.text
        return list(seen)


@pytest.fixture
async def manager(
    app: FastAPI, client: httpx2.AsyncClient, database: RolledBackDatabase, settings: Settings
) -> Manager:
    place = await make_instrument(database, "330000")
    person = await make_person(
        database,
        settings,
        tenant_id="330000",
        roles=[Role.AUDITOR],
        organisations={place.organisation_id: Role.MANAGER},
    )
    await sign_in(client, app, person)
    return Manager(client, database.connection, place)


async def grow(manager: Manager, database: Database, number: int) -> None:
    """One more of everything that is listed."""
    other = await make_instrument(database, "330000", units=2)
    for place in (manager.place, other):
        body: dict[str, Any] = wish(place, day(number, 9), day(number, 11))
        assert (await manager.client.post("/api/v1/bookings", json=body)).status_code == 201


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_costs_the_same_however_long(
    manager: Manager, database: RolledBackDatabase, path: str
) -> None:
    await grow(manager, database, 0)
    await manager.cost(path)
    few = await manager.cost(path)
    for number in range(1, MANY):
        await grow(manager, database, number)
    many = await manager.cost(path)
    assert (few, many) == (LISTS[path], LISTS[path])


ABOUT_PEOPLE = (
    "/api/v1/me/",
    "/api/v1/people",
    "/account",
    "/people",
    "/organisations/{organisation}/members",
)
"""What is shown there is identity itself."""
PRINCIPAL = "identity_principal_of_session"
NAMES_SHOWN = {"/instruments/{instrument}/stewards": 1}
"""Statements that fetch names the page shows, beyond what the two leave room for."""


@pytest.mark.parametrize("path", [path for path in LISTS if not path.startswith(ABOUT_PEOPLE)])
async def test_who_is_asking_and_what_they_may_costs_two_statements_at_most(
    manager: Manager, database: RolledBackDatabase, path: str
) -> None:
    await grow(manager, database, 0)
    mine = {mapper.class_.__table__.name for mapper in Base.registry.mappers if of_identity(mapper.class_)}
    asked = [statement for statement in await manager.statements(path) if words(statement) & mine]
    recognised = [statement for statement in await manager.statements(path) if PRINCIPAL in statement]
    assert len(recognised) == 1
    assert len(recognised + asked) <= 2 + NAMES_SHOWN.get(path, 0)


def of_identity(model: type) -> bool:
    return model.__module__.startswith(("app.identity.", "app.access."))


def words(statement: str) -> set[str]:
    return set(re.findall(r"\w+", statement))
