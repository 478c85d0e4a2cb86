"""What features use to keep files; all of it blocks, so call it in a thread."""

from pathlib import Path
from typing import BinaryIO

from app.files import store as disk
from app.files.store import Stored
from app.settings import Settings

__all__ = ["Stored", "path_of", "store"]


def folder(settings: Settings) -> Path:
    """Where this deployment keeps files."""
    return settings.data_dir / "files"


def store(settings: Settings, stream: BinaryIO, *, most_bytes: int | None = None) -> Stored:
    """Keep what the stream holds; the size of a request's body is the usual limit.

    Raises:
        BodyTooLarge: there is more of it.
    """
    return disk.store(folder(settings), stream, most_bytes=most_bytes or settings.max_body_bytes)


def path_of(settings: Settings, digest: str) -> Path | None:
    """Where a file lies, or None when it was purged."""
    return disk.path_of(folder(settings), digest)
