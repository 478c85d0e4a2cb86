"""Passwords known from breaches, searched on disk: a sorted file of the first 64 bits of their SHA-1.

Made from Have I Been Pwned's list (`HASH:COUNT` lines) or from plain passwords, of any size: runs are sorted in memory,
merged into the file, and a look-up maps the file and halves its way to the place. 64 bits of a thousand million hashes
mistake one good password in twenty thousand million.
"""

import hashlib
import heapq
import mmap
import re
import sys
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.settings import Settings

MAGIC = b"CMNSPW01"
WIDTH = 8
RUN = 4_000_000
"""Entries sorted at a time: 32 MB."""
_HASH = re.compile(rb"[0-9A-Fa-f]{40}(:\d+)?")


def file_of(settings: Settings) -> Path:
    """Where this deployment keeps the list."""
    return settings.data_dir / "breached-passwords"


def entry_of(password: str) -> int:
    """What the list keeps of a password."""
    # HIBP's own digest; it protects nothing here.
    return _short(hashlib.sha1(password.encode(), usedforsecurity=False).digest())


def _short(digest: bytes) -> int:
    return int.from_bytes(digest[:WIDTH])


def is_breached(path: Path, password: str) -> bool:
    """Whether the list has the password; without a list nothing is on it."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        wanted = entry_of(password).to_bytes(WIDTH)
        count = (len(mapped) - len(MAGIC)) // WIDTH
        place = bisect_left(range(count), wanted, key=lambda index: _at(mapped, index))
        return place < count and _at(mapped, place) == wanted


def _at(mapped: mmap.mmap, index: int) -> bytes:
    start = len(MAGIC) + index * WIDTH
    return mapped[start : start + WIDTH]


def take_over(path: Path, sources: list[Path]) -> int:
    """Make the list anew of these files; how many passwords it has.

    Raises:
        OSError: a file cannot be read, or the list not written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        runs = list(_sorted_runs(sources, Path(folder)))
        made = Path(folder) / "list"
        count = _merge(runs, made)
        made.replace(path)
    return count


def _sorted_runs(sources: list[Path], folder: Path) -> Iterator[Path]:
    run = array("Q")
    for source in sources:
        with source.open("rb") as lines:
            for line in lines:
                known = line.strip(b"\r\n")
                if not known:
                    continue
                run.append(_entry_of_line(known))
                if len(run) == RUN:
                    yield _spill(run, folder)
                    run = array("Q")
    yield _spill(run, folder)


def _entry_of_line(line: bytes) -> int:
    if _HASH.fullmatch(line):
        return int(line[: 2 * WIDTH], 16)
    return _short(hashlib.sha1(line, usedforsecurity=False).digest())


def _spill(run: "array[int]", folder: Path) -> Path:
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        array("Q", sorted(run)).tofile(file)
    return Path(file.name)


def _read(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        while chunk := file.read(WIDTH * 65536):
            yield from array("Q", chunk)


def _merge(runs: list[Path], target: Path) -> int:
    count, last = 0, -1
    with target.open("wb") as file:
        file.write(MAGIC)
        block = array("Q")
        for entry in heapq.merge(*map(_read, runs)):
            if entry == last:
                continue
            last = entry
            count += 1
            block.append(entry)
            if len(block) == RUN:
                _write(file, block)
                block = array("Q")
        _write(file, block)
    return count


def _write(file: BinaryIO, block: "array[int]") -> None:
    if sys.byteorder == "little":
        block.byteswap()
    file.write(block.tobytes())
