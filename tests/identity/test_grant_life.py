"""What an application was given ends some day, however often it refreshes (RFC 9700 §4.14, ASVS 10.4.8)."""

import httpx2
from fastapi import FastAPI

from app.core.db import Database
from app.settings import Settings
from tests.support.oauth import Pkce, allow, as_sign_in, make_client, redeem
from tests.support.people import make_person, sign_in


async def test_a_scope_the_application_lost_is_not_refreshed(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    web, pkce = await make_client(database, settings, scopes=("openid", "profile", "bookings.read")), Pkce()
    await sign_in(client, app, await make_person(database, settings))
    code = (await allow(client, web.client_id, pkce, scope="profile bookings.read"))["code"]
    form = {
        "grant_type": "refresh_token",
        "refresh_token": (await redeem(client, web, code, pkce)).json()["refresh_token"],
    }
    fewer = """UPDATE oauth_client SET scopes = '["openid", "profile"]' WHERE client_id = :client_id"""
    await as_sign_in(database, settings, fewer, client_id=web.client_id)
    auth = (web.client_id, web.secret or "")
    wider = await client.post("/oauth/token", data=form | {"scope": "bookings.read"}, auth=auth)
    assert (wider.status_code, wider.json()["error"]) == (400, "invalid_scope")
    assert (await client.post("/oauth/token", data=form, auth=auth)).json()["scope"] == "profile"


async def test_refreshing_does_not_lengthen_a_grants_life(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    web = await make_client(database, settings)
    await sign_in(client, app, await make_person(database, settings))
    pkce = Pkce()
    tokens = (await redeem(client, web, (await allow(client, web.client_id, pkce))["code"], pkce)).json()
    until = "SELECT expires_at FROM oauth_grant"
    before = await as_sign_in(database, settings, until)

    async def refresh(token: str) -> httpx2.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return await client.post("/oauth/token", data=form, auth=(web.client_id, web.secret or ""))

    refreshed = await refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200
    assert await as_sign_in(database, settings, until) == before
    await as_sign_in(database, settings, "UPDATE oauth_grant SET expires_at = clock_timestamp()")
    ended = await refresh(refreshed.json()["refresh_token"])
    assert (ended.status_code, ended.json()["error"]) == (400, "invalid_grant")
