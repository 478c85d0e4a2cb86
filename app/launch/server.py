"""Runs the platform: uvicorn on uvloop, one process, the worker inside unless told otherwise."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import uvicorn
import uvloop
from fastapi import FastAPI

from app import registry  # noqa: F401 - registers the jobs the worker inside runs
from app.core import logs
from app.jobs.worker import Worker
from app.launch.errors import LaunchError
from app.main import create_app
from app.settings import Settings

STARTUP_FAILED = 3
POLL_SECONDS = 0.02
YOUNG_OBJECTS = 20_000
"""How many new objects make the collector look; CPython's 700 are a few requests."""


def serve(
    settings: Settings,
    door: socket.socket,
    *,
    worker: bool,
    grace_seconds: int,
    when_ready: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; open answers get `grace_seconds` to end. The signal is raised again afterwards.

    Raises:
        LaunchError: the application did not start.
    """
    logs.configure(settings.log_level)
    app = create_app(settings)
    if worker:
        _work_inside(app, settings)
    config = uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace_seconds,
    )
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(server, door, when_ready))
    if not server.started:
        raise LaunchError(
            "服务未能启动，原因见上",
            "the server did not start for the reason above",
            exit_code=STARTUP_FAILED,
        )


def _spare_the_collector() -> None:
    """What the start made stays for good and need not be walked again and again: a fifth of a request's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 50, 100)


async def _run(server: uvicorn.Server, door: socket.socket, when_ready: Callable[[], None] | None) -> None:
    _spare_the_collector()
    announcement = asyncio.create_task(_announce(door, when_ready)) if when_ready else None
    await server.serve(sockets=[door])
    if announcement is not None:
        announcement.cancel()


async def _announce(door: socket.socket, when_ready: Callable[[], None]) -> None:
    """Call `when_ready` as soon as /readyz says that database, migrations and worker are there."""
    host, port = door.getsockname()[:2]
    while not await _is_ready(host, port):  # noqa: ASYNC110 - the worker's first heartbeat raises no event here
        await asyncio.sleep(POLL_SECONDS)
    when_ready()


async def _is_ready(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET /readyz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        status = await reader.readline()
        writer.close()
    except OSError:
        return False
    return b" 200 " in status


def _work_inside(app: FastAPI, settings: Settings) -> None:
    """Run a worker for as long as the application runs; it ends first, while its database is still open."""
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def with_worker(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(outer(app))
            await stack.enter_async_context(Worker(app.state.database, settings).running())
            yield

    app.router.lifespan_context = with_worker
