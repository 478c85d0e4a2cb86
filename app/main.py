"""create_app(): settings, lifespan, middleware, error handlers; nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from app import __version__, api, health, site
from app.access.limits.counter import SharedCounter
from app.access.limits.limiter import Limiter
from app.access.limits.middleware import RateLimits
from app.access.limits.policies import in_words, policies
from app.core import openapi
from app.core.db import Database
from app.core.errors import AWAY, InternalError, Misdirected, Problem, problem_of
from app.core.problems import from_http, from_validation, problem_json
from app.core.requests import BodyLimit, Faults, Heads, Hosts, RequestLog
from app.identity.public import OAUTH_ENDPOINTS, authenticate, oauth_error
from app.settings import Settings, settings_from_environment
from app.web.public import SecurityHeaders, problem_page, static_files


def create_app(settings: Settings | None = None, database: Database | None = None) -> FastAPI:
    """The platform as an ASGI application."""
    settings = settings or settings_from_environment()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await app.state.database.close()
        await counting.close()

    app = FastAPI(
        title="Delta Commons 长三角创新资源共享平台",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False},
        # The redirect would be made of the Host header, which anyone may write.
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.database = database or Database(settings.url_for("app"), pool_size=settings.database_pool_size)
    # The limiter asks one thing at a time, also for requests that hold a connection of the pool: it never waits for them.
    counting = database or Database(settings.url_for("app"), pool_size=1, application_name="commons-limits")
    app.state.authenticate = authenticate
    app.include_router(health.router)
    app.include_router(api.router)
    app.include_router(site.router)
    openapi.describe(app, limits=in_words())
    app.mount("/static", static_files(), name="static")
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes)
    counter = SharedCounter(counting, settings)
    limits = policies(settings.rate_limits)
    app.add_middleware(RateLimits, limiter=Limiter(counter.lease), policies=limits, answer=_answer)
    app.add_middleware(Hosts, ours=settings.is_ours, refusal=Misdirected())
    app.add_middleware(Faults, answer=_on_fault)
    app.add_middleware(SecurityHeaders, settings=settings)
    app.add_middleware(RequestLog)
    app.add_middleware(Heads)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    for kind in (DBAPIError, *AWAY):
        app.add_exception_handler(kind, _on_database)
    return app


async def _answer(request: Request, problem: Problem) -> Response:
    """A page for a browser at a page's address, problem+json for everyone else."""
    path = request.url.path
    if path in OAUTH_ENDPOINTS:
        return oauth_error(problem).response()
    machine = path.startswith(("/api/", "/oauth/userinfo", "/.well-known/"))
    if not machine and "text/html" in request.headers.get("accept", ""):
        return await problem_page(request, problem)
    return problem_json(problem, request)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return await _answer(request, error)


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await _answer(request, from_validation(error.errors()))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await _answer(request, from_http(error))


async def _on_database(request: Request, error: Exception) -> Response:
    """Routes outside the entry point, as the endpoints of OAuth are, let through what the database says."""
    problem = problem_of(error)
    if problem is None:
        raise error
    return await _answer(request, problem)


async def _on_fault(request: Request) -> Response:
    return await _answer(request, InternalError())
