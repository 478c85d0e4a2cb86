"""What the register shows beside its entries: families, pictures and manuals."""

import struct
import zlib
from collections import defaultdict
from functools import cache
from io import BytesIO
from uuid import UUID

from app.core.db import Session
from app.demo.data.provinces import Place, Province
from app.demo.instruments import INSTRUMENTS, InstrumentPlan
from app.demo.made import Ids, Made
from app.demo.papers import chunked, pdf
from app.instruments import public as register

NAMES = {
    "0101": "电子显微镜",
    "0102": "质谱仪",
    "0103": "X 射线仪器",
    "0104": "光谱仪",
    "0105": "色谱仪",
    "0106": "波谱仪",
    "0110": "细胞分析仪器",
}
"""What a family is called, by the class its instruments share."""
PICTURED = 3
"""Instruments of each province that have pictures and a manual: the newest, which its list begins with."""
WIDTH, HEIGHT = 480, 320
WALL, DESK, HOUSING, SCREEN, TRACE = "e8eef1", "b2bec6", "fafaf8", "163442", "78dcbe"
Box = tuple[int, int, int, int, str]
"""Left, top, right and bottom in pixels, and a colour."""
WHOLE: tuple[Box, ...] = (
    (0, 0, WIDTH, HEIGHT, WALL),
    (0, 250, WIDTH, HEIGHT, DESK),
    (90, 150, 230, 250, HOUSING),
    (130, 50, 190, 150, HOUSING),
    (320, 200, 360, 250, HOUSING),
    (270, 110, 410, 200, HOUSING),
    (278, 118, 402, 192, SCREEN),
    (290, 170, 390, 173, TRACE),
)
CLOSER: tuple[Box, ...] = (
    (0, 0, WIDTH, HEIGHT, SCREEN),
    (40, 270, 440, 274, TRACE),
    (90, 180, 98, 270, TRACE),
    (210, 60, 218, 270, TRACE),
    (330, 140, 338, 270, TRACE),
)


async def showing(session: Session, province: Province, made: Made) -> Ids:
    """Pictures and manuals of a few instruments, then the families of all."""
    versions: defaultdict[UUID, int] = defaultdict(lambda: 1)
    for plan in INSTRUMENTS[province.code][:PICTURED]:
        instrument_id = made.instrument(province.code, plan.inner_id)
        words = ["Operating instructions", plan.fields["model"], "Made for the demonstration"]
        sent = [
            ("全貌.png", BytesIO(_drawing(WHOLE))),
            ("操作界面.png", BytesIO(_drawing(CLOSER))),
            ("操作规程.pdf", BytesIO(pdf(words))),
        ]
        received = await register.receive_files(made.settings, sent)
        caller = made.admin(province)
        await register.add_files(
            session, caller=caller, instrument_id=instrument_id, version=1, received=received
        )
        versions[instrument_id] = 2
    ids = {}
    for (place, prefix), plans in _alike(province).items():
        members = {made.instrument(province.code, plan.inner_id) for plan in plans}
        family_id = await _family(session, province, made, place, NAMES[prefix])
        changes = register.BulkChange(family_id=family_id)
        current = {member: versions[member] for member in members}
        await register.apply_bulk(session, caller=made.admin(province), versions=current, changes=changes)
        ids[f"family/{place.slug}/{prefix}"] = family_id
    return ids


async def _family(session: Session, province: Province, made: Made, place: Place, name: str) -> UUID:
    new = register.FamilyIn(organisation_id=made.organisation(province.code, place), name=name)
    return await register.create_family(session, caller=made.admin(province), new=new)


def _alike(province: Province) -> dict[tuple[Place, str], list[InstrumentPlan]]:
    """Instruments of one organisation and class, where there are two or more."""
    found: defaultdict[tuple[Place, str], list[InstrumentPlan]] = defaultdict(list)
    for plan in INSTRUMENTS[province.code]:
        prefix = plan.fields["class_code"][:4]
        if prefix in NAMES:
            found[plan.owner, prefix].append(plan)
    return {key: plans for key, plans in found.items() if len(plans) > 1}


@cache
def _drawing(boxes: tuple[Box, ...]) -> bytes:
    """A PNG picture of boxes, the later over the earlier."""
    rows = [bytearray(1 + 3 * WIDTH) for _ in range(HEIGHT)]
    for left, top, right, bottom, colour in boxes:
        for row in rows[top:bottom]:
            row[1 + 3 * left : 1 + 3 * right] = bytes.fromhex(colour) * (right - left)
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return chunked((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
