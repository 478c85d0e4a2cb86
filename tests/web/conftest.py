"""A browser without a browser: requests against the pages' application, keeping cookies."""

from collections.abc import Callable

import httpx2
import pytest
from fastapi import FastAPI

from app.web import menu

Visit = Callable[[FastAPI], httpx2.AsyncClient]
ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def _own_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests' entries stay out of the other tests' menus."""
    monkeypatch.setattr(menu, "_entries", [])


@pytest.fixture
def visit() -> Visit:
    """A client of an application that accepts HTML and keeps its cookies."""

    def client(app: FastAPI) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=app)
        return httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers={"accept": "text/html"})

    return client
