"""Who calls: cookies."""

import httpx2
from fastapi import FastAPI, Request

from app.access.permissions import Role
from app.core.db import Database
from app.identity.recognition import authenticate
from app.settings import Settings
from tests.support.people import make_person, sign_in


def request_of(app: FastAPI, headers: dict[str, str], method: str = "GET") -> Request:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "path": "/api/v1/me",
        "query_string": b"",
        "headers": raw,
        "app": app,
    }
    return Request(scope)


async def test_session_cookie_gives_the_person(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await make_person(database, settings, roles=[Role.AUDITOR])
    token = await sign_in(client, app, person)
    principal = await authenticate(request_of(app, {"Cookie": f"commons_session={token}"}))
    assert (principal.kind, principal.id, principal.tenant_id, principal.name) == (
        "person",
        person.id,
        "310000",
        "沈知行",
    )
    assert principal.roles == {Role.AUDITOR}
    assert principal.organisations == {}
    assert principal.scopes is None
    assert principal.session_id is not None
