"""Names that files use for what the register keeps as ids and codes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.codes import public as codes
from app.core.db import ReadSession
from app.core.i18n import msg
from app.instruments.registry import queries
from app.instruments.registry.references import CLASSES, DISCIPLINES, DIVISIONS
from app.instruments.rules import cells
from app.instruments.rules.cells import Unreadable
from app.instruments.rules.synonyms import folded

PROVINCE_DIGITS, DIVISION_DIGITS, FIRST_LEVEL_DIGITS = 2, 6, 3
CITY_LEVEL, COUNTY_LEVEL = 2, 3
_DISCIPLINE = re.compile(r"[0-9]{3}(\.?[0-9]{2}){0,2}")
_DIVISION = re.compile(r"([0-9]{6})([0-9]{3}){0,2}(\.0)?")
_AMBIGUOUS = ""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """By folded name; a name that stands for several things stands for none."""

    organisations: Mapping[str, UUID | None]
    """By USCC, id and name."""
    classes: Mapping[str, str]
    disciplines: Mapping[str, str]
    divisions: Mapping[str, str]

    def organisation(self, cell: str) -> UUID:
        """The organisation a cell names.

        Raises:
            Unreadable: there is none, the caller may not import for it, or several have the name.
        """
        key = folded(cell)
        found = self.organisations.get(key)
        if found is not None:
            return found
        if key in self.organisations:
            raise Unreadable("organisation_ambiguous", msg("有多个单位叫这个名称，请改用统一社会信用代码"))
        raise Unreadable("organisation_unknown", msg("没有这个单位，或您不能为它导入"))

    def class_code(self, cell: str) -> str:
        """The class a cell gives by code or name."""
        return self.classes.get(folded(cell)) or cells.class_code(cell)

    def disciplines_in(self, cell: str) -> list[str]:
        """The first-level disciplines a cell lists by code or name; deeper codes count as their first level."""
        return list(dict.fromkeys(self._discipline(item) for item in cells.several(cell)))

    def _discipline(self, item: str) -> str:
        if _DISCIPLINE.fullmatch(item):
            return item[:FIRST_LEVEL_DIGITS]
        if found := self.disciplines.get(folded(item)):
            return found
        raise Unreadable("discipline_unknown", msg("没有这个一级学科：{name}", name=item[:40]))

    def division(self, cell: str) -> str:
        """The administrative division a cell gives by code or name."""
        if found := _DIVISION.fullmatch(cell):
            return found[1]
        if code := self.divisions.get(folded(cell)):
            return code
        raise Unreadable("division_unknown", msg("没有这个行政区划，请写六位代码或本省内不重名的市、县名称"))


async def load(db: ReadSession, *, tenant_id: str, organisations: tuple[UUID, ...] | None) -> Lexicon:
    """The names of a province, and of the organisations the caller may import for (None: all of them)."""
    owners = await queries.owners(db, tenant_id, organisations)
    named: dict[str, UUID | None] = {}
    for owner in owners:
        key = folded(owner.name)
        named[key] = None if key in named else owner.id
    named |= {key: owner.id for owner in owners for key in (folded(owner.uscc), str(owner.id))}
    divisions = [
        (name, code)
        for level in (COUNTY_LEVEL, CITY_LEVEL)
        for code, name in await codes.options(db, DIVISIONS, "zh", level=level)
        if code[:PROVINCE_DIGITS] == tenant_id[:PROVINCE_DIGITS]
    ]
    classes = [(name, code) for code, name in await codes.options(db, CLASSES, "zh")]
    disciplines = [(name, code) for code, name in await codes.options(db, DISCIPLINES, "zh", level=1)]
    return Lexicon(named, _unique(classes), _unique(disciplines), _unique(divisions))


def _unique(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, code in named:
        word = folded(name)
        found[word] = _AMBIGUOUS if word in found else code
    return {word: code for word, code in found.items() if code != _AMBIGUOUS}
