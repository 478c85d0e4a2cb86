"""The code lists an entry refers to: instrument classes, disciplines and administrative divisions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.core.db import ReadSession
from app.core.errors import FieldError
from app.core.i18n import msg

CLASSES, DISCIPLINES, DIVISIONS = "instrument_class", "gbt13745", "gb2260"


@dataclass(frozen=True, slots=True)
class Known:
    """The codes in force, with their names."""

    classes: Mapping[str, str]
    disciplines: Mapping[str, str]
    divisions: Mapping[str, str]

    def faults(self, entry: Mapping[str, Any]) -> Iterator[FieldError]:
        """The codes of an entry that no list has."""
        if entry["class_code"] not in self.classes:
            reason = msg("没有这个仪器分类编码")
            yield FieldError("class_code", "class_unknown", reason, value=entry["class_code"])
        for place, code in enumerate(entry["disciplines"]):
            if code not in self.disciplines:
                reason = msg("没有这个一级学科代码：{code}", code=code)
                yield FieldError(f"disciplines.{place}", "discipline_unknown", reason, value=code)
        if entry["adcode"] not in self.divisions:
            yield FieldError("adcode", "division_unknown", msg("没有这个行政区划代码"), value=entry["adcode"])


async def load(db: ReadSession) -> Known:
    """The lists, by one query."""
    statement = text(
        "SELECT scheme, code, name_zh FROM code WHERE status = 'current' AND scheme = ANY (:schemes)"
    )
    lists: dict[str, dict[str, str]] = {CLASSES: {}, DISCIPLINES: {}, DIVISIONS: {}}
    for row in await db.execute(statement, {"schemes": list(lists)}):
        lists[row.scheme][row.code] = row.name_zh
    return Known(lists[CLASSES], lists[DISCIPLINES], lists[DIVISIONS])


async def class_names(db: ReadSession) -> Mapping[str, str]:
    """The names of instrument classes by code."""
    return (await load(db)).classes
