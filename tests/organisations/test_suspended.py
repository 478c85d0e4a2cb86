"""Nothing new is done in the name of a suspended organisation."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from app.access.permissions import Role
from app.access.principal import VISITOR
from app.core import clock
from app.core.db import Database
from app.instruments.models import Booking, Instrument
from app.organisations import public as organisations
from app.organisations.models import Organisation
from app.tenancy.context import TenantContext
from tests.support.clients import Clients, clients_of
from tests.support.places import make_instrument, make_organisation


@pytest.fixture
async def clients(app: FastAPI) -> AsyncIterator[Clients]:
    async with clients_of(app) as clients:
        yield clients


async def test_its_members_book_no_longer(clients: Clients, database: Database) -> None:
    place = await make_instrument(database, "330000")
    suspended = await make_organisation(database, "310000", status="suspended")
    member = await clients.of("310000", organisations={suspended: Role.MEMBER})
    starts_at = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    wish = {
        "unit_id": str(place.units[0]),
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
        "purpose": "research",
    }
    response = await member.post("/api/v1/bookings", json=wish)
    assert (response.status_code, response.json()["detail"]) == (403, "该单位已停用，不能以其名义预约")
    async with database.transaction(TenantContext("330000").info()) as session:
        assert await session.scalar(select(func.count()).select_from(Booking)) == 0
    async with database.transaction(TenantContext("310000").info()) as session:
        await session.execute(update(Organisation).values(status="active"))
    assert (await member.post("/api/v1/bookings", json=wish)).status_code == 201


async def test_no_instrument_is_registered_for_it(clients: Clients, database: Database) -> None:
    suspended = await make_organisation(database, "330000", status="suspended")
    admin = await clients.of("330000", roles=[Role.PROVINCE_ADMIN])
    new = {
        "organisation_id": str(suspended),
        "inner_id": "T-1",
        "name_zh": "场发射扫描电子显微镜",
        "class_code": "010100",
        "adcode": "330106",
    }
    response = await admin.post("/api/v1/instruments", json=new)
    assert (response.status_code, response.json()["detail"]) == (403, "该单位已停用，不能登记仪器")
    async with database.transaction(TenantContext("330000").info()) as session:
        assert await session.scalar(select(func.count()).select_from(Instrument)) == 0


async def test_names_by_id(database: Database) -> None:
    shown = await make_organisation(database, "330000", "钱塘示例大学")
    hidden = await make_organisation(database, "330000", "不公开", scope="province")
    async with database.transaction(TenantContext("310000").info()) as session:
        assert await organisations.names(session, VISITOR, [shown, hidden]) == {shown: "钱塘示例大学"}
        assert await organisations.names(session, VISITOR, []) == {}
