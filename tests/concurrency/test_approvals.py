"""Rival requests approved at the same instant: one is confirmed, whichever way the decisions race."""

import asyncio
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import text

from app.access.permissions import Role
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.instruments.test_booking import day, wish
from tests.support.people import make_person, sign_in
from tests.support.places import make_instrument, make_organisation

RIVALS = 8
CONFIRMED = text("SELECT count(*) FROM booking WHERE status = 'confirmed' AND unit_id = :unit")


@pytest.mark.parametrize("round_", range(3))
async def test_one_of_many_rival_requests_is_confirmed(
    fresh_settings: Settings, fresh_database: Database, round_: int
) -> None:
    app = create_app(fresh_settings, fresh_database)
    place = await make_instrument(fresh_database, "330000", requires_approval=True, pending_holds_slot=False)
    lab = await make_organisation(fresh_database, "310000")
    researcher = await make_person(
        fresh_database, fresh_settings, tenant_id="310000", organisations={lab: Role.MEMBER}
    )
    manager = await make_person(
        fresh_database,
        fresh_settings,
        tenant_id="330000",
        organisations={place.organisation_id: Role.MANAGER},
    )
    base = "http://testserver"
    async with (
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=base) as asking,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=base) as deciding,
    ):
        await sign_in(asking, app, researcher)
        await sign_in(deciding, app, manager)
        asked = []
        for number in range(RIVALS):
            start = day(round_, 9) + timedelta(minutes=15 * (number % 4))
            answer = await asking.post(
                "/api/v1/bookings", json=wish(place, start, start + timedelta(hours=2))
            )
            assert answer.status_code == 201, answer.text
            asked.append(answer.json()["id"])

        async def approve(booking_id: str) -> int:
            url = f"/api/v1/bookings/{booking_id}/approve"
            return (await deciding.post(url, json={}, headers={"If-Match": '"v1"'})).status_code

        answers = await asyncio.gather(*(approve(booking_id) for booking_id in asked))
    assert sorted(answers) == [200] + [409] * (RIVALS - 1)
    async with fresh_database.transaction(TenantContext("330000").info()) as session:
        assert await session.scalar(CONFIRMED, {"unit": place.units[0]}) == 1
