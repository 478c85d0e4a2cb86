"""Files on disk: complete or absent, the same content once, gone when nobody asks."""

import hashlib
import io
import os
import time
from pathlib import Path

import pytest

from app.core.errors import BodyTooLarge
from app.files.store import path_of, purge, store

MB = 1024 * 1024


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    first = store(tmp_path, io.BytesIO(b"instrument"), most_bytes=MB)
    second = store(tmp_path, io.BytesIO(b"instrument"), most_bytes=MB)
    assert first == second
    assert first.digest == hashlib.sha256(b"instrument").hexdigest()
    assert first.size == 10
    assert first.path.read_bytes() == b"instrument"
    assert files_in(tmp_path) == [first.digest]


def test_what_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BodyTooLarge):
        store(tmp_path, io.BytesIO(b"x" * (MB + 1)), most_bytes=MB)
    assert files_in(tmp_path) == []


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        store(tmp_path, Broken(), most_bytes=MB)
    assert files_in(tmp_path) == []


def test_a_file_that_was_asked_for_stays_and_others_go(tmp_path: Path) -> None:
    kept = store(tmp_path, io.BytesIO(b"kept"), most_bytes=MB)
    gone = store(tmp_path, io.BytesIO(b"gone"), most_bytes=MB)
    (tmp_path / "upload.part").write_bytes(b"unfinished")
    long_ago = time.time() - 3600
    for path in (kept.path, gone.path, tmp_path / "upload.part"):
        os.utime(path, (long_ago, long_ago))
    assert path_of(tmp_path, kept.digest) == kept.path
    assert purge(tmp_path, older_than=60) == 2
    assert files_in(tmp_path) == [kept.digest]
    assert path_of(tmp_path, gone.digest) is None
    assert purge(tmp_path, older_than=60) == 0
