"""Real input nobody in this project wrote; it lies beside the project and is never committed."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"


def shared_data(*parts: str) -> Path:
    """A file or folder of the shared data; the test is skipped where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"shared data is not on this machine: {path}")
    return path
