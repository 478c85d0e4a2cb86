"""Small real files, made by code: a PDF with a few lines, and a PNG picture."""

import struct
import zlib
from collections.abc import Sequence

PAPER, INK = 245, 160
"""Grey levels."""


def pdf(lines: Sequence[str]) -> bytes:
    """One page of ASCII lines in Helvetica, a font every reader has (ISO 32000-1 §9.6.2.2)."""
    texts = "".join(f"({line}) Tj T* " for line in lines)
    stream = f"BT /F1 16 Tf 24 TL 60 760 Td {texts}ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    file, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return file + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(file))
    )


def png(width: int, height: int) -> bytes:
    """A framed grey picture of this many pixels (PNG specification §11)."""
    rows = b"".join(b"\0" + bytes(_grey(x, y, width, height) for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return chunked((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))


def chunked(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file of these chunks."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _grey(x: int, y: int, width: int, height: int) -> int:
    margin = min(x, y, width - 1 - x, height - 1 - y)
    return INK if margin in {8, 9, 10, 14} else PAPER


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
