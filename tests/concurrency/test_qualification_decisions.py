"""Two who decide at once, over real connections: one wins, the other is told, and one qualification comes of it."""

import asyncio
from collections import Counter

import httpx2
from fastapi import FastAPI

from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from tests.instruments.qualifications.conftest import API, JIANGSU, make_school
from tests.support.clients import clients_of

ROUNDS = 30


async def test_decisions_grants_and_steps_at_once(fresh_settings: Settings, fresh_database: Database) -> None:
    app: FastAPI = create_app(fresh_settings, fresh_database)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with (
        clients_of(app) as people,
        httpx2.AsyncClient(transport=transport, base_url="http://testserver") as visitor,
    ):
        school = await make_school(app, people, visitor)
        seen: Counter[tuple[int, ...]] = Counter()
        for number in range(ROUNDS):
            _, client = await school.person(JIANGSU, f"人 {number}")
            request_id = await school.ask(client)
            path = f"{API}/requests/{request_id}"
            order = {"level": "assisted", "request_ids": [request_id]}
            deeds = [
                school.manager.post(f"{path}/approve", json={}),
                school.steward.post(f"{path}/decline", json={"reason": "再练"}),
                school.admin.post(f"{path}/approve", json={"level": "observer"}),
                client.post(f"{path}/withdraw"),
                school.admin.post(f"{API}/types/{school.type_id}/grants", json=order),
            ]
            answers = await asyncio.gather(*deeds)
            assert not [one for one in answers if one.status_code >= 500]
            told = answers[4].json()[0]["outcome"]
            won = sum(one.status_code == 200 for one in answers[:4]) + (told == "granted")
            assert won == 1, [one.text for one in answers]
            held = (await client.get(API)).json()["items"]
            status = (await client.get(path)).json()["status"]
            assert len(held) == (1 if status == "approved" else 0)
            seen[tuple(one.status_code for one in answers)] += 1
            if held:
                ends = [
                    school.manager.post(
                        f"{API}/{held[0]['id']}/{step}", json={"reason": "x"}, headers={"if-match": '"v1"'}
                    )
                    for step in ("suspend", "revoke", "suspend")
                ]
                steps = sorted(one.status_code for one in await asyncio.gather(*ends))
                assert steps[0] == 200
                assert set(steps[1:]) <= {409, 412}
        assert len(seen) > 1


async def test_one_request_of_many_clicks(fresh_settings: Settings, fresh_database: Database) -> None:
    app: FastAPI = create_app(fresh_settings, fresh_database)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with (
        clients_of(app) as people,
        httpx2.AsyncClient(transport=transport, base_url="http://testserver") as visitor,
    ):
        school = await make_school(app, people, visitor)
        _, client = await school.person(JIANGSU)
        body = {"type_id": str(school.type_id)}
        answers = await asyncio.gather(*(client.post(f"{API}/requests", json=body) for _ in range(12)))
        assert sorted(one.status_code for one in answers) == [201, *[409] * 11]
