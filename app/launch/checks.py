"""`commons test`: every check of the project, pytest last."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from app.launch import assets
from app.launch.bootstrap import ROOT

PYTHON_TOOLS = Path(sys.executable).parent
LINTERS = (
    ("ruff", "check", "--quiet"),
    ("ruff", "format", "--check", "--quiet"),
    ("mypy", "--no-error-summary"),
    ("lint-imports", "--no-cache", "--no-logo"),
)
PROCESSES = 2
"""Each holds a database copy and a browser; two fit on the smallest machine we support."""


def run(paths: Sequence[str], *, full: bool, coverage: bool) -> int:
    """Run all checks, or with `paths` (and any options for pytest) only those tests; returns the first failure's exit code."""
    assets.build()
    selection = [] if full else ["-m", "not full"]
    report = ["--cov", "--cov-report=term-missing:skip-covered"] if coverage else []
    if paths:
        return _run("pytest", *selection, *report, *map(_from_root, paths))
    outcomes = [_run(*linter) for linter in LINTERS]
    outcomes.append(_run("pytest", f"--numprocesses={PROCESSES}", *selection, *report))
    return next((code for code in outcomes if code != 0), 0)


def _from_root(argument: str) -> str:
    """A path given from where the person stands, which need not be the project's root; options stay as they are."""
    path, separator, test = argument.partition("::")
    return f"{Path(path).absolute()}{separator}{test}" if Path(path).exists() else argument


def _run(tool: str, *arguments: str) -> int:
    sys.stderr.write(f"{tool} {' '.join(arguments)}\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [PYTHON_TOOLS / tool, *arguments], cwd=ROOT, env=environment, check=False
    ).returncode
