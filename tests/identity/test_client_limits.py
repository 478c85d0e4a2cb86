"""What one application may ask of the OAuth endpoints, wherever it asks from."""

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity.public import Credentials
from app.main import create_app
from app.settings import Settings
from tests.access.test_limits import limited, visiting
from tests.support.oauth import make_client

TOKEN = {"grant_type": "client_credentials"}
ASKS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("client_token", "/oauth/token", TOKEN),
    ("client_token", "/oauth/revoke", {"token": "x"}),
    ("client_token", "/oauth/device_authorization", {"scope": "openid"}),
    ("client_par", "/oauth/par", {"response_type": "code"}),
    ("client_introspection", "/oauth/introspect", {"token": "x"}),
)


async def ask(
    app: FastAPI, path: str, form: dict[str, str], who: Credentials, *, host: str = "192.0.2.1"
) -> httpx2.Response:
    async with visiting(app, host) as http:
        return await http.post(path, data=form, auth=(who.client_id, who.secret or "wrong"))


@pytest.mark.parametrize(("limit", "path", "form"), ASKS)
async def test_an_application_is_counted_over_all_addresses(
    fresh_database: Database, fresh_settings: Settings, limit: str, path: str, form: dict[str, str]
) -> None:
    app = create_app(limited(fresh_settings, **{limit: "2/3600"}), fresh_database)
    system, other = [await make_client(fresh_database, fresh_settings, "system") for _ in range(2)]
    hosts = [f"192.0.2.{number}" for number in (1, 2, 3)]
    answers = [await ask(app, path, form, system, host=host) for host in hosts]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert answers[0].headers["ratelimit-policy"] == f'"{limit}";q=2;w=3600'
    assert answers[0].headers["ratelimit"].startswith(f'"{limit}";r=1;t=')
    refused = answers[2]
    assert refused.json()["error"] == "temporarily_unavailable"
    assert 3590 <= int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["ratelimit"].startswith(f'"{limit}";r=0;t=')
    assert refused.headers["cache-control"] == "no-store"
    assert (await ask(app, path, form, other)).status_code != 429


async def test_who_only_names_it_uses_nothing_up(fresh_database: Database, fresh_settings: Settings) -> None:
    database, settings = fresh_database, fresh_settings
    app = create_app(limited(settings, client_token="1/3600"), database)
    system = await make_client(database, settings, "system")
    public = await make_client(database, settings, "public")
    for _ in range(3):
        guessed = await ask(app, "/oauth/token", TOKEN, Credentials(system.id, system.client_id, None))
        assert guessed.status_code == 401
        async with visiting(app) as http:
            named = await http.post("/oauth/token", data={**TOKEN, "client_id": public.client_id})
        assert (named.status_code, "ratelimit" in named.headers) == (400, False)
    assert (await ask(app, "/oauth/token", TOKEN, system)).status_code == 200
    assert (await ask(app, "/oauth/token", TOKEN, system)).status_code == 429


async def test_at_the_door_too_the_words_are_those_of_oauth(database: Database, settings: Settings) -> None:
    app = create_app(limited(settings, token="1/3600"), database)
    system = await make_client(database, settings, "system")
    assert (await ask(app, "/oauth/token", TOKEN, system)).status_code == 200
    refused = await ask(app, "/oauth/token", TOKEN, system)
    assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
    assert int(refused.headers["retry-after"]) > 3590
    async with visiting(app) as http:
        wrong = await http.get("/oauth/introspect")
    assert (wrong.status_code, wrong.json()["error"]) == (405, "invalid_request")
