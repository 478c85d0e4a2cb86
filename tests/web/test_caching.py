"""What caches may keep: public files and keys, never what a signed-in caller reads, nor a redirect that carries a code."""

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from tests.support.oauth import password_sign_in
from tests.support.people import PASSWORD, make_person, sign_in


@pytest.mark.parametrize(
    "path", ["/", "/instruments", "/organisations/export.csv", "/api/v1/instruments", "/api/v1/organisations"]
)
async def test_an_answer_depends_on_who_asks(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, path: str
) -> None:
    visitors = await client.get(path)
    assert (visitors.status_code, visitors.headers["cache-control"]) == (200, "no-cache")
    await sign_in(client, app, await make_person(database, settings, roles=[Role.PROVINCE_ADMIN]))
    own = await client.get(path)
    assert (own.status_code, own.headers["cache-control"]) == (200, "no-store")
    for answer in (visitors, own):
        assert {"authorization", "cookie", "accept-language"} <= {
            name.strip().lower() for name in answer.headers["vary"].split(",")
        }


async def test_a_refusal_is_not_kept_either(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await sign_in(client, app, await make_person(database, settings))
    for path in ("/audit", "/api/v1/audit-events"):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (403, "no-store")


@pytest.mark.parametrize("path", ["/static/css/base.css", "/.well-known/openid-configuration", "/oauth/jwks"])
async def test_what_is_public_stays_cacheable(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, path: str
) -> None:
    await sign_in(client, app, await make_person(database, settings))
    answer = await client.get(path)
    assert answer.headers["cache-control"].startswith("public")
    assert "cookie" not in answer.headers.get("vary", "").lower()


async def test_sign_in_leaves_nothing_behind(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name="shen.zhixing")
    seen: list[httpx2.Response] = []

    async def see(response: httpx2.Response) -> None:
        seen.append(response)

    client.event_hooks["response"].append(see)
    await password_sign_in(client, login_name="shen.zhixing", password=PASSWORD)
    on_the_way = {one.url.path: one.headers["cache-control"] for one in seen if one.status_code == 303}
    assert on_the_way.keys() >= {"/oauth/authorize/decision", "/sign-in/callback"}
    assert set(on_the_way.values()) == {"no-store"}
    refused = await client.post("/oauth/token", data={"grant_type": "x"})
    assert (refused.status_code, refused.headers["cache-control"]) == (401, "no-store")


@pytest.mark.parametrize("path", ["/instruments/", "/api/v1/instruments/", "/static"])
async def test_no_answer_leads_to_the_host_a_stranger_wrote(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"host": "evil.example"})
    assert answer.status_code == 421
    assert "evil.example" not in str(answer.headers) + answer.text
