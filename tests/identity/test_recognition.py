"""Who calls: cookies, tokens, and what an authenticated request costs."""

import httpx2
import pytest
from fastapi import FastAPI, Request

from app.access.permissions import Role
from app.access.principal import VISITOR
from app.core.db import Database
from app.core.errors import Unauthorized
from app.identity.recognition import authenticate, cookie_name
from app.settings import Settings
from app.web.public import CsrfFailed
from tests.support.clients import statements_on
from tests.support.database import RolledBackDatabase
from tests.support.oauth import as_sign_in, make_client, tokens_for
from tests.support.people import Person, make_person, sign_in
from tests.support.places import make_organisation


def request_of(app: FastAPI, method: str = "GET", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    path = "/api/v1/me"
    return Request(
        {"type": "http", "method": method, "path": path, "query_string": b"", "headers": raw, "app": app}
    )


@pytest.fixture
async def person(database: Database, settings: Settings) -> Person:
    return await make_person(database, settings, roles=[Role.AUDITOR])


@pytest.fixture
async def cookie(app: FastAPI, client: httpx2.AsyncClient, person: Person) -> str:
    return f"commons_session={await sign_in(client, app, person)}"


async def test_a_session_cookie_gives_the_person(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    organisation = await make_organisation(database, "330000")
    person = await make_person(
        database, settings, tenant_id="330000", organisations={organisation: Role.MANAGER}
    )
    token = await sign_in(client, app, person)
    principal = await authenticate(request_of(app, cookie=f"commons_session={token}"))
    assert (principal.kind, principal.id, principal.tenant_id) == ("person", person.id, "330000")
    assert principal.name == "沈知行"
    assert principal.organisations == {organisation: Role.MANAGER}
    assert principal.roles == frozenset()
    assert principal.stewardships == frozenset()
    assert principal.scopes is None


async def test_a_request_without_cookie_or_token_asks_the_database_nothing(
    app: FastAPI, database: RolledBackDatabase
) -> None:
    with statements_on(database.connection) as said:
        assert await authenticate(request_of(app)) == VISITOR
        assert await authenticate(request_of(app, authorization="Basic eDp5")) == VISITOR
    assert said == []


async def test_a_session_costs_one_statement(app: FastAPI, database: RolledBackDatabase, cookie: str) -> None:
    with statements_on(database.connection) as said:
        assert (await authenticate(request_of(app, cookie=cookie))).roles == {Role.AUDITOR}
    assert len(said) == 1


async def test_a_token_costs_one_statement(
    app: FastAPI, client: httpx2.AsyncClient, database: RolledBackDatabase, settings: Settings
) -> None:
    organisation = await make_organisation(database, "320000")
    system = await make_client(
        database, settings, "system", scopes=("bookings.read",), organisation_id=organisation
    )
    token = (await tokens_for(client, system, grant_type="client_credentials")).json()["access_token"]
    with statements_on(database.connection) as said:
        principal = await authenticate(request_of(app, authorization=f"bearer {token}"))
    assert len(said) == 1
    assert (principal.kind, principal.id, principal.tenant_id) == ("system", system.id, "320000")
    assert principal.roles == {Role.SYSTEM}
    assert principal.organisations == {organisation: Role.MEMBER}
    assert principal.scopes == frozenset({"bookings.read"})


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE browser_session SET revoked_at = clock_timestamp()",
        "UPDATE browser_session SET expires_at = clock_timestamp()",
        "UPDATE browser_session SET last_seen_at = clock_timestamp() - interval '24 hours'",
        "UPDATE account SET status = 'suspended'",
        "UPDATE account SET status = 'closed'",
    ],
)
async def test_a_session_that_ended_makes_a_visitor(
    app: FastAPI, database: Database, settings: Settings, cookie: str, change: str
) -> None:
    await as_sign_in(database, settings, change)
    assert await authenticate(request_of(app, cookie=cookie)) == VISITOR


@pytest.mark.parametrize("value", ["", "unknown", "x" * 5000, "\xff"])
async def test_an_unknown_cookie_makes_a_visitor(app: FastAPI, value: str) -> None:
    assert await authenticate(request_of(app, cookie=f"commons_session={value}")) == VISITOR


async def test_last_seen_is_written_once_a_minute(
    app: FastAPI, database: Database, settings: Settings, cookie: str
) -> None:
    seen = "SELECT last_seen_at FROM browser_session"
    first = await as_sign_in(database, settings, seen)
    await authenticate(request_of(app, cookie=cookie))
    assert await as_sign_in(database, settings, seen) == first
    await as_sign_in(
        database, settings, "UPDATE browser_session SET last_seen_at = last_seen_at - interval '61 seconds'"
    )
    await authenticate(request_of(app, cookie=cookie))
    assert await as_sign_in(database, settings, seen) > first


async def test_a_bad_token_is_told_even_with_a_good_cookie(app: FastAPI, cookie: str) -> None:
    with pytest.raises(Unauthorized):
        await authenticate(request_of(app, cookie=cookie, authorization="Bearer nonsense"))


@pytest.mark.parametrize(
    "headers",
    [{"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "https://evil.example"}],
)
async def test_another_site_does_not_act_with_the_cookie(
    app: FastAPI, cookie: str, headers: dict[str, str]
) -> None:
    with pytest.raises(CsrfFailed):
        await authenticate(request_of(app, "DELETE", cookie=cookie, **headers))
    assert (await authenticate(request_of(app, "GET", cookie=cookie, **headers))).kind == "person"


async def test_the_cookie_has_the_host_prefix_over_tls(settings: Settings) -> None:
    assert cookie_name(settings) == "commons_session"
    assert (
        cookie_name(settings.model_copy(update={"base_url": "https://commons.example"}))
        == "__Host-commons_session"
    )
