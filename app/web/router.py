"""The router of pages: one request is one transaction, and every form is protected against forgery."""

from collections.abc import Sequence
from typing import Any

from fastapi import Depends
from starlette.responses import HTMLResponse

from app.access.entry import Router
from app.web import csrf, menu


class Pages(Router):
    """A router whose handlers return `render(...)` or `see_other(...)`; `entries` are its links in the menus."""

    def __init__(self, *, entries: Sequence[menu.Entry] = (), **options: Any) -> None:
        super().__init__(
            dependencies=[Depends(csrf.protect)],
            default_response_class=HTMLResponse,
            include_in_schema=False,
            **options,
        )
        menu.add(*entries)
