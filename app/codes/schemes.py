"""The lists we know by name: their titles, the form of their codes, and how codes stand above one another."""

from dataclasses import dataclass

from app.codes.rules.hierarchy import Hierarchy
from app.core.i18n import Message, msg

ANY_CODE = r"[0-9A-Za-z][0-9A-Za-z.+\-]{0,49}"
"""What any code looks like; the table's CHECK says the same."""
NAME = r"[a-z][a-z0-9-]{0,39}"


@dataclass(frozen=True, slots=True)
class Scheme:
    """A list of codes."""

    name: str
    title: Message
    code: str = ANY_CODE
    hierarchy: Hierarchy | None = None
    builtin: bool = False
    """Whether `data/<name>.csv` ships with the platform."""


SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        Scheme(
            "gb2260",
            msg("行政区划（GB/T 2260）"),
            r"[0-9]{6}|[0-9]{9}",
            Hierarchy((2, 4, 6, 9), 6),
            builtin=True,
        ),
        Scheme(
            "gbt13745",
            msg("学科分类（GB/T 13745）"),
            r"[0-9]{3}([0-9]{2}){0,2}",
            Hierarchy((3, 5, 7)),
            builtin=True,
        ),
        Scheme(
            "instrument-class", msg("大型科学仪器分类"), r"[0-9]{6}", Hierarchy((2, 4, 6), 6), builtin=True
        ),
        Scheme("gbt4754", msg("国民经济行业分类（GB/T 4754）"), r"[A-T]|[0-9]{2,4}"),
        Scheme("iso3166", msg("国家和地区（GB/T 2659、ISO 3166-1）"), r"[A-Z]{2}"),
        Scheme("spdx", msg("许可证标识（SPDX）")),
        Scheme("moe-universities", msg("全国高等学校名单（教育部）"), r"[0-9]{10}"),
    )
}


def scheme_of(name: str) -> Scheme:
    """The scheme of that name; one we do not know is a flat list of any codes under its own name."""
    return SCHEMES.get(name) or Scheme(name, Message(name))
