"""Whoever runs a worker knows every task."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import {module}
from app.jobs.tasks import SCHEDULE, TASKS
print(*sorted(TASKS), *sorted(SCHEDULE), sep="\\n")
"""


@pytest.mark.parametrize("module", ["app.launch.server", "app.registry"])
def test_entry_points_register_the_tasks(module: str) -> None:
    command = [sys.executable, "-c", PROGRAM.format(module=module)]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert printed.count("access.purge_idempotency_keys") == 2
    assert printed.count("jobs.trim_log") == 2
