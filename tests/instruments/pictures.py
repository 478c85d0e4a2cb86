"""Small files of each kind, made by their specifications."""

import struct
import zlib

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def png(width: int = 4, height: int = 3, shade: int = 0) -> bytes:
    """A grey picture (PNG specification §11)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes([shade]) * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int, height: int, *, marker: int = 0xC0, fill: bytes = b"") -> bytes:
    """The segments of a JPEG to its frame header, after a comment that looks like one."""
    comment = b"\xff\xc0\x00\x11\x08\xff\xff\xff\xff"
    frame = struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    commented = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    return b"\xff\xd8" + commented + fill + b"\xff" + bytes([marker]) + frame + b"\xff\xd9"


def webp(kind: bytes, body: bytes) -> bytes:
    """A RIFF container of one chunk (RFC 9649 §2)."""
    chunk = kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
