"""The code lists an entry refers to: instrument classes, disciplines and administrative divisions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.codes import public as codes
from app.core.db import ReadSession
from app.core.errors import FieldError
from app.core.i18n import msg

CLASSES, DISCIPLINES, DIVISIONS = "instrument-class", "gbt13745", "gb2260"
PROVINCE = 1
"""The level of provinces and municipalities in GB/T 2260."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Codes that are not in force, or say too little."""

    classes: frozenset[str]
    disciplines: frozenset[str]
    divisions: frozenset[str]
    provinces: frozenset[str]
    """Codes of whole provinces, which say too little of where an instrument stands."""

    def faults(self, entry: Mapping[str, Any]) -> Iterator[FieldError]:
        """The codes of an entry that no list has."""
        if entry.get("class_code") in self.classes:
            reason = msg("没有这个仪器分类编码")
            yield FieldError("class_code", "class_unknown", reason, value=entry["class_code"])
        for place, code in enumerate(entry.get("disciplines") or ()):
            if code in self.disciplines:
                reason = msg("没有这个一级学科代码：{code}", code=code)
                yield FieldError(f"disciplines.{place}", "discipline_unknown", reason, value=code)
        if entry.get("adcode") in self.divisions:
            yield FieldError("adcode", "division_unknown", msg("没有这个行政区划代码"), value=entry["adcode"])
        if entry.get("adcode") in self.provinces:
            reason = msg("安放地须写到市或县（区），上海写到区")
            yield FieldError("adcode", "division_too_wide", reason, value=entry["adcode"])


async def unknown_in(db: ReadSession, entries: Sequence[Mapping[str, Any]]) -> Unknown:
    """The codes in these entries that are not in force; one statement a list."""
    classes = {entry["class_code"] for entry in entries if entry.get("class_code")}
    divisions = {entry["adcode"] for entry in entries if entry.get("adcode")}
    disciplines = {code for entry in entries for code in entry.get("disciplines") or ()}
    places = await codes.named(db, DIVISIONS, divisions)
    return Unknown(
        await codes.exists_all(db, CLASSES, classes),
        await codes.exists_all(db, DISCIPLINES, disciplines),
        frozenset(code for code in divisions if code not in places or places[code].status != "current"),
        frozenset(code for code, place in places.items() if place.level == PROVINCE),
    )
