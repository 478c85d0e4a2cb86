"""Around every request: its id, its log line, its figures; and what the log never holds."""

import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.entry import Router, Writes
from app.access.guards import unguarded
from app.core import logs
from app.core.metrics import REGISTRY
from app.core.requests import BodyLimit, Faults, Heads, RequestLog

SECRET = "机密"
router = Router(prefix="/api/v1/echo", dependencies=[unguarded()])


@router.get("/{number}")
async def _number(number: int) -> int:
    return number


@router.get("/broken/{number}")
async def _broken(number: int) -> None:
    raise RuntimeError(number)


@router.get("/broken/row/{number}")
async def _broken_row(number: int, db: Writes) -> None:
    await db.execute(text("SELECT set_config('app.tenant_id', '330000', true)"))
    await db.execute(
        text(
            "INSERT INTO journal_event (kind, subject_type, subject_id, tenant_id, actor_tenant_id) "
            "VALUES ('Bad', 'x', :id, '330000', '330000')"
        ),
        {"id": "机密\n机密"},
    )


@router.get("/broken/value/{kind}")
async def _broken_value(kind: str, db: Writes) -> None:
    statement = {
        "server": "SELECT CAST(CAST(:value AS text) AS int)",
        "driver": "SELECT CAST(:value AS uuid)",
    }
    try:
        await db.execute(text(statement[kind]), {"value": SECRET})
    except Exception as error:
        # As a job's runner does, which knows what was tried.
        raise ExceptionGroup("jobs", [RuntimeError("while importing")]) from error


class Lines(logging.Handler):
    """What would be written to standard error, line by line."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]


@pytest.fixture
def written() -> Iterator[Lines]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure()
    lines = Lines(root.handlers[0].formatter)
    root.handlers = [*before, lines]
    yield lines
    root.handlers, root.level = before, level


def counted(**labels: str) -> float:
    return REGISTRY.get_sample_value("commons_requests_total", labels) or 0


@pytest.mark.parametrize("given", ["12345678", "a-proxy_ID-0123456789", "x" * 64])
async def test_a_proxys_request_id_is_kept(client: httpx2.AsyncClient, given: str) -> None:
    answer = await client.get("/healthz", headers={"x-request-id": given})
    assert answer.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "with space", "ünicode12", "a;b=cdefgh", None])
async def test_a_bad_request_id_is_replaced(client: httpx2.AsyncClient, given: str | None) -> None:
    headers = [] if given is None else [(b"x-request-id", given.encode())]
    answer = await client.get("/healthz", headers=headers)
    assert len(answer.headers["x-request-id"]) == 32
    assert answer.headers["x-request-id"].isalnum()


async def test_each_request_writes_one_line_without_what_was_typed(
    client: httpx2.AsyncClient, written: Lines
) -> None:
    answer = await client.get("/api/v1/nothing/secret-path?q=secret-query")
    (line,) = written.of("request")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "unmatched", 404)
    assert line["ms"] >= 0
    assert "secret" not in json.dumps(written.lines)


async def test_probes_write_no_line(client: httpx2.AsyncClient, written: Lines) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        await client.get(path)
    assert written.of("request") == []


async def test_requests_are_counted_by_route(client: httpx2.AsyncClient) -> None:
    before = counted(method="GET", route="/healthz", status="200")
    unmatched = counted(method="GET", route="unmatched", status="404")
    await client.get("/healthz")
    await client.get("/api/v1/nothing/1")
    assert counted(method="GET", route="/healthz", status="200") == before + 1
    assert counted(method="GET", route="unmatched", status="404") == unmatched + 1


@pytest.fixture
def echo(app: FastAPI, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    app.include_router(router)
    return client


async def test_routes_are_counted_under_their_whole_path(echo: httpx2.AsyncClient) -> None:
    labels = {"method": "GET", "route": "/api/v1/echo/{number}", "status": "200"}
    before = counted(**labels)
    await echo.get("/api/v1/echo/7")
    assert counted(**labels) == before + 1


@pytest.mark.parametrize(
    ("asked", "route"),
    [
        ("/organisations/export.{}", "/organisations/export.{{kind}}"),
        ("/instruments/{}", "/instruments/{{instrument_id}}"),
        ("/static/{}.css", "unmatched"),
        ("/{}", "unmatched"),
    ],
)
async def test_addresses_made_up_by_outsiders_are_counted_as_one(
    client: httpx2.AsyncClient, asked: str, route: str
) -> None:
    for number in range(3):
        assert (await client.get(asked.format(f"made-up-{number}"))).status_code in {404, 422}
    counted_routes = {
        sample.labels.get("route") for metric in REGISTRY.collect() for sample in metric.samples
    }
    assert [found for found in counted_routes if found and "made-up" in found] == []
    assert route.format() in counted_routes


@pytest.mark.parametrize(
    "path", ["/healthz", "/", "/instruments", "/api/v1/instruments", "/static/css/base.css"]
)
async def test_every_address_that_can_be_read_answers_head(client: httpx2.AsyncClient, path: str) -> None:
    read, asked = await client.get(path), await client.head(path)
    assert (asked.status_code, asked.content) == (read.status_code, b"") == (200, b"")
    assert asked.headers["content-type"] == read.headers["content-type"]
    assert asked.headers["content-length"] == read.headers["content-length"]


async def test_head_of_what_is_only_written_is_refused(client: httpx2.AsyncClient) -> None:
    assert (await client.head("/sign-out")).status_code == 405


async def test_a_fault_of_ours_is_found_by_its_request_id(echo: httpx2.AsyncClient, written: Lines) -> None:
    answer = await echo.get("/api/v1/echo/broken/7")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    (line,) = written.of("unhandled_error")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "RuntimeError" in line["exception"]
    assert "test_requests.py" in line["exception"]
    assert [line["status"] for line in written.of("request")] == [500]


async def test_who_hangs_up_while_sending_is_no_fault_of_ours(app: FastAPI, written: Lines) -> None:
    """Else anybody could fill the log and the alarms by breaking off."""
    parts: list[Message] = [
        {"type": "http.request", "body": b"a=b", "more_body": True},
        {"type": "http.disconnect"},
    ]
    answered: list[Message] = []
    headers = [
        (b"host", b"testserver"),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"content-length", b"100"),
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/oauth/token",
        "headers": headers,
        "query_string": b"",
    }

    async def receive() -> Message:
        return parts.pop(0)

    async def send(message: Message) -> None:
        answered.append(message)

    await app(scope, receive, send)
    assert answered == []
    assert written.of("unhandled_error") == []
    assert [line["status"] for line in written.of("request")] == [499]


async def test_a_database_error_is_logged_without_the_row(echo: httpx2.AsyncClient, written: Lines) -> None:
    """PostgreSQL's own message quotes the failing row."""
    answer = await echo.get("/api/v1/echo/broken/row/7")
    assert answer.status_code == 500
    (line,) = written.of("unhandled_error")
    assert "CheckViolation" in line["exception"]
    assert (
        "sqlstate=23514 table_name=journal_event constraint_name=ck_journal_event_kind" in line["exception"]
    )
    assert "INSERT INTO journal_event" in line["exception"]
    assert "机密" not in json.dumps(written.lines, ensure_ascii=False)
    assert "机密" not in answer.text


