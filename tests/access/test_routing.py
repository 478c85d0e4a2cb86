"""How a route is found: without asking every other one, and without losing any."""

import re
from collections import Counter

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
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


def test_no_two_routes_answer_the_same_question(app: FastAPI) -> None:
    """The second would never be asked."""
    doors = [
        (method, re.sub(r"\{[^}]*\}", "{}", str(context.path)))
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
    ]
    assert [door for door, times in Counter(doors).items() if times > 1] == []
