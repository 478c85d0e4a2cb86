"""A picture's size is read from its header; whatever does not say it is no picture."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.media import HEAD_BYTES, media_type
from app.instruments.rules.pictures import size_of
from tests.instruments.pictures import PDF, jpeg, png, webp

LOSSY = b"\x00\x00\x00\x9d\x01\x2a" + (640).to_bytes(2, "little") + (0x4000 | 480).to_bytes(2, "little")
LOSSLESS = b"\x2f" + (639 | 479 << 14).to_bytes(4, "little") + bytes(8)
EXTENDED = bytes(4) + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
PICTURES = {
    "png": png(640, 480),
    "jpeg": jpeg(640, 480),
    "progressive jpeg": jpeg(640, 480, marker=0xC2),
    "jpeg with fill bytes and a restart": jpeg(640, 480, fill=b"\xff\xff\xff\xd0"),
    "lossy webp": webp(b"VP8 ", LOSSY),
    "lossless webp": webp(b"VP8L", LOSSLESS),
    "extended webp": webp(b"VP8X", EXTENDED),
}


def size(data: bytes) -> tuple[int, int] | None:
    kind = media_type(data[:HEAD_BYTES])
    assert kind is not None
    return size_of(BytesIO(data), kind)


@pytest.mark.parametrize("data", PICTURES.values(), ids=PICTURES)
def test_the_size_is_read(data: bytes) -> None:
    assert size(data) == (640, 480)


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n",
        png()[:20],
        png(0, 3),
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\x00\x02",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"\xff\xd8\xff",
        jpeg(640, 0),
        jpeg(640, 480, marker=0xC4),
        webp(b"VP8 ", bytes(20)),
        webp(b"VP8L", bytes(20)),
        webp(b"JUNK", bytes(20)),
        webp(b"VP8X", b""),
    ],
)
def test_a_damaged_header_says_none(data: bytes) -> None:
    assert size(data) is None


@given(st.sampled_from(sorted(PICTURES)), st.binary(max_size=40), st.integers(0, 40))
def test_no_content_breaks_the_reading(name: str, noise: bytes, place: int) -> None:
    data = PICTURES[name]
    spoilt = data[: max(place, HEAD_BYTES)] + noise
    found = size(spoilt)
    assert found is None or min(found) > 0


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PDF, "application/pdf"),
        (png(), "image/png"),
        (jpeg(1, 1), "image/jpeg"),
        (PICTURES["lossy webp"], "image/webp"),
        (b"<svg xmlns=", None),
        (b"<!doctype html>", None),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_kind(head: bytes, kind: str | None) -> None:
    assert media_type(head[:HEAD_BYTES]) == kind
