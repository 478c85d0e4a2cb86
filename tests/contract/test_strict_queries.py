"""The API refuses query parameters it does not know, and names them."""

import httpx2
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from app.tenancy.policies import PLATFORM
from tests.isolation.doors import doors
from tests.support.clients import clients_of

NOBODYS = "018f3b1e-0000-7000-8000-00000000beef"


async def test_every_get_of_the_api_names_an_unknown_parameter(
    app: FastAPI, database: Database, settings: Settings
) -> None:
    asked = [door for door in doors(app) if door.safe and door.path.startswith("/api/v1/")]
    assert len(asked) > 15
    async with clients_of(app) as clients:
        admin, auditor = [
            await clients.of("330000", roles=[role]) for role in (Role.PROVINCE_ADMIN, Role.AUDITOR)
        ]
        operator = await clients.of(PLATFORM, roles=[Role.OPERATOR])
        for door in asked:
            path = door.path
            for name in door.parameters:
                path = path.replace(f"{{{name}}}", NOBODYS if name in door.ids else "gbt13745")
            answer = await admin.get(f"{path}?zzz=1&limt=2")
            if answer.status_code == 403:
                answer = await auditor.get(f"{path}?zzz=1&limt=2")
            if answer.status_code == 403:
                answer = await operator.get(f"{path}?zzz=1&limt=2")
            assert answer.status_code == 422, (path, answer.text)
            named = {error["field"]: error["code"] for error in answer.json()["errors"]}
            assert {"zzz": "extra_forbidden", "limt": "extra_forbidden"}.items() <= named.items(), path


async def test_what_is_known_still_passes(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/api/v1/codes")).status_code == 200
    assert (await client.get("/api/v1/instruments?limit=2")).status_code == 200


async def test_a_stranger_is_told_to_sign_in_first(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/api/v1/me?zzz=1")).status_code == 401
