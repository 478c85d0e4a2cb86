"""Around every request: its id, its log line, its figures, its size, its faults. Plain ASGI, so that streams pass untouched."""

import re
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from uuid import uuid4

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import Problem
from app.core.logs import logger
from app.core.metrics import REQUESTS, SECONDS
from app.core.problems import problem_json

log = logger("app.request")
_GIVEN_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")
MOST_DIGITS = 18
"""A longer Content-Length needs no reading."""
HUNG_UP = 499
"""What the log calls a request nobody waited for; never sent (nginx's number)."""
LONGEST_ADDRESS = 64
"""Characters of an address that are kept: an IPv6 address with its zone has up to 61."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110 §9.2.1)."""
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestLog:
    """Gives each request an id (a proxy's X-Request-ID is kept), logs one line for it and counts it.

    The path is logged without its query, which may hold what a person typed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = given.decode() if _GIVEN_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = HUNG_UP

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, answer)
            except Exception:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                raise
            finally:
                self._note(scope, status, time.perf_counter() - started)

    @staticmethod
    def _note(scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"]
        REQUESTS.labels(method, route, str(status)).inc()
        SECONDS.labels(method, route).observe(seconds)
        if scope["path"] not in QUIET:
            log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def address_of(request: Request) -> str | None:
    """Where a request came from, as the server saw it; behind a proxy FORWARDED_ALLOW_IPS must name the proxy."""
    return request.client.host[:LONGEST_ADDRESS] or None if request.client else None


def route_of(scope: Scope) -> str:
    """The address with its parameters named instead of filled in: few figures, and nobody's ids."""
    if "route" not in scope:
        return "unmatched"
    path: str = scope["path"]
    for name, value in reversed(scope.get("path_params", {}).items()):
        before, _, after = path.rpartition(str(value))
        path = f"{before}{{{name}}}{after}"
    return path


# Any codec of Python's may be named here, some of them quadratic; we read UTF-8.
_FOREIGN_CHARSET = re.compile(rb"charset\s*=(?!\s*\"?utf-?8\b)", re.IGNORECASE)


class Heads:
    """Answers HEAD as the GET of the same address, without its body (RFC 9110 §9.3.2); the routes know GET only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # A copy: the server goes on knowing that it answers a HEAD.
        await self._app({**scope, "method": "GET"}, receive, without_body)


class Hosts:
    """Answers only for hosts that are ours, so that no address is ever made of a name a stranger wrote.

    Health and figures are asked for by address, by whoever watches this machine.
    """

    def __init__(self, app: ASGIApp, *, ours: Callable[[str], bool], refusal: Problem) -> None:
        self._app = app
        self._ours = ours
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and scope["path"] not in QUIET:
            given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            if len(given) != 1 or not self._ours(hostname(given[0])):
                response = problem_json(self._refusal, Request(scope, receive))
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


_PORT = re.compile(r":\d*$")


def hostname(authority: str) -> str:
    """The host of a Host header, without its port."""
    return _PORT.sub("", authority.lower())


class BodyLimit:
    """Refuses to read a body of more than `limit` bytes, said in Content-Length or counted."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"")
        foreign = _FOREIGN_CHARSET.search(headers.get(b"content-type", b"")) is not None
        size = self._limit + 1 if declared.isdigit() and self._over(declared) else 0

        async def counted() -> Message:
            nonlocal size
            if foreign:
                raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            message = await receive() if size <= self._limit else {}
            size += len(message.get("body", b""))
            if size > self._limit:
                # The framework lets this one kind of error through wherever it reads the body.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, counted, send)

    def _over(self, declared: bytes) -> bool:
        return len(declared) > MOST_DIGITS or int(declared) > self._limit


class Faults:
    """Logs what nobody handled and answers it, inside the other layers, so that they see the answer too."""

    def __init__(self, app: ASGIApp, *, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request.

        Raises:
            Exception: what happened after the answer had begun; the server then cuts the connection.
        """
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            log.info("client_hung_up")
        except Exception:
            if scope["type"] != "http" or begun:
                raise
            log.exception("unhandled_error")
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)
