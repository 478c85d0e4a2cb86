"""A school of Shanghai that teaches a qualification, an instrument that requires it, and people of three provinces."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from tests.support.clients import Clients, clients_of
from tests.support.people import Person, make_person, sign_in
from tests.support.places import Place, make_instrument
from tests.support.qualifications import make_type, require

SHANGHAI, JIANGSU, ANHUI = "310000", "320000", "340000"
API = "/api/v1/qualifications"


@dataclass
class School:
    """Who teaches, who decides, and who wants to learn."""

    app: FastAPI
    database: Database
    settings: Settings
    people: Clients
    place: Place
    type_id: UUID
    visitor: httpx2.AsyncClient
    manager: httpx2.AsyncClient
    admin: httpx2.AsyncClient
    auditor: httpx2.AsyncClient
    steward: httpx2.AsyncClient
    steward_id: UUID
    stranger: httpx2.AsyncClient
    """The admin of a third province."""

    async def person(
        self, tenant_id: str = JIANGSU, name: str = "江苏研究员", **values: Any
    ) -> tuple[Person, httpx2.AsyncClient]:
        """Somebody, and their browser."""
        made = await make_person(self.database, self.settings, tenant_id=tenant_id, name=name, **values)
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
        await sign_in(client, self.app, made)
        return made, await self.people._open.enter_async_context(client)

    async def ask(self, client: httpx2.AsyncClient, **values: Any) -> str:
        """The id of a new request."""
        body = {"type_id": str(self.type_id), "level": "independent", **values}
        answer = await client.post(f"{API}/requests", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def qualified(self, client: httpx2.AsyncClient, **terms: Any) -> dict[str, Any]:
        """The qualification of somebody who asked and was approved."""
        request_id = await self.ask(client)
        answer = await self.manager.post(f"{API}/requests/{request_id}/approve", json=terms)
        assert answer.status_code == 200, answer.text
        (found,) = (await client.get(API)).json()["items"]
        return dict(found)


@pytest.fixture
def settings(worker_settings: Settings, tmp_path: Path) -> Settings:
    """Files of a test go to its own folder."""
    return worker_settings.model_copy(update={"data_dir": tmp_path})


@pytest.fixture
async def school(app: FastAPI, database: Database, client: httpx2.AsyncClient) -> AsyncIterator[School]:
    async with clients_of(app) as people:
        yield await make_school(app, people, client)


async def make_school(app: FastAPI, people: Clients, visitor: httpx2.AsyncClient) -> School:
    """The people and rows of a school, in whatever database the application has."""
    database: Database = app.state.database
    place = await make_instrument(database, SHANGHAI)
    type_id = await make_type(database, place, validity_months=24)
    await require(database, place, type_id)
    managing = {place.organisation_id: Role.MANAGER}
    manager = await people.of(SHANGHAI, name="管理者", organisations=managing)
    steward = await make_person(database, people.settings, tenant_id=SHANGHAI, name="机组")
    school = School(
        app,
        database,
        people.settings,
        people,
        place,
        type_id,
        visitor=visitor,
        manager=manager,
        admin=await people.of(SHANGHAI, name="省管", roles=[Role.PROVINCE_ADMIN]),
        auditor=await people.of(SHANGHAI, name="审计", roles=[Role.AUDITOR]),
        steward=visitor,
        steward_id=steward.id,
        stranger=await people.of(ANHUI, name="外省", roles=[Role.PROVINCE_ADMIN]),
    )
    answer = await manager.post(
        f"/api/v1/instruments/{place.instrument_id}/stewards", json={"account_id": str(steward.id)}
    )
    assert answer.status_code == 201, answer.text
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    browser = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
    await sign_in(browser, app, steward)
    school.steward = await people._open.enter_async_context(browser)
    return school
