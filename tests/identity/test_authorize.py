"""The authorization endpoint: what it refuses, where it answers, what it asks the person."""

from urllib.parse import urlencode

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import SCOPES as PERMISSION_SCOPES
from app.core.db import Database
from app.identity.provider.clients import KNOWN_SCOPES
from app.identity.provider.consent import WORDS
from app.identity.public import Credentials
from app.settings import Settings
from tests.support.oauth import (
    REDIRECT_URI,
    Pkce,
    allow,
    answer_of,
    as_sign_in,
    authorization_query,
    make_client,
    redeem,
    submit,
)
from tests.support.people import Person, make_person, sign_in

AUTHORIZE = "/oauth/authorize"


@pytest.fixture
async def web(database: Database, settings: Settings) -> Credentials:
    return await make_client(database, settings)


@pytest.fixture
async def person(app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings) -> Person:
    """The person signed in at `client`."""
    made = await make_person(database, settings)
    await sign_in(client, app, made)
    return made


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "https://evil.example/back",
        REDIRECT_URI + "/",
        REDIRECT_URI + "?x=1",
        REDIRECT_URI + "#x",
        REDIRECT_URI.replace("https", "http"),
        "https://client.example@evil.example/back",
        "/back",
        "https://CLIENT.example/back",
    ],
)
async def test_an_unregistered_redirect_uri_is_never_redirected_to(
    client: httpx2.AsyncClient, person: Person, web: Credentials, redirect_uri: str | None
) -> None:
    query = authorization_query(web.client_id, Pkce(), redirect_uri=redirect_uri)
    refused = await client.get(AUTHORIZE, params=query)
    assert refused.status_code == 400
    assert refused.json()["code"] == "identity.client_unknown"
    assert "location" not in refused.headers


@pytest.mark.parametrize("client_id", [None, "unknown", "a\0b", "x" * 500, "客户端"])
async def test_an_unknown_client_is_never_redirected_to(
    client: httpx2.AsyncClient, person: Person, web: Credentials, client_id: str | None
) -> None:
    query = {k: v for k, v in authorization_query("", Pkce()).items() if k != "client_id"}
    query |= {} if client_id is None else {"client_id": client_id}
    assert (await client.get(AUTHORIZE, params=query)).status_code == 400


async def test_a_disabled_client_is_unknown(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    await as_sign_in(
        database, settings, "UPDATE oauth_client SET status = 'disabled' WHERE id = :id", id=web.id
    )
    query = authorization_query(web.client_id, Pkce())
    assert (await client.get(AUTHORIZE, params=query)).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://evil.example/r"}, "request_uri_not_supported"),
        ({"scope": "audit.read"}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"prompt": "none"}, "consent_required"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"nonce": "n" * 1001}, "invalid_request"),
        ({"nonce": "a\0b"}, "invalid_request"),
    ],
)
async def test_a_bad_request_is_answered_to_the_client(
    client: httpx2.AsyncClient,
    person: Person,
    web: Credentials,
    changes: dict[str, str | None],
    error: str,
) -> None:
    query = authorization_query(web.client_id, Pkce(), **changes)
    refused = await client.get(AUTHORIZE, params=query)
    assert refused.status_code == 303
    assert refused.headers["location"].startswith(f"{REDIRECT_URI}?")
    answer = answer_of(refused)
    assert (answer["error"], answer["state"], answer["iss"]) == (
        error,
        "state-of-the-client",
        "http://testserver",
    )
    assert "code" not in answer


async def test_a_repeated_parameter_is_refused(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    query = urlencode([*authorization_query(web.client_id, Pkce()).items(), ("scope", "openid")])
    assert answer_of(await client.get(f"{AUTHORIZE}?{query}"))["error"] == "invalid_request"
    twice = urlencode([*authorization_query(web.client_id, Pkce()).items(), ("redirect_uri", REDIRECT_URI)])
    assert (await client.get(f"{AUTHORIZE}?{twice}")).status_code == 400


async def test_a_system_client_gets_no_code(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person
) -> None:
    system = await make_client(database, settings, "system", scopes=("bookings.read",))
    await as_sign_in(
        database,
        settings,
        "UPDATE oauth_client SET redirect_uris = jsonb_build_array(CAST(:uri AS text)) WHERE id = :id",
        uri=REDIRECT_URI,
        id=system.id,
    )
    query = authorization_query(system.client_id, Pkce())
    assert answer_of(await client.get(AUTHORIZE, params=query))["error"] == "unauthorized_client"


async def test_a_visitor_signs_in_first_and_comes_back(client: httpx2.AsyncClient, web: Credentials) -> None:
    query = authorization_query(web.client_id, Pkce())
    sent = await client.get(AUTHORIZE, params=query)
    assert sent.headers["location"].startswith("/sign-in?next=%2Foauth%2Fauthorize%3F")
    assert answer_of(sent)["next"].startswith(f"{AUTHORIZE}?{urlencode(query)}&since=")


async def test_a_visitor_is_not_asked_when_the_client_forbids_it(
    client: httpx2.AsyncClient, web: Credentials
) -> None:
    query = authorization_query(web.client_id, Pkce(), prompt="none")
    assert answer_of(await client.get(AUTHORIZE, params=query))["error"] == "login_required"


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "0"}])
async def test_the_client_can_have_the_person_sign_in_again(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    person: Person,
    web: Credentials,
    changes: dict[str, str],
) -> None:
    past = "UPDATE browser_session SET authenticated_at = clock_timestamp() - interval '1 minute'"
    await as_sign_in(database, settings, past)
    sent = await client.get(AUTHORIZE, params=authorization_query(web.client_id, Pkce(), **changes))
    assert sent.headers["location"].startswith("/sign-in?next=")
    back = answer_of(sent)["next"]
    assert (await client.get(back)).headers["location"].startswith("/sign-in?next="), "not signed in anew"
    await as_sign_in(database, settings, "UPDATE browser_session SET authenticated_at = clock_timestamp()")
    assert (await client.get(back)).status_code == 200
    forged = back.replace("since=", "since=1")
    assert (await client.get(forged)).headers["location"].startswith("/sign-in?next=")