@pytest.mark.parametrize("kind", ["server", "driver"])
async def test_a_database_error_is_logged_without_the_value(
    echo: httpx2.AsyncClient, written: Lines, kind: str
) -> None:
    """Both PostgreSQL's message and the driver's quote the parameter they cannot read."""
    assert (await echo.get(f"/api/v1/echo/broken/value/{kind}")).status_code == 500
    (line,) = written.of("unhandled_error")
    assert "DBAPIError" in line["exception"]
    assert "RuntimeError: while importing\n\nin a group:\n" in line["exception"]
    assert line["exception"].endswith("ExceptionGroup: jobs (1 sub-exception)")
    assert "机密" not in json.dumps(written.lines, ensure_ascii=False)


@pytest.mark.parametrize("charset", ["punycode", '"IDNA"', "utf-7", "gb18030", "unicode_escape"])
@pytest.mark.parametrize("path", ["/oauth/token", "/sign-out"])
async def test_a_body_in_a_foreign_charset_is_not_read(
    client: httpx2.AsyncClient, path: str, charset: str
) -> None:
    """Any codec of Python's could be named, some of them quadratic."""
    kind = {"content-type": f"application/x-www-form-urlencoded; Charset = {charset}"}
    answer = await client.post(path, content=b"%80" * 1000, headers=kind)
    assert answer.status_code == 415


@pytest.mark.parametrize("charset", ['"UTF-8"', " utf-8", "utf8"])
async def test_utf_8_may_be_named(client: httpx2.AsyncClient, charset: str) -> None:
    kind = {"content-type": f"application/x-www-form-urlencoded; charset={charset}"}
    answer = await client.post("/oauth/token", content=b"grant_type=x", headers=kind)
    assert answer.json()["error"] == "invalid_client"


async def test_libraries_lines_are_json_too(written: Lines) -> None:
    logging.getLogger("some.library").warning("went %s", "wrong")
    (line,) = written.of("went wrong")
    assert line["logger"] == "some.library"
    assert line["level"] == "warning"
    assert line["timestamp"].endswith("Z")


async def nothing(*_: Any) -> Any:
    return None


@pytest.mark.parametrize(
    "around",
    [Heads, RequestLog, partial(BodyLimit, limit=1), partial(Faults, answer=nothing)],
    ids=["heads", "log", "limit", "faults"],
)
async def test_what_is_no_http_passes_untouched(around: Callable[[ASGIApp], ASGIApp]) -> None:
    seen = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    await around(inner)({"type": "lifespan"}, nothing, nothing)
    assert seen == ["lifespan"]


@pytest.mark.parametrize(("kind", "begun"), [("lifespan", False), ("http", True)])
async def test_a_fault_that_cannot_be_answered_reaches_the_server(kind: str, *, begun: bool) -> None:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await Faults(inner, answer=nothing)({"type": kind}, nothing, nothing)
