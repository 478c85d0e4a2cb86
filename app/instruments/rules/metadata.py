"""A picture without what a camera or a program wrote beside it: where it was taken, by whom, with what.

What people photograph an instrument with says where they stood. Only how the picture is turned is kept, and its colours.
"""

import struct
from collections.abc import Iterator
from itertools import pairwise

_PNG_HEAD = 8
_PNG_TEXTS = frozenset({b"eXIf", b"iTXt", b"tEXt", b"tIME", b"zTXt"})
"""PNG specification §11.3.3 and after: texts, times and Exif."""
_SOI, _EOI, _SOS, _EXIF, _COM = 0xD8, 0xD9, 0xDA, 0xE1, 0xFE
_RESTARTS = range(0xD0, 0xD8)
_ALONE = frozenset({0x01, *_RESTARTS})
"""Markers without a segment (ITU-T T.81 §B.1.1.4): TEM, and RST0 to RST7."""
_NEEDED = frozenset({0xE0, 0xE2, 0xEE})
"""Of APP0 to APP15 those that say how to show the picture: JFIF, the colour profile, Adobe's colour transform."""
_ORIENTATION, _SHORT = 0x0112, 3
"""Exif 3.0 §4.6.5.1.6."""
_TURNS, _ASIDE = range(2, 9), range(5, 9)
_WEBP_TEXTS = frozenset({b"EXIF", b"XMP "})
_WEBP_FLAGS = 0x08 | 0x04
"""RFC 9649 §2.7: that there are Exif and XMP chunks."""


def bare(data: bytes, media_type: str) -> bytes | None:
    """The picture alone, nothing after its end; None when it breaks off."""
    try:
        return {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp}[media_type](data)
    except (ValueError, IndexError, struct.error):
        return None


def lies_aside(data: bytes, media_type: str) -> bool:
    """Whether a bare picture is shown a quarter turned, so that its width is its height."""
    return media_type == "image/jpeg" and _turn(data[2:]) in _ASIDE


def _png(data: bytes) -> bytes:
    kept, place, kind = bytearray(data[:_PNG_HEAD]), _PNG_HEAD, b""
    while kind != b"IEND":
        (length, kind) = struct.unpack_from(">I4s", data, place)
        chunk = data[place : place + length + 12]
        if len(chunk) < length + 12:
            raise ValueError("breaks off")
        if kind not in _PNG_TEXTS:
            kept += chunk
        place += length + 12
    return bytes(kept)


def _jpeg(data: bytes) -> bytes:
    segments = list(_segments(data))
    turns = [turn for marker, segment in segments if marker == _EXIF and (turn := _turn(segment))]
    kept = bytearray(data[:2])
    if turns:
        kept += _exif(turns[0])
    for marker, segment in segments:
        is_app = marker & 0xF0 == _EXIF & 0xF0
        if marker in _NEEDED or not (is_app or marker == _COM):
            kept += segment
    return bytes(kept)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The markers after SOI to EOI, each with its segment; a scan with its data (ITU-T T.81 §B.1.1)."""
    place, marker = 2, _SOI
    while marker != _EOI:
        if data[place] != 0xFF:  # noqa: PLR2004 - every marker begins with it
            raise ValueError("no marker")
        while data[place + 1] == 0xFF:  # noqa: PLR2004 - fill bytes
            place += 1
        marker = data[place + 1]
        end = place + 2
        if marker not in _ALONE and marker != _EOI:
            end += max(int.from_bytes(data[end : end + 2]), 2)
        if marker == _SOS:
            end = _after_scan(data, end)
        if end > len(data):
            raise ValueError("breaks off")
        yield marker, data[place:end]
        place = end


def _after_scan(data: bytes, place: int) -> int:
    """Where the next marker stands; in a scan's data FF is followed by 00 or a restart."""
    while (place := data.index(b"\xff", place)) >= 0:
        follows = data[place + 1]
        if follows not in {0x00, 0xFF, *_RESTARTS}:
            break
        place += 1
    return place


def _turn(segment: bytes) -> int | None:
    """How an Exif segment says the picture is turned, where it is."""
    tiff = segment[10:]
    if segment[4:10] != b"Exif\0\0" or tiff[:2] not in {b"II", b"MM"}:
        return None
    order = "<" if tiff[:2] == b"II" else ">"
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for place in range(first + 2, first + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, place)
            if (tag, kind) == (_ORIENTATION, _SHORT):
                return value if value in _TURNS else None
    except struct.error:
        return None
    return None


def _exif(turn: int) -> bytes:
    """An Exif segment that says how the picture is turned, and nothing else."""
    tiff = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _ORIENTATION, _SHORT, 1, turn, 0, 0)
    return struct.pack(">BBH", 0xFF, _EXIF, 2 + 6 + len(tiff)) + b"Exif\0\0" + tiff


def _webp(data: bytes) -> bytes:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise ValueError("breaks off")
    places = [12]
    while places[-1] < end:
        (size,) = struct.unpack_from("<I", data, places[-1] + 4)
        places.append(places[-1] + 8 + size + size % 2)
    if places[-1] != end:
        raise ValueError("breaks off")
    kept = bytearray()
    for start, stop in pairwise(places):
        chunk = bytearray(data[start:stop])
        if chunk[:4] == b"VP8X":
            chunk[8] &= ~_WEBP_FLAGS & 0xFF
        if bytes(chunk[:4]) not in _WEBP_TEXTS:
            kept += chunk
    return data[:4] + struct.pack("<I", 4 + len(kept)) + data[8:12] + bytes(kept)
