"""The platform's own pages: home, the API's documentation, and in development the style guide."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, NamedTuple

from fastapi import Request, Response

from app.access.entry import Reads
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.i18n import Locale
from app.core.problems import locale_of
from app.web import queries, styleguide
from app.web.render import render
from app.web.router import Pages


class Shared(NamedTuple):
    """What a province shares with the reader."""

    instruments: int
    owners: int
    """Organisations that have at least one of them."""


class Suggestion(NamedTuple):
    """Something to look for, and where it is found."""

    name: str
    url: str


Counts = Callable[[ReadSession], Awaitable[Mapping[str, Shared]]]
"""Shared resources the reader can see, by province code."""
Suggestions = Callable[[ReadSession, Locale], Awaitable[Sequence[Suggestion]]]
"""What a reader who looks around may try."""
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]

pages = Pages()


def home(counts: Counts | None = None, suggestions: Suggestions | None = None) -> Pages:
    """The home page; `counts` says what each province shares with the reader, `suggestions` where to look first."""
    router = Pages()

    @router.get("/")
    async def get_home(request: Request, db: Reads, caller: Visitor) -> Response:
        shared = await counts(db) if counts else {}
        return render(
            request,
            "home.html",
            caller=caller,
            invites_to_join=caller.may(Permission.ORGANISATIONS_JOIN)
            and not caller.organisations
            and not caller.roles,
            provinces=await queries.provinces(db),
            shared=shared,
            suggestions=await suggestions(db, locale_of(request)) if suggestions else [],
        )

    return router


@pages.get("/docs")
async def get_docs(request: Request, caller: Visitor) -> Response:
    """The OpenAPI document, readable and to be tried out."""
    return render(request, "docs.html", caller=caller)


@pages.get("/styleguide")
async def get_styleguide(request: Request, caller: Visitor) -> Response:
    """Every component, for those who write pages; not there in production."""
    if request.app.state.settings.environment == "production":
        raise NotFound
    return render(request, "styleguide.html", caller=caller, **styleguide.examples())
