"""Makes `.venv` from a lock file. Run by `./commons` with the machine's own Python before anything is installed.

One environment serves both locks: the development lock holds the same versions and more, so `./commons test` beside a
running `./commons demo` only adds packages, and nothing takes them away again. A second environment was turned down: it
doubles 250 MB to keep apart two lists that never disagree. uv and its cache live in `.uv/`, nothing outside the project.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".uv"
VENV = ROOT / ".venv"
MACHINE_PYTHON = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
"""The interpreter that has pip, also when this module runs inside the environment, which has none."""
RUN_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
UV_LOCK = "requirements-bootstrap.lock"
PIP_OPTIONS_FOR_OTHERS = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "cert": ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"),
}
"""A mirror or a company's certificate, once configured for pip, holds for uv and npm too, which do not look there."""


def main(lock: str) -> None:
    """Bring `.venv` to what `lock` says, once, however many of us were started at the same time."""
    TOOLS.mkdir(exist_ok=True)
    with _alone():
        if _is_installed(lock):
            return
        if (VENV / DEV_LOCK).exists():
            lock = DEV_LOCK
        say("正在安装运行环境，仅此一次 …", "installing the environment, this once …")
        environment = environment_for_installers()
        uv = pinned_uv(environment)
        for name in (RUN_LOCK, DEV_LOCK):
            if lock == DEV_LOCK or name == RUN_LOCK:
                (VENV / name).unlink(missing_ok=True)
        python = VENV / "bin" / "python"
        if not python.exists():
            _run([uv, "venv", "--quiet", "--clear", "--python", MACHINE_PYTHON, VENV], environment)
        _run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, ROOT / lock], environment)
        shutil.copyfile(ROOT / RUN_LOCK, VENV / RUN_LOCK)
        if lock == DEV_LOCK:
            shutil.copyfile(ROOT / DEV_LOCK, VENV / DEV_LOCK)


def _is_installed(lock: str) -> bool:
    return (VENV / "bin" / "python").exists() and _same(ROOT / lock, VENV / lock)


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


@contextmanager
def _alone() -> Iterator[None]:
    with (TOOLS / "lock").open("a") as mutex:
        try:
            fcntl.flock(mutex, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("另一个 commons 正在安装，等待 …", "another commons is installing, waiting …")
            fcntl.flock(mutex, fcntl.LOCK_EX)
        yield


def environment_for_installers() -> dict[str, str]:
    """Our settings for the installers, below whatever the person has set."""
    environment = {
        "UV_CACHE_DIR": str(TOOLS / "cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    } | os.environ
    options = _pip_options()
    for option in PIP_OPTIONS_FOR_OTHERS.keys() & options.keys():
        for variable in PIP_OPTIONS_FOR_OTHERS[option]:
            environment.setdefault(variable, options[option])
    return environment


def _pip_options() -> dict[str, str]:
    """What pip was told by its files and the environment, by option, for example `{"index-url": …}`."""
    command = [str(MACHINE_PYTHON), "-m", "pip", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    pairs = (line.partition("=") for line in listing.splitlines())
    return {name.rpartition(".")[2]: value.strip("'\"") for name, _, value in pairs}


def pinned_uv(environment: dict[str, str]) -> Path:
    """The pinned uv, installed by pip beside the environment: that needs no ensurepip and ignores PEP 668's marker."""
    uv = TOOLS / "bin" / "uv"
    if uv.exists() and _same(ROOT / UV_LOCK, TOOLS / UV_LOCK):
        return uv
    flags = (
        "--quiet",
        "--upgrade",
        "--require-hashes",
        f"--target={TOOLS}",
        f"--requirement={ROOT / UV_LOCK}",
    )
    _run([_python_with_pip(), "-m", "pip", "install", *flags], environment)
    shutil.copyfile(ROOT / UV_LOCK, TOOLS / UV_LOCK)
    return uv


def _python_with_pip() -> str:
    probe = [str(MACHINE_PYTHON), "-m", "pip", "--version"]
    if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        return str(MACHINE_PYTHON)
    with_pip = TOOLS / "pip"
    probe = [str(MACHINE_PYTHON), "-m", "venv", "--clear", str(with_pip)]
    if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        return str(with_pip / "bin" / "python")
    say(
        "缺少 pip；请先安装，例如 apt install python3-pip",
        "pip is missing; install it, for example: apt install python3-pip",
    )
    sys.exit(1)


def _run(command: Sequence[str | Path], environment: dict[str, str]) -> None:
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        say(
            "安装失败，原因见上；安装需要能访问 Python 软件源，并有约 600 MB 磁盘空间",
            "installing failed for the reason above; it needs a Python package index and about 600 MB of disk",
        )
        sys.exit(1)


def say(chinese: str, english: str) -> None:
    """Tell the person at the terminal what takes time, or what went wrong."""
    sys.stderr.write(f"{chinese} / {english}\n")


if __name__ == "__main__":
    main(sys.argv[1])
