"""Changes of the register at the same instant: one of them is made, the others are told, and nothing is half done."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx2
import pytest

from app.access.permissions import Role
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from tests.instruments.pictures import png
from tests.support.people import make_person, sign_in
from tests.support.places import make_instrument, make_organisation

URL = "/api/v1/instruments"
CLIENTS, ROUNDS, INSTRUMENTS = 8, 12, 5
PROVINCE = "330000"
TOLD = {"technical": "有", "function": "有", "requirement": "有"}


@dataclass
class Crowd:
    """Managers of one organisation, each with a browser, and its instruments."""

    clients: list[httpx2.AsyncClient]
    instruments: list[str]

    async def versions(self) -> list[int]:
        return [(await self.clients[0].get(f"{URL}/{one}")).json()["version"] for one in self.instruments]


@pytest.fixture
async def crowd(fresh_settings: Settings, fresh_database: Database) -> AsyncIterator[Crowd]:
    app = create_app(fresh_settings, fresh_database)
    owner = await make_organisation(fresh_database, PROVINCE)
    instruments = []
    for number in range(INSTRUMENTS):
        values: dict[str, Any] = {**TOLD, "inner_id": f"N{number}", "organisation_id": owner}
        place = await make_instrument(fresh_database, PROVINCE, units=2, **values)
        instruments.append(str(place.instrument_id))
    clients = []
    for _ in range(CLIENTS):
        person = await make_person(
            fresh_database, fresh_settings, tenant_id=PROVINCE, organisations={owner: Role.MANAGER}
        )
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
        await sign_in(client, app, person)
        clients.append(client)
    yield Crowd(clients, instruments)
    for client in clients:
        await client.aclose()


async def test_of_bulk_edits_at_once_one_is_made_whole(crowd: Crowd) -> None:
    random = Random(4)
    for number in range(ROUNDS):
        versions = dict(zip(crowd.instruments, await crowd.versions(), strict=True))

        def body(client: int, number: int = number, versions: dict[str, int] = versions) -> dict[str, Any]:
            order = random.sample(crowd.instruments, len(crowd.instruments))
            items = [{"instrument_id": one, "version": versions[one]} for one in order]
            return {"instruments": items, "changes": {"department": f"{number}-{client}"}}

        answers = await asyncio.gather(
            *(one.post(f"{URL}/bulk-edit", json=body(place)) for place, one in enumerate(crowd.clients))
        )
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {200: 1, 412: CLIENTS - 1}
        winner = next(place for place, answer in enumerate(answers) if answer.status_code == 200)
        now = [(await crowd.clients[0].get(f"{URL}/{one}")).json() for one in crowd.instruments]
        assert {entry["department"] for entry in now} == {f"{number}-{winner}"}
        assert [entry["version"] for entry in now] == [versions[one] + 1 for one in crowd.instruments]


async def test_of_uploads_at_once_one_is_kept(crowd: Crowd) -> None:
    url = f"{URL}/{crowd.instruments[0]}/files"
    for number in range(4):
        (version, *_) = await crowd.versions()
        answers = await asyncio.gather(
            *(
                one.post(
                    url,
                    files=[("files", (f"{number}-{place}.png", png(shade=16 * number + place)))],
                    headers={"if-match": f'"v{version}"'},
                )
                for place, one in enumerate(crowd.clients)
            )
        )
        assert Counter(answer.status_code for answer in answers) == {201: 1, 412: CLIENTS - 1}
    entry = (await crowd.clients[0].get(f"{URL}/{crowd.instruments[0]}")).json()
    assert [file["name"].partition("-")[0] for file in entry["files"]] == ["0", "1", "2", "3"]
