"""Error pages: the browser's twin of problem+json, made from the same Problem."""

from contextlib import suppress
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from sqlalchemy.exc import SQLAlchemyError

from app.access.guards import ReauthenticationRequired, SecondFactorRequired, caller_of
from app.core.errors import Problem, Unauthorized
from app.web.render import render, see_other

SIGN_IN = "/sign-in"
SECOND_FACTOR = f"{SIGN_IN}/second-factor"
REMEDIES = (
    (Unauthorized, SIGN_IN),
    (SecondFactorRequired, SECOND_FACTOR),
    (ReauthenticationRequired, f"{SIGN_IN}/again"),
)
"""Where a browser is sent to do what is missing, and comes back."""


def here(request: Request) -> str:
    """The page to come back to after signing in: this one, or for a form post the page that held the form."""
    if request.method == "GET":
        return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    try:
        came_from = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if came_from.netloc == request.headers.get("host") and came_from.path.startswith("/"):
        return f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
    return "/"


def sign_in_url(request: Request) -> str:
    """Where to sign in, with the way back."""
    return _by_way_of(SIGN_IN, request)


def _by_way_of(path: str, request: Request) -> str:
    return f"{path}?{urlencode({'next': here(request)})}"


async def problem_page(request: Request, problem: Problem) -> Response:
    """The page that says what went wrong and what to do next; whoever must show who they are is sent to do so."""
    for kind, path in REMEDIES:
        if isinstance(problem, kind):
            return see_other(request, _by_way_of(path, request))
    # The page must come also while the database is away: it is then the visitor's page.
    with suppress(Problem, SQLAlchemyError, OSError, TimeoutError):
        await caller_of(request)
    response = render(
        request,
        "error.html",
        status_code=int(problem.status),
        problem=problem,
        request_id=getattr(request.state, "request_id", None),
    )
    response.headers.update(problem.headers)
    return response
