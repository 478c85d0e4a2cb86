"""Runs the platform: uvicorn on uvloop, one process, the worker inside unless told otherwise."""

import asyncio
import errno
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
PORT_TAKEN = 2
POLL_SECONDS = 0.02


def listen(host: str, port: int) -> socket.socket:
    """The socket to serve on, taken before anything heavy begins so that nobody else takes it meanwhile.

    Raises:
        LaunchError: somebody else listens there, or the port needs root.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen(socket.SOMAXCONN)
    except (OSError, OverflowError) as error:
        door.close()
        raise _unavailable(host, port, error) from error
    return door


def _unavailable(host: str, port: int, error: Exception) -> LaunchError:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return LaunchError(
            f"端口 {port} 已被占用；请停止占用它的程序，或用 --port 换一个端口，例如 --port {port + 1}",
            f"port {port} is taken; stop the program that uses it, or choose another with --port {port + 1}",
            exit_code=PORT_TAKEN,
        )
    return LaunchError(
        f"无法监听 {host}:{port}（{error}）",
        f"cannot listen on {host}:{port} ({error})",
        exit_code=PORT_TAKEN,
    )


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


async def _run(server: uvicorn.Server, door: socket.socket, when_ready: Callable[[], None] | None) -> None:
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
