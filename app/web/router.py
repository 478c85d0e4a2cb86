"""The router of pages: one request is one transaction, no access token counts, and every form is protected against forgery."""

from collections.abc import Sequence
from typing import Any

from fastapi import Depends, Request, Response
from starlette.responses import HTMLResponse

from app.access.entry import EntryRoute, Handler, Router
from app.access.guards import caller_of
from app.core.errors import Forbidden
from app.core.i18n import msg
from app.web import csrf, menu


async def _at_a_browser(request: Request) -> None:
    """Pages are for people at a browser: what an access token's scopes allow is said of the API alone.

    Raises:
        Forbidden: the caller came with an access token.
    """
    if (await caller_of(request)).scopes is not None:
        raise Forbidden(msg("访问令牌只用于接口，不能打开网页"))


class PageRoute(EntryRoute):
    """A route that gives back the temporary files of an uploaded form, after the last attempt at its transaction."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def run(request: Request) -> Response:
            try:
                return await handle(request)
            finally:
                await request.close()

        return run


class Pages(Router):
    """A router whose handlers return `render(...)` or `see_other(...)`; `entries` are its links in the menus."""

    def __init__(self, *, entries: Sequence[menu.Entry] = (), **options: Any) -> None:
        super().__init__(
            dependencies=[Depends(_at_a_browser), Depends(csrf.protect)],
            default_response_class=HTMLResponse,
            include_in_schema=False,
            **options,
        )
        self.route_class = PageRoute
        menu.add(*entries)
