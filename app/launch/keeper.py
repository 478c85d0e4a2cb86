"""Keeps one PostgreSQL server running for as long as somebody holds the shared `users` lock, then stops it.

A process of its own, so that whoever started the server may leave, or be killed, without taking it from the others, and
so that Ctrl-C in a terminal reaches the platform but not its database. Run as a script with one JSON argument
(see `app.launch.postgres`); standard library only, because it starts with every warm start. It answers one line:
`ready` or `failed`. When this process itself is killed, the kernel sends the server SIGINT (fast shutdown).
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
START_SECONDS = 300
"""Crash recovery replays up to a full `max_wal_size`; on a slow disk that takes minutes."""
POLL_SECONDS = 0.005


def main(order: dict[str, Any]) -> None:
    """Start the server, say so on standard output, wait for the last user to leave, stop the server."""
    cluster = Path(order["cluster"])
    server = _start(order)
    ready = _wait_until_ready(server, cluster)
    sys.stdout.write("ready\n" if ready else "failed\n")
    sys.stdout.flush()
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    if ready:
        users = os.open(order["users"], os.O_RDWR)
        fcntl.flock(users, fcntl.LOCK_EX)
    server.send_signal(signal.SIGINT)
    server.wait()


def _start(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the server holding the `alive` lock: every process of it inherits the lock, so a free lock means a dead server."""
    alive = os.open(order["alive"], os.O_RDWR)
    fcntl.flock(alive, fcntl.LOCK_EX)
    _forget_dead_server(Path(order["cluster"]))
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def stop_with_keeper() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT))

    with Path(order["log"]).open("ab") as log:
        server = subprocess.Popen(
            order["command"],
            user=order["uid"],
            group=order["gid"],
            extra_groups=None if order["uid"] is None else [],
            preexec_fn=stop_with_keeper,  # noqa: PLW1509 - this process has one thread
            pass_fds=[alive],
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    os.close(alive)
    return server


def _forget_dead_server(cluster: Path) -> None:
    """Remove a postmaster.pid left by a crash: PostgreSQL would believe it as soon as any process has that number again.

    A server started by hand, without our lock, is recognised by its working directory and left to PostgreSQL to refuse.
    """
    pid_file = cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        working = Path(f"/proc/{pid}/cwd").readlink()
    except FileNotFoundError:
        pid_file.unlink(missing_ok=True)
        return
    except (ValueError, OSError):
        working = Path()
    if working != cluster:
        pid_file.unlink(missing_ok=True)


def _wait_until_ready(server: subprocess.Popen[bytes], cluster: Path) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if _is_ready(cluster, server.pid):
            return True
        time.sleep(POLL_SECONDS)
    return False


def _is_ready(cluster: Path, pid: int) -> bool:
    """Line 1 of postmaster.pid is the server's process, line 8 its state (src/include/utils/pidfile.h)."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004


if __name__ == "__main__":
    if os.fork() == 0:  # the caller waits for its child only; the keeper outlives it, reparented
        os.setsid()
        main(json.loads(sys.argv[1]))
