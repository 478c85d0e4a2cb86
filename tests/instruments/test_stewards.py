"""The primary steward: one at most, named by those who appoint."""

import asyncio
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import select

from app.core.db import Database
from app.identity import public as identity
from app.journal.models import JournalEvent
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.support.forms import HTML, submit
from tests.support.people import make_person
from tests.support.places import make_instrument

URL = "/api/v1/instruments"


async def me(client: httpx2.AsyncClient) -> str:
    return str((await client.get("/api/v1/me")).json()["id"])


async def appointed(lab: Lab) -> tuple[str, str, str]:
    """An instrument's stewards: a neighbour, then a member."""
    entry = await lab.create(scope="organisation")
    url = f"{URL}/{entry['id']}/stewards"
    ids = [await me(lab.neighbour), await me(lab.member)]
    for account_id in ids:
        assert (await lab.manager.post(url, json={"account_id": account_id})).status_code == 201
    return url, ids[0], ids[1]


async def test_one_steward_answers_for_the_instrument(lab: Lab) -> None:
    url, first, second = await appointed(lab)
    for account_id in (second, first, first):
        answer = await lab.manager.put(f"{url}/{account_id}/primary")
        assert answer.status_code == 200, answer.text
        told = [(one["account_id"], one["is_primary"]) for one in answer.json()]
        assert told == [(account_id, True), (first if account_id == second else second, False)]
    async with lab.database.transaction(TenantContext(ZHEJIANG).info()) as session:
        wanted = select(JournalEvent).where(JournalEvent.kind == "stewardship.primary_set")
        events = list(await session.scalars(wanted.order_by(JournalEvent.id)))
    assert [(e.before, e.after) for e in events] == [
        (None, {"account_id": second}),
        ({"account_id": second}, {"account_id": first}),
    ]
    assert (await lab.manager.delete(f"{url}/{first}")).status_code == 204
    left = (await lab.manager.get(url)).json()
    assert [(one["account_id"], one["is_primary"]) for one in left] == [(second, False)]


async def test_who_names_the_primary_steward(lab: Lab) -> None:
    url, _, second = await appointed(lab)
    for who, status in (
        ("visitor", 401),
        ("stranger", 404),
        ("member", 403),
        ("neighbour", 403),
        ("auditor", 403),
        ("admin", 200),
    ):
        assert (await getattr(lab, who).put(f"{url}/{second}/primary")).status_code == status, who
    for nobody in (await me(lab.auditor), str(uuid4())):
        assert (await lab.manager.put(f"{url}/{nobody}/primary")).status_code == 404
    assert (await lab.manager.get(url)).json()[0]["account_id"] == second


async def test_the_page_names_the_primary_steward(lab: Lab) -> None:
    api, _, second = await appointed(lab)
    page = api.removeprefix("/api/v1")
    assert (await submit(lab.manager, page, f"{page}/{second}/primary")).status_code == 303
    shown = (await lab.manager.get(page, headers=HTML)).text
    assert "已更换负责人" in shown
    assert f"{page}/{second}/primary" not in shown
    assert "设为负责人" not in (await lab.member.get(page, headers=HTML)).text


async def test_of_two_who_are_named_at_once_one_is_primary(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    place = await make_instrument(fresh_database, ZHEJIANG)
    people = [await make_person(fresh_database, fresh_settings, tenant_id=ZHEJIANG) for _ in range(4)]
    context = TenantContext(ZHEJIANG).info()
    which = {"instrument_id": place.instrument_id}
    async with fresh_database.transaction(context) as session:
        for person in people:
            await identity.add_steward(session, tenant_id=ZHEJIANG, account_id=person.id, **which)

    async def name(account_id: UUID) -> None:
        async with fresh_database.transaction(context) as session:
            await identity.set_primary_steward(session, account_id=account_id, **which)

    for _ in range(25):
        await asyncio.gather(*(name(person.id) for person in people))
        async with fresh_database.transaction(context) as session:
            stewards = await identity.stewards_of(session, place.instrument_id)
        assert [steward.is_primary for steward in stewards] == [True, False, False, False]
