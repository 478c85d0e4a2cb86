"""The router of pages: one request is one transaction, and every form is protected against forgery."""

from collections.abc import Sequence
from typing import Any

from fastapi import Depends, Request, Response
from starlette.responses import HTMLResponse

from app.access.entry import EntryRoute, Handler, Router
from app.web import csrf, menu


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
            dependencies=[Depends(csrf.protect)],
            default_response_class=HTMLResponse,
            include_in_schema=False,
            **options,
        )
        self.route_class = PageRoute
        menu.add(*entries)
