"""Names a stranger writes: hosts, ways back, and what reaches the log."""

import io
import json
import logging
import re
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI

from app.core import logs
from app.core.db import Database
from app.identity.local_path import local_path
from app.main import create_app
from app.settings import Settings

BASE = "https://commons.example"


async def ask(app: FastAPI, path: str, *hosts: str) -> httpx2.Response:
    """A request with these Host headers, whatever they are."""
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", host.encode("latin-1")) for host in hosts] + [(b"accept", b"text/html")],
        "client": ("192.0.2.1", 1),
        "server": ("10.0.0.1", 80),
        "state": {},
    }
    await app(scope, receive, send)  # type: ignore[arg-type] # ASGI's types are mutable mappings
    start = next(message for message in sent if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")  # type: ignore[misc]
    return httpx2.Response(start["status"], headers=start["headers"], content=body)  # type: ignore[arg-type]


@pytest.fixture
def public(settings: Settings, database: Database) -> FastAPI:
    changed = {
        "base_url": BASE,
        "environment": "production",
        "allowed_hosts": ("www.commons.example",),
    }
    return create_app(settings.model_copy(update=changed), database)


@pytest.mark.parametrize(
    "host", ["commons.example", "commons.example:443", "COMMONS.example", "www.commons.example"]
)
async def test_our_own_names_are_answered(public: FastAPI, host: str) -> None:
    assert (await ask(public, "/sign-in", host)).status_code == 200


@pytest.mark.parametrize(
    "hosts",
    [
        ("evil.example",),
        ("commons.example.evil.example",),
        ("commons.example@evil.example",),
        ("evil.example#commons.example",),
        ("commons.example:443@evil.example",),
        ("10.0.0.1",),
        ("localhost",),
        ("",),
        (),
        ("commons.example", "evil.example"),
    ],
)
async def test_no_other_name_is_answered(public: FastAPI, hosts: tuple[str, ...]) -> None:
    for path in ("/", "/api/v1/codes", "/.well-known/openid-configuration", "/.well-known/security.txt"):
        answer = await ask(public, path, *hosts)
        assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")
        assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_asked_for_by_address(public: FastAPI, path: str) -> None:
    assert (await ask(public, path, "10.0.0.1:8000")).status_code in (200, 503)


async def test_in_development_the_machines_addresses_will_do(settings: Settings, database: Database) -> None:
    app = create_app(settings, database)
    for host in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000", "192.168.1.9"):
        assert (await ask(app, "/sign-in", host)).status_code == 200
    assert (await ask(app, "/sign-in", "rebound.example")).status_code == 421


async def test_addresses_are_made_of_the_configured_one(public: FastAPI) -> None:
    told = (await ask(public, "/.well-known/openid-configuration", "www.commons.example")).json()
    assert {
        value.startswith(BASE)
        for name, value in told.items()
        if name.endswith(("_endpoint", "_uri", "issuer"))
    } == {True}


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "/\u202eevil",
    "/\x00",
    " //evil.example",
    "/" + "a" * 3000,
]


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_no_way_back_leads_elsewhere(client: httpx2.AsyncClient, target: str) -> None:
    assert local_path(target) == "/"
    page = await client.get("/sign-in", params={"next": target}, headers={"accept": "text/html"})
    assert page.status_code == 200
    links = re.findall(r'href="(/sign-in/\d[^"]*)"', page.text)
    assert len(links) == 4
    assert not [link for link in links if "evil" in link or "alert" in link or len(link) > 200]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is written to the log meanwhile."""
    logs.configure()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    if before is not None:
        handler.setStream(before)


HOSTILE = 'x\r\n{"event": "forged"}\x1b[2J\u009b31m\u202egnp.exe\u2028\u200b\ufeff 中文'


async def test_a_log_line_is_one_line_and_hides_nothing(lines: io.StringIO) -> None:
    logs.logger("probe").warning("seen", value=HOSTILE)
    logging.getLogger("a.library").warning("library says %s", HOSTILE)
    logs.logger("probe").error("failed", exc_info=ValueError(HOSTILE))
    text = lines.getvalue()
    assert len(text.splitlines()) == 3
    for line in text.splitlines():
        assert all(character.isprintable() for character in line)
        assert "中文" in line
    assert json.loads(text.splitlines()[0])["value"] == HOSTILE


@pytest.mark.parametrize("path", ["/%0d%0aforged", "/instruments/%1b%5b2J", "/%E2%80%AEfdp", "/%C2%9b31m"])
async def test_requests_leave_nothing_hostile_in_the_log(
    client: httpx2.AsyncClient, lines: io.StringIO, path: str
) -> None:
    await client.get(path, headers={"user-agent": "x\x1b[2J", "x-request-id": "forged\x1b[2J"})
    written = lines.getvalue().splitlines()
    assert len([line for line in written if '"event": "request"' in line]) == 1
    for line in written:
        json.loads(line)
        assert line.isprintable()
        assert "forged" not in line
