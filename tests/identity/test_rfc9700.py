"""The attacks of RFC 9700 (OAuth 2.0 Security Best Current Practice) against our provider, each by its section.

What other files hold in full is only named there: §4.5 and §4.10.2 in test_dpop.py, §2.5 in test_private_key_jwt.py.
Not applicable: §4.1.3 and §4.12 (no fragment answers, no 307: see the redirect tests), §4.17 (no postMessage answers).
"""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from app.access.permissions import Role
from app.core.db import Database
from app.identity.provider.keys import key_ring
from app.identity.public import Credentials
from app.settings import Settings
from tests.support.jose import new_key, signed
from tests.support.oauth import (
    LOGGED_OUT_URI,
    REDIRECT_URI,
    Pkce,
    allow,
    answer_of,
    as_sign_in,
    authorization_query,
    journal,
    make_client,
    redeem,
    submit,
    tokens_for,
)
from tests.support.people import Person, make_person, sign_in

AUTHORIZE, ME = "/oauth/authorize", "/api/v1/me"


@pytest.fixture
async def web(database: Database, settings: Settings) -> Credentials:
    """An application of Jiangsu."""
    return await make_client(database, settings)


@pytest.fixture
async def person(app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings) -> Person:
    """A person of Shanghai, signed in at `client`."""
    made = await make_person(database, settings)
    await sign_in(client, app, made)
    return made


async def granted(client: httpx2.AsyncClient, web: Credentials, **changes: str | None) -> dict[str, Any]:
    pkce = Pkce()
    answer = await redeem(client, web, (await allow(client, web.client_id, pkce, **changes))["code"], pkce)
    tokens: dict[str, Any] = answer.json()
    return tokens


async def refresh(client: httpx2.AsyncClient, web: Credentials, token: str) -> httpx2.Response:
    return await tokens_for(client, web, grant_type="refresh_token", refresh_token=token)


async def with_token(client: httpx2.AsyncClient, token: str) -> int:
    return (await client.get(ME, headers={"Authorization": f"Bearer {token}"})).status_code


@pytest.mark.parametrize(
    "uri",
    [
        "https://client.example.evil.example/back",
        "https://client.example/back/../evil",
        "https://client.example/back%2f..%2fevil",
        "https://client.example:443/back",
        "https://client.example/back?next=https://evil.example",
        "https://evil.example/https://client.example/back",
        "https://client.example\\@evil.example/back",
        "//client.example/back",
    ],
)
async def test_4_1_redirect_uris_are_compared_exactly(
    client: httpx2.AsyncClient, person: Person, web: Credentials, uri: str
) -> None:
    refused = await client.get(AUTHORIZE, params=authorization_query(web.client_id, Pkce(), redirect_uri=uri))
    assert (refused.status_code, "location" in refused.headers) == (400, False)


