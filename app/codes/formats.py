"""The shapes in which lists are published, as data: which field of an item is which column of ours.

An item is a row of a table or an object of a JSON document. `read` in `reading.py` is the one mechanism for all shapes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.codes.rules.changes import Status
from app.core.i18n import Message, msg

TARGETS = ("code", "name_zh", "name_en", "parent", "level", "status", "valid_from", "valid_to", "successor")
KEY = "$key"
"""The field that holds an object's own key, in a document that maps codes to objects."""


@dataclass(frozen=True, slots=True)
class Field:
    """Where a value stands in an item: the field's name, the part of it that counts, zeros to pad it with."""

    of: str
    part: str | None = None
    """A pattern whose group 1 is the value; what does not match is no value."""
    width: int = 0

    def value(self, item: Mapping[str, str]) -> str:
        """The value in `item`, blank where there is none."""
        text = item.get(self.of, "").strip()
        if self.part is not None:
            found = re.fullmatch(self.part, text)
            text = found[1] if found else ""
        return text.ljust(self.width, "0") if text else ""


@dataclass(frozen=True, slots=True)
class Omission:
    """Items of a published list that are no entries of the scheme."""

    target: str
    pattern: str
    reason: Message


@dataclass(frozen=True, slots=True)
class Format:
    """One shape of one scheme."""

    name: str
    scheme: str | None
    """None fits every scheme."""
    kind: Literal["table", "json"]
    entries: Sequence[Mapping[str, Field]]
    """One mapping for each entry an item holds, upper levels first."""
    optional: frozenset[str] = frozenset()
    children: str | None = None
    """The field with the items below an item."""
    status: Status = "current"
    partial: bool = False
    """The published list is known to lack codes, so nothing is retired for its sake."""
    omissions: Sequence[Omission] = field(default=())

    def fits(self, scheme: str, kind: str, fields: frozenset[str]) -> bool:
        """Whether items with these fields have this shape."""
        needed = {f.of for e in self.entries for target, f in e.items() if target not in self.optional}
        return self.kind == kind and self.scheme in {None, scheme} and needed <= fields


_DIVISION_OMISSIONS = (
    Omission("code", r"[0-9]{4}7[1-9]([0-9]{3})?", msg("开发区等管理区域，不在 GB/T 2260 中")),
    Omission("name_zh", r"市辖区|县|(省|自治区)直辖县级行政区划", msg("仅作汇总用的占位名称")),
)
_OWN = {target: Field(target) for target in TARGETS}

FORMATS: tuple[Format, ...] = (
    *(
        Format(f"commons-{kind}", None, kind, (_OWN,), optional=frozenset(TARGETS) - {"code"})
        for kind in ("table", "json")
    ),
    *(
        Format(
            f"gb2260-{kind}",
            "gb2260",
            kind,
            ({"code": Field("code", width=6), "name_zh": Field("name")},),
            children="children" if kind == "json" else None,
            omissions=_DIVISION_OMISSIONS,
        )
        for kind in ("table", "json")
    ),
    Format(
        "gb2260-history",
        "gb2260",
        "table",
        ({"code": Field("Code"), "name_zh": Field("Name"), "valid_to": Field("Revision")},),
        status="historical",
        omissions=_DIVISION_OMISSIONS,
    ),
    Format(
        "gbt13745-instdb",
        "gbt13745",
        "json",
        (
            {
                "code": Field("one_rank_no"),
                "name_zh": Field("one_rank_name"),
                "name_en": Field("one_rank_name_en"),
            },
            {
                "code": Field("two_rank_no"),
                "name_zh": Field("two_rank_name"),
                "name_en": Field("two_rank_name_en"),
            },
        ),
        optional=frozenset({"name_en"}),
        partial=True,
    ),
    Format(
        "gbt4754-tree",
        "gbt4754",
        "json",
        (
            {
                "code": Field("value", r"(?:[A-T](?=[0-9]))?(.+)"),
                "name_zh": Field("title", r"[A-T][0-9]*-(.+)"),
            },
        ),
        children="children",
    ),
    Format("iso3166-all", "iso3166", "table", ({"code": Field("alpha-2"), "name_en": Field("name")},)),
    Format("spdx-list", "spdx", "json", ({"code": Field(KEY), "name_en": Field("name")},)),
    Format("moe-json", "moe-universities", "json", ({"code": Field("code"), "name_zh": Field("name")},)),
    Format(
        "moe-table",
        "moe-universities",
        "table",
        ({"code": Field("学校标识码"), "name_zh": Field("学校名称")},),
        omissions=(Omission("code", "", msg("没有代码的说明行")),),
    ),
)


def format_for(scheme: str, kind: str, fields: frozenset[str], *, named: str | None) -> Format | None:
    """The format called `named`, or the first whose fields the items have; formats of the scheme's own come first."""
    if named is not None:
        return next((f for f in FORMATS if f.name == named and f.kind == kind), None)
    return next(
        (f for f in sorted(FORMATS, key=lambda f: f.scheme is None) if f.fits(scheme, kind, fields)), None
    )


def mapped(kind: Literal["table", "json"], columns: Mapping[str, str]) -> Format:
    """A format of the sender's own: our column -> the name of theirs."""
    return Format("mapped", None, kind, ({target: Field(name) for target, name in columns.items()},))
