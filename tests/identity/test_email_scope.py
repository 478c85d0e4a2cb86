"""The scope `email` (OpenID Connect Core 1.0 §5.4): asked for in words, told at userinfo, and not in the ID token."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt

from app.core.db import Database
from app.identity.provider.keys import key_ring
from app.identity.public import Credentials
from app.settings import Settings
from tests.support.accounts import ADDRESS, with_address
from tests.support.oauth import Pkce, allow, authorization_query, make_client, redeem
from tests.support.people import make_person, sign_in

WORDS = "读取您的邮箱地址"


@pytest.fixture
async def web(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings, scopes=("openid", "profile", "email"))


async def tokens(http: httpx2.AsyncClient, client: Credentials, scope: str) -> dict[str, Any]:
    pkce = Pkce()
    told = await allow(http, client.client_id, pkce, scope=scope, prompt="consent")
    given: dict[str, Any] = (await redeem(http, client, told["code"], pkce)).json()
    return given


async def userinfo(http: httpx2.AsyncClient, given: dict[str, Any]) -> dict[str, Any]:
    header = {"Authorization": f"Bearer {given['access_token']}"}
    answer: dict[str, Any] = (await http.get("/oauth/userinfo", headers=header)).json()
    return answer


async def test_an_address_is_told_where_it_was_allowed(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, web: Credentials
) -> None:
    person = await with_address(database, settings)
    await sign_in(client, app, person)
    query = authorization_query(web.client_id, Pkce(), scope="openid email")
    assert WORDS in (await client.get("/oauth/authorize", params=query)).text
    given = await tokens(client, web, "openid email")
    about = {"sub": str(person.id), "email": ADDRESS, "email_verified": True}
    assert await userinfo(client, given) == about
    signed = jwt.decode(given["id_token"], await key_ring(app).signing(), ["ES256"]).claims
    assert {"email", "email_verified"} & set(signed) == set()
    without = await tokens(client, web, "openid profile")
    assert set(await userinfo(client, without)) == {"sub", "name", "province"}


async def test_a_person_without_an_address_has_none(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, web: Credentials
) -> None:
    person = await make_person(database, settings)
    await sign_in(client, app, person)
    assert await userinfo(client, await tokens(client, web, "openid email")) == {"sub": str(person.id)}


async def test_discovery_says_so(client: httpx2.AsyncClient) -> None:
    known = (await client.get("/.well-known/openid-configuration")).json()
    assert "email" in known["scopes_supported"]
    assert {"email", "email_verified"} <= set(known["claims_supported"])
