"""Names that files use for what the register keeps as ids and codes."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from uuid import UUID

from app.codes import public as codes
from app.core.db import ReadSession
from app.core.i18n import msg
from app.instruments.registry import queries
from app.instruments.registry.references import CLASSES, DISCIPLINES, DIVISIONS
from app.instruments.rules import cells
from app.instruments.rules.cells import Noted, Unreadable
from app.instruments.rules.synonyms import folded

PROVINCE_DIGITS, DIVISION_DIGITS, FIRST_LEVEL_DIGITS = 2, 6, 3
CITY_DIGITS = 4
_DISCIPLINE = re.compile(r"[0-9]{3}(\.?[0-9]{2}){0,2}")
_DIVISION = re.compile(r"([0-9]{6})([0-9]{3}){0,2}(\.0)?")
_BETWEEN = re.compile(r"[-/·,、>]+")
_KIND = re.compile(r"(省|自治区|地区|新区|自治县|市|区|县)$")
"""What a division is, at the end of its name."""
SHORTEST = 2
_AMBIGUOUS = ""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """By folded name; a name that stands for several things stands for none."""

    organisations: Mapping[str, UUID | None]
    """By USCC, id and name."""
    classes: Mapping[str, str]
    """The codes in force are in it by themselves too."""
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

    def class_code(self, cell: str) -> str | Noted:
        """The class a cell gives by code or name; of a class finer than the list the one above it.

        Noted where that is so, and where only the major class is given though the list divides it.

        Raises:
            Unreadable: it is no class code.
        """
        code = self.classes.get(folded(cell)) or cells.class_code(cell)
        above = f"{code[:4]}00"
        if code not in self.classes and above in self.classes:
            reason = msg("分类表没有 {code}，按上一级 {above} 登记", code=code, above=above)
            return Noted(above, "class_above", reason)
        if code in self.classes and self._divided(code):
            return Noted(code, "class_major", msg("只写到大类，请尽量写到中类，例如 010100"))
        return code

    def _divided(self, code: str) -> bool:
        finer = (known for known in self.classes.values() if known[:2] == code[:2] and known != code)
        return code.endswith("0000") and any(finer)

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
        if code := self.divisions.get(_BETWEEN.sub("", folded(cell))):
            return code
        raise Unreadable(
            "division_unknown", msg("没有这个行政区划，请写六位代码，或市、县名称，例如 杭州市西湖区")
        )


async def load(db: ReadSession, *, tenant_id: str, organisations: tuple[UUID, ...] | None) -> Lexicon:
    """The names of a province, and of the organisations the caller may import for (None: all of them)."""
    owners = await queries.owners(db, tenant_id, organisations)
    named: dict[str, UUID | None] = {}
    for owner in owners:
        key = folded(owner.name)
        named[key] = None if key in named else owner.id
    named |= {key: owner.id for owner in owners for key in (folded(owner.uscc), str(owner.id))}
    listed = await codes.options(db, DIVISIONS, "zh")
    divisions = {code: name for code, name in listed if code[:PROVINCE_DIGITS] == tenant_id[:PROVINCE_DIGITS]}
    classes = [(word, code) for code, name in await codes.options(db, CLASSES, "zh") for word in (code, name)]
    disciplines = [(name, code) for code, name in await codes.options(db, DISCIPLINES, "zh", level=1)]
    places = _unique(_named(divisions, _colloquial)) | _unique(_named(divisions, _official))
    return Lexicon(named, _unique(classes), _unique(disciplines), places)


def _named(divisions: Mapping[str, str], called: Callable[[str], Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Each division by what it is called, alone and with those above it: 西湖区, 杭州市西湖区, 浙江省杭州市西湖区."""
    for code in divisions:
        *above, own = (called(divisions[part]) for part in _line(code, divisions))
        for size in range(len(above) + 1):
            for chosen in combinations(above, size):
                yield from (("".join(said), code) for said in product(*chosen, own))


def _official(name: str) -> Sequence[str]:
    return (name,)


def _colloquial(name: str) -> Sequence[str]:
    """Also without its kind: 浙江杭州西湖."""
    short = _KIND.sub("", name)
    return (name, short) if len(short) >= SHORTEST else (name,)


def _line(code: str, divisions: Mapping[str, str]) -> list[str]:
    """Province, city and county of a code, as far as the list has them."""
    above = (code[:PROVINCE_DIGITS], code[:CITY_DIGITS], code)
    return [
        found for found in dict.fromkeys(part.ljust(len(code), "0") for part in above) if found in divisions
    ]


def _unique(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, code in named:
        word = folded(name)
        found[word] = code if found.get(word, code) == code else _AMBIGUOUS
    return {word: code for word, code in found.items() if code != _AMBIGUOUS}
