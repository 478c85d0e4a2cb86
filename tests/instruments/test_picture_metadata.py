"""A picture is kept without what a camera wrote beside it, and turned as it was."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.instruments.rules.metadata import bare, lies_aside
from app.instruments.rules.pictures import size_of
from tests.instruments.conftest import Lab
from tests.instruments.pictures import jpeg, png, webp

PLACE = b"31.2304 N 121.4737 E"


def exif(turn: int, order: str = "<") -> bytes:
    """Exif that says how a picture is turned, and where it was taken."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    place = struct.pack(f"{order}HHII", 0x8825, 4, 1, 60)
    entries = place + struct.pack(f"{order}HHIHH", 0x0112, 3, 1, turn, 0)
    return b"Exif\0\0" + head + struct.pack(f"{order}H", 2) + entries + bytes(30) + PLACE


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def photo(*segments: bytes, tail: bytes = b"") -> bytes:
    """A JPEG of two scans, with stuffed bytes and restarts in their data."""
    start = jpeg(640, 480)[:-2]
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    return (
        start[:2]
        + b"".join(segments)
        + start[2:]
        + scan
        + segment(0xC4, b"\xff\xd9")
        + scan
        + b"\xff\xd9"
        + tail
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


TOLD = png()[:-12] + chunk(b"tEXt", b"Location\0" + PLACE) + chunk(b"eXIf", PLACE) + png()[-12:] + PLACE
EXTENDED = webp(b"VP8X", b"\x1c\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little"))
TAGGED = EXTENDED[12:] + b"EXIF" + struct.pack("<I", len(PLACE)) + PLACE
TAGGED = b"RIFF" + struct.pack("<I", 4 + len(TAGGED)) + b"WEBP" + TAGGED
JFIF = segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0")
PICTURES = {
    "image/png": TOLD,
    "image/jpeg": photo(JFIF, segment(0xE1, exif(6)), segment(0xED, PLACE), segment(0xFE, PLACE), tail=PLACE),
    "image/webp": TAGGED,
}

PLAIN = bare(photo(), "image/jpeg") or b""
"""A photo whose comment is gone."""


@pytest.mark.parametrize("kind", PICTURES)
def test_what_was_written_beside_is_gone_and_the_picture_is_there(kind: str) -> None:
    data = PICTURES[kind]
    assert PLACE in data
    kept = bare(data, kind)
    assert kept is not None
    assert PLACE not in kept
    assert size_of(BytesIO(kept), kind) == size_of(BytesIO(data), kind)
    assert bare(kept, kind) == kept


def test_png_and_webp_are_else_unchanged() -> None:
    assert bare(TOLD, "image/png") == png()
    cleared = bytearray(EXTENDED)
    cleared[20] = 0x10
    assert bare(TAGGED, "image/webp") == bytes(cleared)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("turn", range(10))
def test_a_picture_stays_turned_as_it_was(turn: int, order: str) -> None:
    kept = bare(photo(JFIF, segment(0xE1, exif(turn, order))), "image/jpeg")
    assert kept is not None
    turned = struct.pack(">HHIH", 0x0112, 3, 1, turn) in kept
    assert turned is (2 <= turn <= 8)
    assert kept.count(b"Exif") == int(turned)
    assert JFIF in kept
    assert lies_aside(kept, "image/jpeg") is (turn in {5, 6, 7, 8})
    assert kept.endswith(PLAIN[2:])


def test_broken_exif_is_dropped() -> None:
    for body in (b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0XX*\0\x08\0\0\0", b"http://ns"):
        assert bare(photo(segment(0xE1, body)), "image/jpeg") == PLAIN


@pytest.mark.parametrize("kind", PICTURES)
@given(data=st.data())
def test_what_breaks_off_is_damaged_and_nothing_breaks_the_reading(kind: str, data: st.DataObject) -> None:
    whole = bare(PICTURES[kind], kind)
    assert whole is not None
    place = data.draw(st.integers(8, len(whole) - 1))
    assert bare(whole[:place], kind) is None
    bare(whole[:place] + data.draw(st.binary(max_size=40)), kind)


async def test_a_photo_is_kept_without_its_place(lab: Lab) -> None:
    entry = await lab.create(scope="public")
    sent = await lab.manager.post(
        f"/api/v1/instruments/{entry['id']}/files",
        files=[("files", ("photo.jpg", PICTURES["image/jpeg"]))],
        headers={"if-match": '"v1"'},
    )
    assert sent.status_code == 201, sent.text
    (file,) = sent.json()["files"]
    assert (file["width"], file["height"]) == (480, 640), "it is turned"
    kept = (await lab.visitor.get(file["url"])).content
    assert PLACE not in kept
    assert len(kept) == file["size"]
    broken = await lab.manager.post(
        f"/api/v1/instruments/{entry['id']}/files",
        files=[("files", ("photo.jpg", PICTURES["image/jpeg"][:-30]))],
        headers={"if-match": '"v2"'},
    )
    assert [error["code"] for error in broken.json()["errors"]] == ["picture_damaged"]
