"""The platform as real processes: one or more servers on one database."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx2

from app.settings import Settings
from tests.support.server import ROOT

START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(settings: Settings, *, base_url: str) -> dict[str, str]:
    """The environment in which a process finds this database."""
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url or "",
        "DATABASE_ROLES": settings.database_roles,
        "DATABASE_POOL_SIZE": "10",
        "SECRET_KEY": settings.secret,
        "BASE_URL": base_url,
        "LOG_LEVEL": "WARNING",
        "DATA_DIR": str(settings.data_dir),
        "RATE_LIMITS": json.dumps(settings.rate_limits),
    }


def start(settings: Settings, *, port: int | None = None, host: str = "127.0.0.1") -> Served:
    """Start a server; it answers /healthz when this returns. `host`: what browsers call this machine.

    Raises:
        RuntimeError: it did not come up in time.
    """
    port = port or free_port()
    url = f"http://{host}:{port}"
    command = [sys.executable, "-m", "app.cli", "serve", "--no-worker", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment_of(settings, base_url=url))
    wait_until_up(url, process)
    return Served(url, process)


def wait_until_up(url: str, process: subprocess.Popen[bytes], *, path: str = "/healthz") -> None:
    """Return when the server answers.

    Raises:
        RuntimeError: it did not come up in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(url + path).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    process.kill()
    process.wait()
    raise RuntimeError("the server did not start")


@contextmanager
def servers(settings: Settings, count: int = 1, *, host: str = "127.0.0.1") -> Iterator[list[Served]]:
    """Several servers on one database, stopped at the end."""
    with ExitStack() as stack:
        running = []
        for _ in range(count):
            served = start(settings, host=host)
            stack.callback(_stop, served)
            running.append(served)
        yield running


def _stop(served: Served) -> None:
    if served.process.poll() is None:
        served.process.terminate()
    served.process.wait(timeout=10)
