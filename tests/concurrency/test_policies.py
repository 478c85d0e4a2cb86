"""Several managers set one policy at the same instant: one version holds, and the others are told."""

import asyncio
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text

from app.access.permissions import Role
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.support.people import make_person, sign_in
from tests.support.places import make_instrument

HOLDING = text(
    "SELECT count(*) FROM booking_policy WHERE superseded_at IS NULL AND audience = :audience AND instrument_id = :id"
)


@pytest.mark.parametrize("first", [True, False], ids=["none-before", "one-before"])
async def test_one_of_many_versions_holds(
    fresh_settings: Settings, fresh_database: Database, first: bool
) -> None:
    app = create_app(fresh_settings, fresh_database)
    place = await make_instrument(fresh_database, "330000")
    manager = await make_person(
        fresh_database,
        fresh_settings,
        tenant_id="330000",
        organisations={place.organisation_id: Role.MANAGER},
    )
    audience = "enterprise" if first else ""

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://testserver"
    ) as client:
        await sign_in(client, app, manager)

        async def put(number: int) -> int:
            body = {
                "instrument_id": str(place.instrument_id),
                "audience": audience,
                "settings": {"max_min": 60 + number},
                "version": 0 if first else 1,
            }
            key = {"Idempotency-Key": str(uuid4())}
            return (await client.post("/api/v1/booking-policies", json=body, headers=key)).status_code

        answers = await asyncio.gather(*(put(number) for number in range(8)))
    assert sorted(answers) == [201] + [412] * 7
    async with fresh_database.transaction(TenantContext("330000").info()) as session:
        assert await session.scalar(HOLDING, {"audience": audience, "id": place.instrument_id}) == 1
