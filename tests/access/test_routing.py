"""How a route is found: without asking every other one, and without losing any."""

import httpx2
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

MOST = 150
"""Routes that may be asked for one request; the platform has hundreds."""


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/oauth/token"),
        ("POST", "/oauth/introspect"),
        ("GET", "/api/v1/codes"),
        ("GET", "/api/v1/instruments"),
        ("GET", "/instruments"),
    ],
)
async def test_few_routes_are_asked(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    asked: list[str] = []
    matches = APIRoute.matches

    def counted(self: APIRoute, scope: Scope) -> tuple[Match, Scope]:
        asked.append(self.path)
        return matches(self, scope)

    monkeypatch.setattr(APIRoute, "matches", counted)
    answer = await client.request(method, path)
    assert answer.status_code != 404
    assert 0 < len(asked) <= MOST


async def test_an_address_is_found_with_the_wrong_method_too(client: httpx2.AsyncClient) -> None:
    for path in ("/api/v1/codes", "/oauth/token", "/identity-providers"):
        assert (await client.request("DELETE", path)).status_code == 405
