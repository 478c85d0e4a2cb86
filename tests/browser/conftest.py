"""Chromium for the tests that need a real browser; without one they are skipped, except in the continuous check."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.screenshots import ARGUMENTS

Serve = Callable[[FastAPI], Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, started once."""
    executable = shutil.which("chromium")
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing; .ci/run installs it")
        pytest.skip("chromium is not installed (apt-get install chromium fonts-noto-cjk)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application on a free port of this machine, until the end of the block."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn says so by a flag only
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await running


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve applications for the length of the test: `url = await serve(app)`."""
    async with AsyncExitStack() as stack:
        yield lambda app: stack.enter_async_context(served(app))


@pytest.fixture
async def open_page(chromium: Browser) -> AsyncIterator[OpenPage]:
    """A page in a context of its own: `page = await open_page(width=375)`.

    The test fails when a page throws, or tells the console of an error (what the policy blocked shows up there).
    """
    complaints: list[str] = []
    async with AsyncExitStack() as stack:

        async def opened(
            *, width: int = 1280, height: int = 860, zone: str = "Asia/Shanghai", **options: Any
        ) -> Page:
            viewport = {"width": width, "height": height}
            context = await chromium.new_context(
                **{"viewport": viewport, "timezone_id": zone, "locale": "zh-CN", **options}
            )
            stack.push_async_callback(context.close)
            page = await context.new_page()
            page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield opened
    assert complaints == []