async def test_4_2_pages_with_codes_send_no_referrer_beyond_us(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    page = await client.get(AUTHORIZE, params=authorization_query(web.client_id, Pkce()))
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"


async def test_4_3_no_access_token_in_an_address(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    token = (await granted(client, web))["access_token"]
    client.cookies.clear()
    assert (await client.get("/oauth/userinfo", params={"access_token": token})).status_code == 401
    back = await client.get(
        AUTHORIZE, params=authorization_query(web.client_id, Pkce(), response_type="token")
    )
    assert answer_of(back)["error"] == "unsupported_response_type"


async def test_4_4_answers_name_their_issuer(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    """Mix-up (RFC 9207): also the refusals."""
    assert (await allow(client, web.client_id, Pkce()))["iss"] == "http://testserver"
    refused = await client.get(AUTHORIZE, params=authorization_query(web.client_id, Pkce(), scope="nonsense"))
    assert answer_of(refused)["iss"] == "http://testserver"


async def test_4_5_a_code_is_worth_nothing_in_another_session(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    """Code injection: the stolen code meets the verifier of the attacker's own session."""
    victim, attacker = Pkce(), Pkce()
    code = (await allow(client, web.client_id, victim))["code"]
    assert (await redeem(client, web, code, attacker)).json()["error"] == "invalid_grant"
    assert (await redeem(client, web, code, victim)).json()["error"] == "invalid_grant", "it is used up"


async def test_4_5_a_replayed_code_ends_what_it_gave(
    client: httpx2.AsyncClient, database: Database, person: Person, web: Credentials
) -> None:
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce))["code"]
    tokens = (await redeem(client, web, code, pkce)).json()
    assert (await redeem(client, web, code, pkce)).status_code == 400
    assert await with_token(client, tokens["access_token"]) == 401
    assert (await refresh(client, web, tokens["refresh_token"])).status_code == 400
    assert "oauth_client.grant_revoked" in await journal(database, "320000")


async def test_4_7_another_site_gives_no_consent(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    page = await client.get(AUTHORIZE, params=authorization_query(web.client_id, Pkce()))
    client.headers["origin"] = "https://evil.example"
    assert (await submit(client, page, decision="allow")).status_code == 403
    del client.headers["origin"]
    assert await as_sign_in(database, settings, "SELECT count(*) FROM oauth_code") == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": None, "code_challenge_method": None},
    ],
)
async def test_4_8_pkce_is_not_left_out_or_weakened(
    client: httpx2.AsyncClient, person: Person, web: Credentials, changes: dict[str, str | None]
) -> None:
    query = authorization_query(web.client_id, Pkce(), **changes)
    assert answer_of(await client.get(AUTHORIZE, params=query))["error"] == "invalid_request"


@pytest.mark.parametrize("verifier", [None, "", "x" * 42, "é" * 50])
async def test_4_8_no_exchange_without_the_verifier(
    client: httpx2.AsyncClient, person: Person, web: Credentials, verifier: str | None
) -> None:
    code = (await allow(client, web.client_id, Pkce()))["code"]
    assert (await redeem(client, web, code, Pkce(), code_verifier=verifier)).status_code == 400


async def test_4_10_a_token_for_another_audience_opens_nothing(
    app: FastAPI, client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    tokens = await granted(client, web)
    key = await key_ring(app).signing()
    claims = dict(jwt.decode(tokens["access_token"], key, ["ES256"]).claims)
    for audience in ("http://testserver", "https://other.example", [], ["https://other.example"]):
        forged = signed({"kid": key.kid, "typ": "at+jwt"}, claims | {"aud": audience}, key)
        assert await with_token(client, forged) == 401
    assert await with_token(client, tokens["id_token"]) == 401


@pytest.mark.parametrize(
    "resource", ["https://other.example", "http://testserver", "http://testserver/api/v1/", "x"]
)
async def test_4_10_an_unknown_resource_gets_no_token(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    person: Person,
    web: Credentials,
    resource: str,
) -> None:
    query = authorization_query(web.client_id, Pkce(), resource=resource)
    assert answer_of(await client.get(AUTHORIZE, params=query))["error"] == "invalid_target"
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce, resource="http://testserver/api/v1"))["code"]
    assert (await redeem(client, web, code, pkce, resource=resource)).json()["error"] == "invalid_target"
    tokens = (await redeem(client, web, code, pkce, resource="http://testserver/api/v1")).json()
    refused = await tokens_for(
        client, web, grant_type="refresh_token", refresh_token=tokens["refresh_token"], resource=resource
    )
    assert refused.json()["error"] == "invalid_target"


async def test_4_10_scopes_never_exceed_the_person(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person
) -> None:
    """An application may ask for what its person cannot do; it is told, and gets no further than they."""
    eager = await make_client(database, settings, scopes=("openid", "profile", "audit.read"))
    query = authorization_query(eager.client_id, Pkce(), scope="openid profile audit.read")
    page = await client.get(AUTHORIZE, params=query)
    assert page.text.count("（您目前没有这项权限，该应用也不会有）") == 1
    token = (await granted(client, eager, scope="openid profile audit.read"))["access_token"]
    refused = await client.get("/api/v1/audit-events", headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", LOGGED_OUT_URI + "x", "javascript:x"]
)
async def test_4_11_logout_is_no_open_redirector(
    client: httpx2.AsyncClient, person: Person, web: Credentials, target: str
) -> None:
    query = {"client_id": web.client_id, "post_logout_redirect_uri": target}
    refused = await client.get("/oauth/logout", params=query)
    assert (refused.status_code, "location" in refused.headers) == (400, False)


