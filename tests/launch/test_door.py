"""`./commons`: from a copy of the door in a folder with a space, with the real environment behind it."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bootstrap.lock")
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout whose environment is already what its locks say."""
    project = tmp_path / "a project"
    environment = project / ".venv"
    (environment / "bin").mkdir(parents=True)
    prefix = Path(sys.prefix)
    shutil.copy(prefix / "pyvenv.cfg", environment)
    (environment / "lib").symlink_to(prefix / "lib")
    (environment / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    shutil.copytree(
        ROOT / "app" / "launch", project / "app" / "launch", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("__init__.py", "cli.py"):
        shutil.copy(ROOT / "app" / name, project / "app")
    shutil.copy(ROOT / "commons", project)
    for lock in LOCKS:
        shutil.copy(ROOT / lock, project)
        shutil.copy(ROOT / lock, environment)
    return project


def commons(
    door: Path, *arguments: str, cwd: Path, path: str | None = None, offline: bool = False
) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP", "UV"))
    }
    return subprocess.run(
        ["/bin/sh", door, *arguments],
        cwd=cwd,
        env=environment | (OFFLINE if offline else {}) | ({"PATH": path} if path else {}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_hands_over_at_once_when_nothing_changed(project: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    result = commons(project / "commons", "--help", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "usage: commons" in result.stdout
    assert time.monotonic() - began < 2
    assert not (project / ".uv").exists()


def test_works_through_a_link_and_from_the_development_environment(project: Path, tmp_path: Path) -> None:
    link = tmp_path / "linked"
    link.symlink_to(project / "commons")
    result = commons(link, "test", "--help", cwd=Path("/"))
    assert (result.returncode, result.stderr) == (0, "")
    assert "usage: commons test" in result.stdout


def test_old_python_is_named(project: Path, tmp_path: Path) -> None:
    (project / ".venv" / "requirements.lock").write_text("other")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("dirname", "readlink", "cmp"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)
    result = commons(project / "commons", "demo", cwd=tmp_path, path=str(tools))
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed" in result.stderr
    assert "需要 Python 3.11" in result.stderr


def test_changed_lock_is_installed_and_a_failure_leaves_no_stamp(project: Path, tmp_path: Path) -> None:
    (project / "requirements.lock").write_text("changed==1\n")
    result = commons(project / "commons", "demo", cwd=tmp_path, offline=True)
    assert result.returncode == 1
    assert "正在安装运行环境" in result.stderr
    assert "installing failed" in result.stderr
    again = commons(project / "commons", "demo", cwd=tmp_path, offline=True)
    assert again.returncode == 1


def test_second_of_two_waits_and_finds_the_work_done(project: Path) -> None:
    (project / ".uv").mkdir()
    with (project / ".uv" / "lock").open("w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        with subprocess.Popen(
            [sys.executable, project / "app" / "launch" / "bootstrap.py", "requirements.lock"],
            stderr=subprocess.PIPE,
            text=True,
        ) as waiting:
            assert waiting.stderr is not None
            assert "another commons is installing" in waiting.stderr.readline()
            assert waiting.poll() is None
            fcntl.flock(mutex, fcntl.LOCK_UN)
            assert waiting.wait(timeout=10) == 0
            assert waiting.stderr.read() == ""
