"""A booking is held to the days it lasts: who is not qualified then is told so, with everything else that is wrong."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from app.access.permissions import Role
from tests.instruments.qualifications.conftest import JIANGSU, School
from tests.instruments.test_booking import day, wish
from tests.support.places import make_organisation

URL = "/api/v1/bookings"


async def researcher(school: School) -> httpx2.AsyncClient:
    lab: UUID = await make_organisation(school.database, JIANGSU)
    _, client = await school.person(organisations={lab: Role.MEMBER})
    return client


def codes(answer: httpx2.Response) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


async def book(school: School, client: httpx2.AsyncClient, offset: int, **more: Any) -> httpx2.Response:
    return await client.post(URL, json=wish(school.place, day(offset, 9), day(offset, 11), **more))


async def test_who_is_not_qualified_does_not_book(school: School) -> None:
    client = await researcher(school)
    refused = await book(school, client, 0)
    assert (refused.status_code, codes(refused)) == (422, {"qualification_missing"})
    long = await client.post(URL, json=wish(school.place, day(0, 9), day(0, 20)))
    assert codes(long) == {"qualification_missing", "too_long"}
    await school.qualified(client)
    assert (await book(school, client, 0)).status_code == 201


async def test_a_qualification_that_ends_before_the_day_does_not_count(school: School) -> None:
    client = await researcher(school)
    last = (day(3, 12)).date()
    await school.qualified(client, valid_to=last.isoformat())
    assert (await book(school, client, 3)).status_code == 201
    refused = await book(school, client, 4)
    assert codes(refused) == {"qualification_expired_on_date"}
    over_midnight = wish(school.place, day(3, 23), day(3, 23) + timedelta(hours=2))
    assert codes(await client.post(URL, json=over_midnight)) == {"qualification_expired_on_date"}


async def test_a_manager_lets_somebody_in_for_a_reason(school: School) -> None:
    refused = await book(school, school.manager, 1)
    assert codes(refused) == {"qualification_missing"}
    let = await book(school, school.manager, 1, override_reason="由培训人现场带教")
    assert (let.status_code, let.json()["overridden"]) == (201, ["qualification_missing"])
