"""The migrations this checkout knows, read from their files: importing Alembic would cost every server 9 MB and 0.3 s."""

import re
from functools import lru_cache
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
_ASSIGNMENT = re.compile(r"""^(down_)?revision = ["'](\w+)["']$""", re.MULTILINE)


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """Every migration's id."""
    return frozenset(name for below, name in _assignments() if not below)


@lru_cache(maxsize=1)
def head() -> str:
    """The id of the newest one, which no other builds on."""
    (newest,) = known() - {name for below, name in _assignments() if below}
    return newest


def _assignments() -> list[tuple[str, str]]:
    return [
        pair
        for file in VERSIONS.glob("*.py")
        for pair in _ASSIGNMENT.findall(file.read_text(encoding="utf-8"))
    ]
