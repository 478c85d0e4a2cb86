"""People in every role, and the list of accounts to try."""

import base64
import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from app.access.permissions import Role
from app.demo.data.provinces import PROVINCES, Place, Province
from app.demo.data.words import GIVEN_NAMES, SURNAMES

PASSWORD = "delta-commons-demo"  # noqa: S105 - published on purpose; the demonstration refuses production
"""Of every demonstration account."""
CLIENT_SECRET = "delta-commons-demo-client"  # noqa: S105 - same
SECOND_STEP = "  第二步验证码显示在登录页上 second-step codes are shown where they are asked for"
COLLEAGUES = 20
"""Further members a province, who book and never sign in here."""
SEED = 20261121


@dataclass(frozen=True, slots=True)
class Person:
    """An account to make: a role in the province or, with `organisation`, in that one. `key` is its login name."""

    key: str
    name: str
    role: Role
    organisation: Place | None = None
    signs_in: bool = True


@dataclass(frozen=True, slots=True)
class System:
    """A system client to register, acting for an organisation."""

    client_id: str
    name: str
    organisation: Place
    scopes: tuple[str, ...] = ("instruments.read", "bookings.read")


def people(province: Province) -> list[Person]:
    """A researcher in each organisation, one of each other role at the first, and colleagues; the same each time."""
    first, *others = places = province.organisations
    posts: list[tuple[str, Role, Place | None]] = [
        ("researcher", Role.MEMBER, first),
        ("manager", Role.MANAGER, first),
        ("steward", Role.STEWARD, first),
        ("admin", Role.PROVINCE_ADMIN, None),
        ("auditor", Role.AUDITOR, None),
        *((f"researcher{n}", Role.MEMBER, place) for n, place in enumerate(others, start=2)),
    ]
    signing_in = len(posts)
    posts += [(f"colleague{n}", Role.MEMBER, places[n % len(places)]) for n in range(1, COLLEAGUES + 1)]
    names = _names(province, len(posts))
    return [
        Person(f"{province.abbreviation}.{post}", name, role, place, signs_in=number < signing_in)
        for number, ((post, role, place), name) in enumerate(zip(posts, names, strict=True))
    ]


def totp_secret(key: str) -> str:
    """What the authenticator app of an account knows; published on purpose, as the password."""
    return base64.b32encode(hashlib.sha256(f"{PASSWORD} {key}".encode()).digest()[:20]).decode()


def system(province: Province) -> System:
    """The system client of a province."""
    first = province.organisations[0]
    return System(f"demo-{province.abbreviation}", f"{first.name}仪器管理系统", first)


def _names(province: Province, count: int) -> list[str]:
    """Names nobody else in the demonstration has."""
    return _every_name()[PROVINCES.index(province) * count :][:count]


def _every_name() -> list[str]:
    every = [surname + given for surname in SURNAMES for given in GIVEN_NAMES]
    Random(SEED).shuffle(every)  # noqa: S311 - made-up names, not secrets
    return every


def newcomer(province: Province) -> Person:
    """Somebody who belongs to no organisation yet."""
    return Person(f"{province.abbreviation}.newcomer", _further_name(province, 0), Role.PERSON)


def second_admin(province: Province) -> Person:
    """Whom the first admin needs for what two people decide."""
    return Person(f"{province.abbreviation}.admin2", _further_name(province, 1), Role.PROVINCE_ADMIN)


def _further_name(province: Province, rank: int) -> str:
    """A name beyond those of PEOPLE."""
    return _every_name()[len(PROVINCES) * (len(PEOPLE[province.code]) + rank) + PROVINCES.index(province)]


PEOPLE = {province.code: people(province) for province in PROVINCES}
NEWCOMERS = {province.code: newcomer(province) for province in PROVINCES}
SECOND_ADMINS = {province.code: second_admin(province) for province in PROVINCES}
OPERATOR = Person("operator", "平台运维员", Role.OPERATOR)
_TITLES = (
    ("researcher", "研究人员 researcher"),
    ("manager", "单位管理员 organisation manager"),
    ("steward", "机组管理员 instrument steward"),
    ("admin", "省级管理员 province admin"),
    ("admin2", "另一位省级管理员 second admin"),
    ("auditor", "审计员 auditor"),
    ("newcomer", "尚未加入单位 no organisation yet"),
)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  " + "  ".join(padded).rstrip()


def _listing() -> str:
    rows: list[tuple[str, ...]] = [("", "上海", "江苏", "浙江", "安徽")]
    rows += [(title, *(f"{p.abbreviation}.{post}" for p in PROVINCES)) for post, title in _TITLES]
    rows.append(("系统客户端 system client", *(system(p).client_id for p in PROVINCES)))
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_row(row, widths) for row in rows]
    lines += [
        f"  平台运维员 operator: {OPERATOR.key}（从任一省份登录 through any province's sign-in）",
        "",
        f"  密码 password: {PASSWORD}",
        SECOND_STEP,
        f"  系统客户端密钥 client secret: {CLIENT_SECRET}",
    ]
    return "\n".join(lines)


LISTING = _listing()
"""One account for each role and province, as the launcher prints it."""
