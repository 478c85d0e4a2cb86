"""Clients nobody here wrote, against a real server, by discovery only; and the platform as a client of a foreign issuer."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet

from app.core.db import Database
from app.identity.federation.relying_party import CALLBACK
from app.identity.federation.secrets import keep_client_secret
from app.settings import Settings
from tests.support.jose import jwks_of, new_key
from tests.support.node import NODE, peers
from tests.support.oauth import REDIRECT_URI, answer_of, as_sign_in, journal, make_client, submit
from tests.support.people import Person, make_person, sign_in
from tests.support.processes import servers
from tests.support.server import copy_template, on, settings_for


@dataclass(frozen=True, slots=True)
class Foreign:
    """A server of its own process and database, and a person signed in there."""

    url: str
    database: Database
    settings: Settings
    browser: httpx2.AsyncClient
    person: Person


@pytest.fixture(scope="module")
async def foreign(server: str) -> AsyncIterator[Foreign]:
    name = f"commons_test_{uuid4().hex[:12]}"
    await copy_template(server, name)
    settings = settings_for(on(server, name))
    database = Database(settings.url_for("app"), pool_size=2)
    with servers(settings) as running:
        url = running[0].url
        person = await make_person(database, settings, tenant_id="330000", name="许清禾")
        async with httpx2.AsyncClient(base_url=url) as browser:
            await sign_in(browser, known_app(settings, database), person)
            yield Foreign(url, database, settings, browser, person)
    await database.close()


def known_app(settings: Settings, database: Database) -> FastAPI:
    """What `sign_in` needs to know of the server that runs elsewhere."""
    app = FastAPI()
    app.state.settings, app.state.database = settings, database
    return app


async def consent(browser: httpx2.AsyncClient, url: str) -> httpx2.Response:
    page = await browser.get(url)
    assert page.status_code == 200, page.text
    return await submit(browser, page, decision="allow")


async def discovered(http: Any, url: str) -> dict[str, Any]:
    answer = await http.request("GET", f"{url}/.well-known/openid-configuration", withhold_token=True)
    document: dict[str, Any] = answer.json()
    return document


async def test_authlib_completes_code_with_pkce_by_discovery_only(foreign: Foreign) -> None:
    web = await make_client(foreign.database, foreign.settings)
    async with AsyncOAuth2Client(
        web.client_id,
        web.secret,
        scope="openid profile",
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
    ) as http:
        known = await discovered(http, foreign.url)
        verifier = "v" * 64
        url, state = http.create_authorization_url(
            known["authorization_endpoint"], code_verifier=verifier, nonce="n-1"
        )
        assert create_s256_code_challenge(verifier) in url
        back = await consent(foreign.browser, url)
        token = await http.fetch_token(
            known["token_endpoint"],
            authorization_response=back.headers["location"],
            state=state,
            code_verifier=verifier,
        )
        keys = await http.request("GET", known["jwks_uri"], withhold_token=True)
        claims = jwt.decode(token["id_token"], KeySet.import_key_set(keys.json()), ["ES256"]).claims
        assert (claims["iss"], claims["sub"], claims["nonce"]) == (foreign.url, str(foreign.person.id), "n-1")
        assert (await http.get(known["userinfo_endpoint"])).json()["name"] == "许清禾"
        assert (await http.get(f"{foreign.url}/api/v1/me")).json()["province"] == "330000"
        refreshed = await http.refresh_token(known["token_endpoint"])
        assert refreshed["refresh_token"] != token["refresh_token"]
        about = await http.introspect_token(
            known["introspection_endpoint"], token=refreshed["access_token"], token_type_hint="access_token"
        )
        assert about.json()["active"] is True
        await http.revoke_token(known["revocation_endpoint"], token=refreshed["refresh_token"])
        assert (await http.get(f"{foreign.url}/api/v1/me")).status_code == 401


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_authlib_completes_client_credentials_by_discovery_only(foreign: Foreign, method: str) -> None:
    system = await make_client(foreign.database, foreign.settings, "system", scopes=("instruments.read",))
    async with AsyncOAuth2Client(system.client_id, system.secret, token_endpoint_auth_method=method) as http:
        known = await discovered(http, foreign.url)
        token = await http.fetch_token(known["token_endpoint"], grant_type="client_credentials")
        assert token["scope"] == "instruments.read"
        assert (await http.get(f"{foreign.url}/api/v1/me")).status_code == 403


async def linked_provider(
    app: FastAPI, client: httpx2.AsyncClient, foreign: Foreign, *, tenant_id: str
) -> tuple[Person, str]:
    """The platform as a client of the foreign issuer: a provider of Zhejiang, an account linked to its person."""
    settings, database = app.state.settings, app.state.database
    web = await make_client(foreign.database, foreign.settings, scopes=("openid",))
    callback = "UPDATE oauth_client SET redirect_uris = jsonb_build_array(CAST(:uri AS text)) WHERE id = :id"
    await as_sign_in(
        foreign.database, foreign.settings, callback, uri=settings.base_url + CALLBACK, id=web.id
    )
    provider_id = await as_sign_in(
        database,
        settings,
        """
        INSERT INTO identity_provider
            (tenant_id, name_zh, name_en, issuer, client_id, client_secret, token_auth_method, position)
        VALUES (
            '330000', '浙江统一认证', 'Zhejiang identity', :issuer, :client_id, :secret, 'client_secret_basic', 0
        ) RETURNING id
        """,
        issuer=foreign.url,
        client_id=web.client_id,
        secret=keep_client_secret(settings, str(web.secret)),
    )
    person = await make_person(database, settings, tenant_id=tenant_id, name="许清禾")
    await as_sign_in(
        database,
        settings,
        "INSERT INTO external_identity (tenant_id, account_id, issuer, subject) VALUES (:tenant, :id, :issuer, :subject)",
        tenant=tenant_id,
        id=person.id,
        issuer=foreign.url,
        subject=str(foreign.person.id),
    )
    return person, f"/sign-in/330000/{provider_id}?next=/bookings"


async def test_a_provinces_own_provider_signs_in_by_the_same_path(
    app: FastAPI, client: httpx2.AsyncClient, foreign: Foreign
) -> None:
    person, link = await linked_provider(app, client, foreign, tenant_id="330000")
    assert "浙江统一认证" in (await client.get("/sign-in")).text
    sent = await client.get(link)
    assert sent.headers["location"].startswith(f"{foreign.url}/oauth/authorize?")
    answer = await consent(foreign.browser, sent.headers["location"])
    back = await client.get(answer.headers["location"])
    assert (back.status_code, back.headers["location"]) == (303, "/bookings")
    assert (await client.get("/api/v1/me")).json()["id"] == str(person.id)
    assert (await journal(app.state.database, "330000"))[-1] == "identity.signed_in"


async def test_a_provinces_provider_does_not_open_accounts_of_another(
    app: FastAPI, client: httpx2.AsyncClient, foreign: Foreign
) -> None:
    _, link = await linked_provider(app, client, foreign, tenant_id="310000")
    answer = await consent(foreign.browser, (await client.get(link)).headers["location"])
    refused = await client.get(answer.headers["location"])
    assert refused.status_code == 403
    assert refused.json()["code"] == "identity.account_not_linked"


async def test_the_providers_no_is_told(app: FastAPI, client: httpx2.AsyncClient, foreign: Foreign) -> None:
    _, link = await linked_provider(app, client, foreign, tenant_id="330000")
    page = await foreign.browser.get((await client.get(link)).headers["location"])
    denied = await submit(foreign.browser, page, decision="deny")
    assert answer_of(denied)["error"] == "access_denied"
    refused = await client.get(denied.headers["location"])
    assert (refused.status_code, refused.json()["code"]) == (400, "identity.sign_in_failed")


async def test_a_provider_that_is_down_is_named_and_others_work(
    app: FastAPI, client: httpx2.AsyncClient, foreign: Foreign
) -> None:
    _, link = await linked_provider(app, client, foreign, tenant_id="330000")
    down = "UPDATE identity_provider SET issuer = 'http://127.0.0.1:9' WHERE issuer <> 'self'"
    await as_sign_in(app.state.database, app.state.settings, down)
    refused = await client.get(link)
    assert (refused.status_code, refused.json()["code"]) == (503, "identity.provider_unreachable")
    assert (await client.get("/sign-in")).status_code == 200


async def test_a_provider_that_names_another_issuer_is_refused(
    app: FastAPI, client: httpx2.AsyncClient, foreign: Foreign
) -> None:
    _, link = await linked_provider(app, client, foreign, tenant_id="330000")
    other_name = "UPDATE identity_provider SET issuer = replace(issuer, '127.0.0.1', 'localhost') WHERE issuer <> 'self'"
    await as_sign_in(app.state.database, app.state.settings, other_name)
    assert (await client.get(link)).status_code == 503


FLOWS = {
    "openid_client.mjs": [
        "discovery",
        "code",
        "userinfo",
        "refresh",
        "introspection",
        "revocation",
        "credentials",
        "par",
        "dpop",
        "private_key_jwt",
        "device",
    ],
    "oauth4webapi.mjs": ["discovery", "dpop", "nonce", "private_key_jwt", "device"],
}


@pytest.mark.parametrize("script", FLOWS)
async def test_npm_clients_complete_every_flow(foreign: Foreign, script: str) -> None:
    database, settings, key = foreign.database, foreign.settings, new_key()
    own = ("organisations.read",)
    web = await make_client(database, settings)
    system = await make_client(database, settings, "system", scopes=("instruments.read",))
    public = await make_client(database, settings, "public")
    device = await make_client(database, settings, "public", device_grant=True)
    signing = await make_client(database, settings, "system", scopes=own, jwks=jwks_of(key))
    given = {
        "issuer": foreign.url,
        "redirectUri": REDIRECT_URI,
        "session": foreign.browser.cookies["commons_session"],
        "web": {"id": web.client_id, "secret": web.secret},
        "system": {"id": system.client_id, "secret": system.secret},
        "public": {"id": public.client_id},
        "device": {"id": device.client_id},
        "signing": {"id": signing.client_id, "jwk": key.as_dict(private=True)},
        "subject": str(foreign.person.id),
    }
    ran = await asyncio.create_subprocess_exec(
        NODE,
        script,
        cwd=peers(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(ran.communicate(json.dumps(given).encode()), 200)
    assert ran.returncode == 0, (said + complained).decode()
    assert said.decode().split() == FLOWS[script]
