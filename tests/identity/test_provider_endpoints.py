"""Discovery, introspection, revocation, userinfo and logout of our provider."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.core.errors import Invalid
from app.identity.public import Credentials, Registration, register_client, sign_in_context
from app.main import create_app
from app.settings import Settings
from tests.support.oauth import (
    LOGGED_OUT_URI,
    Pkce,
    allow,
    make_client,
    redeem,
    submit,
    tokens_for,
)
from tests.support.people import Person, make_person, sign_in

BASE = "http://testserver"


@pytest.fixture
async def web(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings)


@pytest.fixture
async def person(app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings) -> Person:
    made = await make_person(database, settings)
    await sign_in(client, app, made)
    return made


@pytest.fixture
async def tokens(client: httpx2.AsyncClient, person: Person, web: Credentials) -> dict[str, Any]:
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce))["code"]
    given: dict[str, Any] = (await redeem(client, web, code, pkce)).json()
    return given


async def call(
    http: httpx2.AsyncClient, path: str, client: Credentials, token: str | None
) -> httpx2.Response:
    form = {"client_id": client.client_id, "client_secret": client.secret, "token": token}
    return await http.post(path, data={name: value for name, value in form.items() if value is not None})


@pytest.mark.parametrize(
    "path", ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
)
async def test_discovery_names_endpoints_that_are_there(client: httpx2.AsyncClient, path: str) -> None:
    document = (await client.get(path)).json()
    assert document["issuer"] == BASE
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code"]
    assert document["authorization_response_iss_parameter_supported"] is True
    for name in (name for name in document if name.endswith("_endpoint") or name == "jwks_uri"):
        assert document[name].startswith(f"{BASE}/oauth/")
        assert (await client.get(document[name])).status_code != 404


async def test_introspection_tells_a_client_of_its_own_tokens(
    client: httpx2.AsyncClient, person: Person, web: Credentials, tokens: dict[str, Any]
) -> None:
    about = (await call(client, "/oauth/introspect", web, tokens["access_token"])).json()
    assert about["active"] is True
    assert about["sub"] == str(person.id)
    assert about["client_id"] == web.client_id
    assert about["scope"] == "openid profile bookings.read"
    assert about["exp"] - about["iat"] == 900
    assert (await call(client, "/oauth/introspect", web, tokens["refresh_token"])).json()["active"] is True


async def test_introspection_tells_nothing_of_others(
    client: httpx2.AsyncClient, database: Database, settings: Settings, tokens: dict[str, Any]
) -> None:
    other = await make_client(database, settings)
    for token in (tokens["access_token"], tokens["refresh_token"], tokens["id_token"], "garbage", None):
        response = await call(client, "/oauth/introspect", other, token)
        assert (response.status_code, response.json()) == (200, {"active": False})


async def test_a_public_client_does_not_introspect(
    client: httpx2.AsyncClient, database: Database, settings: Settings, tokens: dict[str, Any]
) -> None:
    public = await make_client(database, settings, "public")
    refused = await call(client, "/oauth/introspect", public, tokens["access_token"])
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("shown", ["access_token", "refresh_token"])
async def test_revoking_a_token_ends_its_family(
    client: httpx2.AsyncClient, web: Credentials, tokens: dict[str, Any], shown: str
) -> None:
    assert (await call(client, "/oauth/revoke", web, tokens[shown])).status_code == 200
    assert (await call(client, "/oauth/introspect", web, tokens["access_token"])).json() == {"active": False}
    refreshed = await tokens_for(
        client, web, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert refreshed.json()["error"] == "invalid_grant"


async def test_nobody_revokes_the_tokens_of_another_client(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    web: Credentials,
    tokens: dict[str, Any],
) -> None:
    other = await make_client(database, settings)
    assert (await call(client, "/oauth/revoke", other, tokens["refresh_token"])).status_code == 200
    assert (await call(client, "/oauth/revoke", other, tokens["access_token"])).status_code == 200
    assert (await call(client, "/oauth/introspect", web, tokens["access_token"])).json()["active"] is True


async def test_revocation_wants_a_client_and_a_token(client: httpx2.AsyncClient, web: Credentials) -> None:
    assert (await call(client, "/oauth/revoke", web, "garbage")).status_code == 200
    assert (await call(client, "/oauth/revoke", web, None)).json()["error"] == "invalid_request"
    nobody = await client.post("/oauth/revoke", data={"token": "x"})
    assert (nobody.status_code, nobody.json()["error"]) == (401, "invalid_client")


async def test_userinfo_says_who_and_where(
    client: httpx2.AsyncClient, person: Person, tokens: dict[str, Any]
) -> None:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    expected = {"sub": str(person.id), "name": "沈知行", "province": "310000"}
    assert (await client.get("/oauth/userinfo", headers=headers)).json() == expected
    assert (await client.post("/oauth/userinfo", headers=headers)).json() == expected


async def test_userinfo_wants_an_access_token_with_openid(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    assert (await client.get("/oauth/userinfo")).status_code == 401
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce, scope="profile"))["code"]
    token = (await redeem(client, web, code, pkce)).json()["access_token"]
    refused = await client.get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]


async def test_logout_with_the_id_token_ends_the_session_and_goes_back(
    client: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    query = {
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": LOGGED_OUT_URI,
        "state": "s 1",
    }
    out = await client.get("/oauth/logout", params=query)
    assert (out.status_code, out.headers["location"]) == (303, f"{LOGGED_OUT_URI}?state=s+1")
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_logout_by_a_form_of_the_application(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    """It is no form of ours, and brings no session along (RP-Initiated Logout 1.0 §2): the browser comes back by address."""
    form = {"client_id": web.client_id, "post_logout_redirect_uri": LOGGED_OUT_URI, "state": "s 1"}
    sent = await client.post("/oauth/logout", data=form, headers={"origin": "https://client.example"})
    assert (sent.status_code, sent.headers["location"][:14]) == (303, "/oauth/logout?")
    page = await client.get(sent.headers["location"])
    assert page.status_code == 200
    out = await submit(client, page)
    assert out.headers["location"] == f"{LOGGED_OUT_URI}?state=s+1"
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_logout_without_proof_asks_the_person(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    query = {"client_id": web.client_id, "post_logout_redirect_uri": LOGGED_OUT_URI}
    page = await client.get("/oauth/logout", params=query)
    assert page.status_code == 200
    assert (await client.get("/api/v1/me")).status_code == 200
    out = await submit(client, page)
    assert (out.status_code, out.headers["location"]) == (303, LOGGED_OUT_URI)
    assert (await client.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"client_id": "unknown"},
        {"id_token_hint": "forged.token.here"},
    ],
)
async def test_logout_goes_to_registered_addresses_only(
    client: httpx2.AsyncClient, person: Person, web: Credentials, changes: dict[str, str]
) -> None:
    query = {"client_id": web.client_id, "post_logout_redirect_uri": LOGGED_OUT_URI} | changes
    refused = await client.get("/oauth/logout", params=query)
    assert refused.status_code == 400
    assert "location" not in refused.headers
    assert (await client.get("/api/v1/me")).status_code == 200


async def test_an_access_token_is_no_proof_for_logout(
    client: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    query = {"id_token_hint": tokens["access_token"]}
    assert (await client.get("/oauth/logout", params=query)).status_code == 400


async def test_registration_refuses_unsafe_addresses_and_unknown_scopes(
    database: Database, settings: Settings
) -> None:
    for uri in (
        "http://client.example/back",
        "https://client.example/back#x",
        "javascript:alert(1)",
        "https://user@client.example/",
        "client.example",
        "https://[bad",
    ):
        with pytest.raises(Invalid):
            await register_with(database, settings, redirect_uris=(uri,))
    with pytest.raises(Invalid):
        await register_with(database, settings, scopes=("everything",))
    await register_with(database, settings, redirect_uris=("http://127.0.0.1:9000/back",))


async def register_with(database: Database, settings: Settings, **values: Any) -> None:
    wanted: dict[str, Any] = {"tenant_id": "310000", "name": "x", "kind": "web", "scopes": ("openid",)}
    async with database.transaction(sign_in_context(settings).info()) as session:
        await register_client(session, Registration(**(wanted | values)))


async def test_without_the_database_the_endpoints_say_to_come_back(settings: Settings) -> None:
    away = Database("postgresql+asyncpg://nobody@127.0.0.1:9/none", pool_size=1)
    transport = httpx2.ASGITransport(create_app(settings, away), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        asked = {
            "grant_type": "refresh_token",
            "refresh_token": "x",
            "token": "x",
            "client_id": "commons-cli",
        }
        names = ("token", "par", "revoke", "introspect", "device_authorization")
        answers = [await client.post(f"/oauth/{name}", data=asked) for name in names]
        keys = await client.get("/oauth/jwks")
    await away.close()
    assert [(one.status_code, one.json()["error"]) for one in answers] == [
        (503, "temporarily_unavailable")
    ] * 5
    assert keys.status_code == 503
    assert all(int(one.headers["retry-after"]) > 0 for one in (*answers, keys))
