"""How large a picture is, by its own header; a picture whose header does not say is damaged, or none."""

from typing import BinaryIO

MOST_PIXELS = 50_000_000
"""A camera's largest pictures; a page that decodes more than that stands still."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers SOF0 to SOF15 (ITU-T T.81 table B.1), without DHT, JPG and DAC between them."""
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment: TEM and RST0 to RST7."""
_END = frozenset({0xD9, 0xDA})
"""The end of the picture, and the start of its data."""
_14_BITS = 0x3FFF

Size = tuple[int, int]


def size_of(stream: BinaryIO, media_type: str) -> Size | None:
    """Width and height in pixels, or None when the header does not say; the stream is read from its start."""
    stream.seek(0)
    found = {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp}[media_type](stream)
    stream.seek(0)
    return found if found and min(found) > 0 else None


def _png(stream: BinaryIO) -> Size | None:
    """PNG specification §11.2.1: IHDR comes first."""
    head = stream.read(24)
    if len(head) < 24 or head[12:16] != b"IHDR":  # noqa: PLR2004 - to the end of the height
        return None
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


def _jpeg(stream: BinaryIO) -> Size | None:
    """ITU-T T.81 §B.2.2: the first frame header, segment by segment."""
    stream.seek(2)
    while (byte := stream.read(1)) == b"\xff":
        while byte == b"\xff":
            byte = stream.read(1)
        if not byte or byte[0] in _END:
            return None
        if byte[0] in _ALONE:
            continue
        length = int.from_bytes(stream.read(2))
        if byte[0] in _FRAMES:
            frame = stream.read(5)
            return int.from_bytes(frame[3:5]), int.from_bytes(frame[1:3])
        stream.seek(max(length - 2, 0), 1)
    return None


def _webp(stream: BinaryIO) -> Size | None:
    """RFC 9649 §2.5 to §2.7: a lossy, a lossless or an extended file."""
    head = stream.read(30)
    if len(head) < 30:  # noqa: PLR2004 - to the end of the height in the longest of them
        return None
    kind = head[12:16]
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
        return width & _14_BITS, height & _14_BITS
    if kind == b"VP8L" and head[20] == 0x2F:  # noqa: PLR2004 - its signature
        bits = int.from_bytes(head[21:25], "little")
        return (bits & _14_BITS) + 1, (bits >> 14 & _14_BITS) + 1
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return None