async def test_consent_says_in_words_what_is_allowed(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    page = await client.get(AUTHORIZE, params=authorization_query(web.client_id, Pkce()))
    assert page.status_code == 200
    for words in ("仪器搜索助手", "读取本人的姓名和所在省份", "读取与本人有关的预约", "client.example"):
        assert words in page.text
    assert "form-action 'self' https://client.example" in page.headers["content-security-policy"]


async def test_consent_gives_a_code_to_the_client(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    answer = await allow(client, web.client_id, Pkce())
    assert set(answer) == {"code", "iss", "state"}
    assert (answer["iss"], answer["state"]) == ("http://testserver", "state-of-the-client")


async def test_the_person_can_say_no(client: httpx2.AsyncClient, person: Person, web: Credentials) -> None:
    page = await client.get(AUTHORIZE, params=authorization_query(web.client_id, Pkce()))
    assert answer_of(await submit(client, page, decision="deny"))["error"] == "access_denied"


async def test_another_site_cannot_consent_for_the_person(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person, web: Credentials
) -> None:
    query = authorization_query(web.client_id, Pkce())
    forged = await client.post(f"{AUTHORIZE}/decision", params=query, data={"decision": "allow"})
    assert forged.status_code == 403
    assert await as_sign_in(database, settings, "SELECT count(*) FROM oauth_code") == 0


async def test_what_was_allowed_before_is_not_asked_again(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce))["code"]
    assert (await redeem(client, web, code, pkce)).status_code == 200
    again = await client.get(AUTHORIZE, params=authorization_query(web.client_id, Pkce(), prompt="none"))
    assert "code" in answer_of(again)
    asked = await client.get(AUTHORIZE, params=authorization_query(web.client_id, Pkce(), prompt="consent"))
    assert asked.status_code == 200


async def test_an_application_without_a_secret_always_asks(
    client: httpx2.AsyncClient, database: Database, settings: Settings, person: Person
) -> None:
    public = await make_client(database, settings, "public")
    pkce = Pkce()
    code = (await allow(client, public.client_id, pkce))["code"]
    assert (await redeem(client, public, code, pkce)).status_code == 200
    again = await client.get(AUTHORIZE, params=authorization_query(public.client_id, Pkce()))
    assert again.status_code == 200


async def test_an_access_token_is_no_browser_session(
    client: httpx2.AsyncClient, person: Person, web: Credentials
) -> None:
    pkce = Pkce()
    code = (await allow(client, web.client_id, pkce))["code"]
    token = (await redeem(client, web, code, pkce)).json()["access_token"]
    client.cookies.clear()
    refused = await client.get(
        AUTHORIZE,
        params=authorization_query(web.client_id, Pkce()),
        headers={"Authorization": f"Bearer {token}"},
    )
    assert refused.status_code == 403


async def test_the_password_form_is_never_skipped_for_our_own_client(
    client: httpx2.AsyncClient, person: Person
) -> None:
    query = authorization_query(
        "commons-web-310000", Pkce(), redirect_uri="http://testserver/sign-in/callback", scope="openid"
    )
    page = await client.get(AUTHORIZE, params=query)
    assert page.status_code == 200
    assert 'type="password"' in page.text
    silent = await client.get(AUTHORIZE, params=query | {"prompt": "none"})
    assert answer_of(silent)["error"] == "login_required"


def test_every_scope_has_plain_words() -> None:
    assert set(WORDS) == set(KNOWN_SCOPES) == {"openid", "email", *PERMISSION_SCOPES}
