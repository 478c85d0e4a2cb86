"""`commons demo` as a person runs it: a process, its output, signals."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from app.demo import accounts

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 10
WARM_SECONDS = 30
"""On an idle machine it stops in 0.3 s and a warm start takes under 5 s (bench/README.md); tests share theirs."""


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    folder = Path(f"/dev/shm/commons-demo-{os.getpid()}")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Demo:
    """One running `commons demo`."""

    def __init__(self, port: int, data: Path) -> None:
        environment = {
            k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "SECRET_KEY", "BASE_URL"}
        }
        self.address = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "demo", "--port", str(port), "--data", str(data)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def wait_until_announced(self) -> str:
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if "Ctrl-C" in line:
                return said
        raise AssertionError(said)

    def stop(self, number: signal.Signals) -> tuple[int, float]:
        """Its exit code and the seconds it took to end."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(timeout=30), time.monotonic() - began


def commons(data: Path, *arguments: str) -> str:
    """What a command says that is given the data folder of a running demonstration and nothing else."""
    environment = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "SECRET_KEY", "LANG"}}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env=environment | {"DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def processes_of(data: Path) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        if str(data) in command:
            found.append(command)
    return found


def wait_until_nothing_runs(data: Path) -> None:
    deadline = time.monotonic() + 5
    while processes_of(data) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes_of(data) == []


def test_taken_port_is_said_before_anything_begins(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Demo(port, data) as demo:
            said, _ = demo.process.communicate(timeout=30)
    assert demo.process.returncode == 2
    assert said == (
        f"commons: 端口 {port} 已被占用；请停止占用它的程序，或用 --port 换一个端口，例如 --port {port + 1}"
        f" / port {port} is taken; stop the program that uses it, or choose another with --port {port + 1}\n"
    )
    assert not data.exists()


def test_first_run_announces_serves_and_stops_cleanly(data: Path) -> None:
    with Demo(free_port(), data) as demo:
        said = demo.wait_until_announced()
        assert demo.address in said
        assert accounts.LISTING in said
        with urllib.request.urlopen(demo.address) as answer:
            assert answer.status == 200
        assert (data / "secret.key").stat().st_mode & 0o777 == 0o600
        assert "完好" in commons(data, "verify", "audit")
        assert "active" in commons(data, "keys", "list")
        code, seconds = demo.stop(signal.SIGINT)
    assert code == 0
    assert seconds < STOP_SECONDS
    assert processes_of(data) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_later_runs_are_fast_and_leave_nothing_however_they_end(data: Path, number: signal.Signals) -> None:
    began = time.monotonic()
    with Demo(free_port(), data) as demo:
        demo.wait_until_announced()
        assert time.monotonic() - began < WARM_SECONDS
        code, seconds = demo.stop(number)
    assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    assert seconds < STOP_SECONDS
    if number == signal.SIGTERM:
        assert processes_of(data) == []
    wait_until_nothing_runs(data)


def test_ctrl_c_while_it_prepares(data: Path) -> None:
    with Demo(free_port(), data) as demo:
        deadline = time.monotonic() + 30
        while not (data / "postgres" / "postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        code, _ = demo.stop(signal.SIGINT)
    assert code == 0
    wait_until_nothing_runs(data)
