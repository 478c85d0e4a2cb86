"""Files as they come: looked at, measured, stored; when one is wrong none is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from pathlib import PurePath
from typing import BinaryIO

from app.core.errors import FieldError, Invalid
from app.core.i18n import Message, msg
from app.core.media import HEAD_BYTES, media_type
from app.core.text import printable
from app.files import public as store
from app.instruments.rules import limits
from app.instruments.rules.metadata import bare, lies_aside
from app.instruments.rules.pictures import MOST_PIXELS, Size, size_of
from app.settings import Settings

MB = 1024 * 1024
MOST_BYTES = {"image": 10 * MB, "application": 20 * MB}
"""Of a picture, and of a manual."""
MANUAL = "application/pdf"


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was looked at and stored."""

    name: str
    title: str
    digest: str
    size: int
    media_type: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class _Seen:
    name: str
    stream: BinaryIO
    media_type: str
    pixels: Size | None


class _Wrong(Exception):  # noqa: N818 - what the file is
    def __init__(self, code: str, reason: Message) -> None:
        self.code, self.reason = code, reason


async def receive(settings: Settings, sent: Sequence[tuple[str, BinaryIO]]) -> list[Received]:
    """Look at files and store them.

    Raises:
        Invalid: there are none, or some are empty, too large, damaged, or no PNG, JPEG, WebP or PDF by content.
    """
    return await asyncio.to_thread(_receive, settings, sent)


def _receive(settings: Settings, sent: Sequence[tuple[str, BinaryIO]]) -> list[Received]:
    if not sent:
        raise wrong_files([("missing", msg("请选择文件"))])
    seen: list[_Seen] = []
    faults: list[tuple[str, Message]] = []
    for name, stream in sent:
        try:
            seen.append(_look(_plain(name), stream))
        except _Wrong as wrong:
            faults.append((wrong.code, wrong.reason))
    if faults:
        raise wrong_files(faults)
    return [_stored(settings, file) for file in seen]


def wrong_files(faults: Sequence[tuple[str, Message]]) -> Invalid:
    """What is wrong with the files that were sent, each with its code."""
    return Invalid(errors=[FieldError("files", code, reason) for code, reason in faults])


def _look(name: str, stream: BinaryIO) -> _Seen:
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    if size == 0:
        raise _Wrong("file_empty", msg("「{name}」是空文件", name=name))
    kind = media_type(stream.read(HEAD_BYTES))
    stream.seek(0)
    if kind is None:
        reason = msg(
            "「{name}」不是 PNG、JPEG、WebP 图片或 PDF 文件；类型按内容判断，与文件名无关", name=name
        )
        raise _Wrong("file_kind", reason)
    most = MOST_BYTES[kind.partition("/")[0]]
    if size > most:
        raise _Wrong("file_too_large", msg("「{name}」超过 {limit} MB", name=name, limit=most // MB))
    return _picture(name, stream, kind) if kind != MANUAL else _Seen(name, stream, kind, None)


def _picture(name: str, stream: BinaryIO, kind: str) -> _Seen:
    """A picture without what was written beside it."""
    damaged = _Wrong("picture_damaged", msg("图片「{name}」已损坏", name=name))
    pixels = size_of(stream, kind)
    if pixels is None:
        raise damaged
    if pixels[0] * pixels[1] > MOST_PIXELS:
        most = MOST_PIXELS // 1_000_000
        raise _Wrong("picture_too_large", msg("图片「{name}」超过 {most} 百万像素", name=name, most=most))
    content = bare(stream.read(), kind)
    stream.seek(0)
    if content is None:
        raise damaged
    shown = (pixels[1], pixels[0]) if lies_aside(content, kind) else pixels
    return _Seen(name, BytesIO(content), kind, shown)


def _stored(settings: Settings, file: _Seen) -> Received:
    kept = store.store(settings, file.stream)
    width, height = file.pixels or (None, None)
    title = PurePath(file.name).stem[: limits.FILE_TITLE].strip() or file.name
    return Received(file.name, title, kept.digest, kept.size, file.media_type, width, height)


def _plain(name: str) -> str:
    """The name without folders, cut from the left so that its ending stays."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return printable(last)[-limits.FILE_NAME :].strip() or "file"
