"""Writes the lock files: exact versions with hashes, for every platform, naming no host.

Every release waits a week before it enters a lock, long enough for a hijacked one to be noticed; the exceptions are
named with their reason. `uv.lock` was turned down because it writes the addresses of the package registries.
"""

import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from app.core import clock
from app.launch.bootstrap import ROOT
from app.launch.errors import LaunchError

COOLING_OFF = timedelta(days=7)
WITHOUT_COOLING_OFF = {
    "authlib": "2026-11-18",  # 1.9.9 closes a hole: confidential clients passed without their secret
    "fastapi": "2026-11-19",  # pinned exactly; 0.165.0 was read and probed before it was chosen
}
LOCKS: dict[str, tuple[str, ...]] = {
    "requirements.lock": ("pyproject.toml",),
    "requirements-dev.lock": ("pyproject.toml", "--group", "dev", "--constraint", "requirements.lock"),
    "requirements-assets.lock": ("--group", "assets"),
    "requirements-bootstrap.lock": ("--group", "bootstrap"),
}
"""Lock file → what it is made of. The development lock repeats the other's versions, so it only ever adds packages."""


def write_all(uv: Path, environment: Mapping[str, str]) -> None:
    """Resolve `pyproject.toml` anew with the pinned `uv` and rewrite every lock file.

    Raises:
        LaunchError: no set of versions satisfies the ranges.
    """
    newest = (clock.now() - COOLING_OFF).date().isoformat()
    for name, sources in LOCKS.items():
        command = [str(uv), "pip", "compile", "--quiet", "--upgrade", "--universal", "--python-version=3.11"]
        command += ["--generate-hashes", "--no-emit-index-url", "--custom-compile-command=./commons lock"]
        command += [f"--exclude-newer={newest}", f"--output-file={name}", *sources]
        command += [
            f"--exclude-newer-package={package}={max(day, newest)}"
            for package, day in WITHOUT_COOLING_OFF.items()
        ]
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
            raise LaunchError(f"无法生成 {name}", f"{name} could not be resolved")