async def test_4_11_a_wrong_request_goes_nowhere_unregistered(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    query = authorization_query(web.client_id, Pkce(), redirect_uri="https://evil.example/", scope="nonsense")
    refused = await client.get(AUTHORIZE, params=query)
    assert (refused.status_code, "location" in refused.headers) == (400, False)


async def test_4_12_forms_end_with_see_other(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    """Not 307: the browser must not send the person's form on to the application."""
    page = await client.get(AUTHORIZE, params=authorization_query(web.client_id, Pkce()))
    assert (await submit(client, page, decision="allow")).status_code == 303
    by_form = await client.post(AUTHORIZE, data=authorization_query(web.client_id, Pkce()))
    assert by_form.status_code == 303
    assert urlsplit(by_form.headers["location"]).path == AUTHORIZE
    assert (await client.get(by_form.headers["location"])).status_code == 200


async def test_4_14_a_stolen_refresh_token_ends_the_family_and_both_sides_are_told(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    person: Person,
    web: Credentials,
) -> None:
    stolen = (await granted(client, web))["refresh_token"]
    thief = (await refresh(client, web, stolen)).json()
    assert (await refresh(client, web, stolen)).json()["error"] == "invalid_grant", "the victim's"
    assert (await refresh(client, web, thief["refresh_token"])).json()["error"] == "invalid_grant"
    assert await with_token(client, thief["access_token"]) == 401
    assert "oauth_grant.revoked" in await journal(database, "310000")
    assert "oauth_client.grant_revoked" in await journal(database, "320000")
    assert "刷新令牌被重复使用，可能已被盗用" in (await client.get("/account/applications")).text
    alive = "SELECT count(*) FROM oauth_grant WHERE revoked_at IS NULL"
    assert await as_sign_in(database, settings, alive) == 0


async def test_4_15_a_client_never_passes_for_a_person(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    """A system whose client_id is a person's id is still a system."""
    admin = await make_person(database, settings, roles=[Role.PROVINCE_ADMIN])
    system = await make_client(
        database,
        settings,
        "system",
        tenant_id="310000",
        scopes=("openid", "profile"),
        client_id=str(admin.id),
    )
    token = (await tokens_for(client, system, grant_type="client_credentials")).json()["access_token"]
    assert await with_token(client, token) == 403
    userinfo = await client.get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert userinfo.status_code == 403


async def test_4_16_the_pages_are_framed_by_nobody(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    for path in (f"{AUTHORIZE}?{httpx2.QueryParams(authorization_query(web.client_id, Pkce()))}", "/device"):
        page = await client.get(path)
        assert page.status_code == 200
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["x-frame-options"] == "DENY"


def unsigned(claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "at+jwt"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


@pytest.mark.parametrize(
    "kid",
    ["../../../../dev/null", "/etc/passwd", "' OR 1=1 --", "https://evil.example/jwks", "", "x" * 3000],
)
async def test_2_6_a_key_is_found_in_our_set_or_nowhere(
    app: FastAPI, client: httpx2.AsyncClient, person: Person, web: Credentials, kid: str
) -> None:
    claims = dict(
        jwt.decode(
            (await granted(client, web))["access_token"], await key_ring(app).signing(), ["ES256"]
        ).claims
    )
    stranger = new_key()
    for header in ({"kid": kid}, {"kid": kid, "jku": "https://evil.example/jwks"}):
        assert await with_token(client, signed(header | {"typ": "at+jwt"}, claims, stranger)) == 401


async def test_2_6_the_token_does_not_choose_its_algorithm(
    app: FastAPI, client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    key = await key_ring(app).signing()
    claims = dict(jwt.decode((await granted(client, web))["access_token"], key, ["ES256"]).claims)
    public = OctKey.import_key(json.dumps(key.as_dict(private=False)))
    header = {"kid": key.kid, "typ": "at+jwt"}
    poisoned = signed(header | {"jwk": new_key().as_dict(private=False)}, claims, new_key())
    for forged in (unsigned(claims), signed(header, claims, public, "HS256"), poisoned):
        assert await with_token(client, forged) == 401


async def test_2_6_our_keys_are_not_poisoned_by_what_a_token_says(
    app: FastAPI, client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    before = (await client.get("/oauth/jwks")).json()
    stranger = ECKey.generate_key("P-256", {"kid": str(uuid4())})
    await with_token(client, signed({"kid": stranger.kid, "typ": "at+jwt"}, {"sub": "x"}, stranger))
    assert (await client.get("/oauth/jwks")).json() == before


async def test_the_answer_keeps_the_clients_query(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    """What an attacker puts into `state` stays a value of `state`."""
    answer = await allow(client, web.client_id, Pkce(), state="x&code=evil&iss=https://evil.example")
    assert answer["state"] == "x&code=evil&iss=https://evil.example"
    assert parse_qs(urlsplit(REDIRECT_URI).query) == {}
