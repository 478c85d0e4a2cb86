"""The store: one file a digest, complete or absent."""

import hashlib
import math
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from app.core.errors import BodyTooLarge
from app.core.i18n import msg

CHUNK = 1024 * 1024
KEPT_SECONDS = 30 * 24 * 3600
UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the store."""

    digest: str
    """SHA-256, 64 hexadecimal digits."""
    size: int
    """In bytes."""
    path: Path


def store(folder: Path, stream: BinaryIO, *, most_bytes: int) -> Stored:
    """Keep what the stream holds.

    Raises:
        BodyTooLarge: there is more of it than `most_bytes`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=UNFINISHED, delete=False) as target:
        try:
            digest, size = _copy(stream, target, most_bytes)
            path = _place(folder, digest)
            path.parent.mkdir(exist_ok=True)
            Path(target.name).replace(path)
        except BaseException:
            Path(target.name).unlink(missing_ok=True)
            raise
    return Stored(digest, size, path)


def _copy(stream: BinaryIO, target: IO[bytes], most_bytes: int) -> tuple[str, int]:
    """Copy to the disk for good; the digest and the size."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > most_bytes:
            raise BodyTooLarge(msg("文件超过 {limit} MB", limit=most_bytes // CHUNK))
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return digest.hexdigest(), size


def path_of(folder: Path, digest: str) -> Path | None:
    """Where a file lies, or None when it is gone; asking for it renews its stay."""
    path = _place(folder, digest)
    try:
        os.utime(path)
    except FileNotFoundError:
        return None
    return path


def stale(folder: Path, *, older_than: float = KEPT_SECONDS) -> list[str]:
    """The digests of files that were not used for `older_than` seconds."""
    limit = time.time() - older_than
    return [path.name for path in folder.glob("??/*") if _used_at(path) < limit]


def purge(folder: Path, *, older_than: float = KEPT_SECONDS, kept: Collection[str] = ()) -> int:
    """Remove what was not used for `older_than` seconds, unfinished uploads too, but the digests in `kept`; how many files."""
    limit = time.time() - older_than
    removed = 0
    for path in _files(folder):
        if path.name in kept or _used_at(path) >= limit:
            continue
        try:
            path.unlink()
            removed += 1
        except FileNotFoundError:
            # Another worker purges as well.
            continue
    return removed


def _used_at(path: Path) -> float:
    """When the file was last asked for; one that is gone is not stale."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _files(folder: Path) -> Iterator[Path]:
    yield from folder.glob(f"*{UNFINISHED}")
    yield from folder.glob("??/*")


def _place(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest
