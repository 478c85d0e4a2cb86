"""The home page tells a signed-in person without an organisation how to get one."""

import httpx2
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from tests.support.people import make_person, sign_in
from tests.support.places import make_instrument

INVITED = 'href="/organisations/apply"'


async def test_who_belongs_nowhere_is_pointed_to_organisations(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    assert INVITED not in (await client.get("/")).text
    await sign_in(client, app, await make_person(database, settings))
    assert INVITED in (await client.get("/")).text
    place = await make_instrument(database, "310000")
    member = await make_person(database, settings, organisations={place.organisation_id: Role.MEMBER})
    await sign_in(client, app, member)
    assert INVITED not in (await client.get("/")).text
