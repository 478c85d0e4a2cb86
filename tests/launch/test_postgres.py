"""The embedded PostgreSQL: real servers, real kills."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.launch import postgres
from app.launch.errors import LaunchError
from app.launch.postgres import running

ROOT = Path(__file__).parents[2]
USER = """
import sys
from pathlib import Path
from app.launch.postgres import running
with running(Path(sys.argv[1]), durable=False) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder other accounts can reach; pytest's own is private, which has its own test."""
    memory = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else tmp_path
    folder = memory / f"commons-launch-{os.getpid()}-{time.monotonic_ns()}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def query(url: str, *statements: str) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


@contextmanager
def other_user(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that uses the server until its standard input closes."""
    with subprocess.Popen(
        [sys.executable, "-c", USER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def server_pid(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])


def keeper_pid(folder: Path) -> int:
    status = Path(f"/proc/{server_pid(folder)}/status").read_text()
    return int(status.partition("PPid:")[2].split()[0])


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def eventually(condition: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_server_runs_inside_the_block_only(folder: Path) -> None:
    with running(folder, durable=False) as url:
        assert url.startswith("postgresql+asyncpg://postgres:")
        assert query(url, "SHOW server_version_num") >= "180000"
        assert query(url, "CREATE EXTENSION pg_trgm", "SELECT cardinality(show_trgm('机器学习'))") == 5
        assert query(url, "SELECT datlocale FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"
        pid = server_pid(folder)
    assert not is_running(pid)
    with pytest.raises(OSError):  # noqa: PT011 - whichever way the connection is refused
        query(url, "SELECT 1")


def test_superuser_needs_its_password_which_only_we_can_read(folder: Path) -> None:
    with running(folder, durable=False) as url:
        assert (folder / "postgres.password").stat().st_mode & 0o777 == 0o600
        password = url.partition("postgres:")[2].partition("@")[0]
        assert len(password) == 32
        with pytest.raises(asyncpg.InvalidPasswordError):
            query(url.replace(password, "wrong"), "SELECT 1")


def test_restart_keeps_data_and_address(folder: Path) -> None:
    with running(folder) as first:
        query(first, "CREATE TABLE kept AS SELECT 42 AS answer", "SELECT 1")
    with running(folder) as second:
        assert second == first
        assert query(second, "SELECT answer FROM kept") == 42


def test_taken_port_is_left_to_its_owner(folder: Path) -> None:
    with running(folder, durable=False) as first:
        port = int(first.rpartition(":")[2].partition("/")[0])
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with running(folder, durable=False) as second:
            assert second != first
            assert query(second, "SELECT 1") == 1


def test_odd_and_long_paths(folder: Path) -> None:
    odd = folder / "a b & 数据 'q'" / ("long" * 30)
    with running(odd, durable=False) as url:
        assert query(url, "SELECT 1") == 1


def test_private_folder_keeps_its_mode(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with running(folder / "data", durable=False) as url:
        assert query(url, "SELECT 1") == 1
        keeper = keeper_pid(folder / "data")
        server = server_pid(folder / "data")
        os.kill(keeper, signal.SIGKILL)
        assert eventually(lambda: not is_running(server))
    assert folder.stat().st_mode & 0o777 == 0o700


def test_processes_starting_at_once_share_one_server_until_the_last_leaves(folder: Path) -> None:
    with (
        other_user(folder) as (one, first),
        other_user(folder) as (two, second),
        other_user(folder) as (three, third),
    ):
        assert first == second == third
        pid = server_pid(folder)
        one.communicate("")
        two.kill()
        two.wait()
        assert query(third, "SELECT 1") == 1
        assert server_pid(folder) == pid
        three.communicate("")
        assert three.returncode == 0
        assert not is_running(pid)


def test_leaving_and_coming_at_once(folder: Path) -> None:
    script = USER.replace("    sys.stdin.read()\n", "    pass\n") * 5
    users = [
        subprocess.Popen(
            [sys.executable, "-c", script, folder],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        )
        for _ in range(4)
    ]
    assert [user.wait(timeout=120) for user in users] == [0, 0, 0, 0]
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_killed_user_takes_its_server_along(folder: Path) -> None:
    with other_user(folder) as (process, url):
        query(url, "CREATE TABLE kept AS SELECT 42 AS answer", "SELECT 1")
        server, keeper = server_pid(folder), keeper_pid(folder)
        process.kill()
        process.wait()
        assert eventually(lambda: not is_running(server) and not is_running(keeper))
    assert "database system is shut down" in (folder / "postgres.log").read_text()


def test_killed_keeper_takes_its_server_along(folder: Path) -> None:
    with running(folder, durable=False):
        server, keeper = server_pid(folder), keeper_pid(folder)
        os.kill(keeper, signal.SIGKILL)
        assert eventually(lambda: not is_running(server))
        with running(folder, durable=False) as url:
            assert query(url, "SELECT 1") == 1


def test_killed_server_recovers_what_was_committed(folder: Path) -> None:
    with running(folder) as url:
        query(url, "CREATE TABLE kept AS SELECT 42 AS answer", "SELECT 1")
        os.kill(server_pid(folder), signal.SIGKILL)
    assert (folder / "postgres" / "postmaster.pid").exists()
    with running(folder) as url:
        assert query(url, "SELECT answer FROM kept") == 42
    assert "automatic recovery in progress" in (folder / "postgres.log").read_text()


def test_stale_process_id_now_of_somebody_else(folder: Path) -> None:
    with running(folder) as url:
        query(url, "SELECT 1")
    left_behind = folder / "postgres" / "postmaster.pid"
    left_behind.write_text(f"{os.getppid()}\n{folder / 'postgres'}\n1\n5432\n\n127.0.0.1\n0 0\nready   \n")
    with running(folder) as url:
        assert query(url, "SELECT 1") == 1


def test_interrupted_initialisation_is_begun_anew(folder: Path) -> None:
    (folder / "postgres.new" / "base").mkdir(parents=True)
    with running(folder, durable=False) as url:
        assert query(url, "SELECT 1") == 1
    assert not (folder / "postgres.new").exists()


@pytest.mark.parametrize(("version", "said"), [("19", "newer PostgreSQL 19"), ("17", "older PostgreSQL 17")])
def test_cluster_of_another_version_is_left_alone(folder: Path, version: str, said: str) -> None:
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(LaunchError, match=said), running(folder):
        pass
    assert os.listdir(folder / "postgres") == ["PG_VERSION"]  # noqa: PTH208 - names only


def test_folder_that_cannot_be_written(folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file, not a folder")
    try:
        with pytest.raises(LaunchError, match=r"数据目录不可写.*not writable"), running(folder):
            pass
    finally:
        folder.unlink()


def test_too_little_space(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "FREE_BYTES_TO_INITIALISE", 1 << 60)
    with pytest.raises(LaunchError, match=r"磁盘空间不足.*disk is full"), running(folder):
        pass
    assert not (folder / "postgres").exists()


def test_disk_that_fills_up_while_initialising(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder], capture_output=True, check=False
    ).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        monkeypatch.setattr(postgres, "FREE_BYTES_TO_INITIALISE", 0)
        with pytest.raises(LaunchError, match="disk is full"), running(folder):
            pass
        assert not (folder / "postgres").exists()
    finally:
        subprocess.run(["umount", folder], check=True)
