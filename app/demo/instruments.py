"""Some 200 instruments: fifty a province, of believable kinds and fictional makers."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from app.demo.accounts import SEED
from app.demo.data import words
from app.demo.data.provinces import PROVINCES, Place, Province
from app.demo.data.regimes import REGIMES, Regime

EACH = 50
FLAGSHIPS = 8
"""The first kinds of the list: every province has them, open to the others."""
SCOPES = ("public",) * 11 + ("region",) * 14 + ("province",) * 12 + ("organisation",) * 5
STATES = (
    *(("suspended", "awaiting_repair", False),) * 2,
    *(("suspended", "awaiting_scrap", False),) * 1,
    *(("restricted", "normal", False),) * 2,
    *(("open", "normal", True),) * 3,
    *(("open", "occasional_fault", False),) * 3,
    *(("open", "standby", False),) * 4,
    *(("open", "normal", False),) * 27,
)
"""Service status, running state and customs supervision of those that are no flagships."""
IN_CENTRE = 0.6
"""The part of universities' and institutes' instruments that stand in a centre."""
WAN_FEN = 1_000_000
"""10,000 yuan in fen."""
FIRST_DAY, DAYS = date(2012, 3, 1), 4900
"""Begin dates lie between March 2012 and July 2025."""
_CHOICE = re.compile(r"\{([^{}|]+(?:\|[^{}|]*)+)\}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of instrument; in the texts `{a|b}` stands for one of the two. Worth in 10,000 yuan."""

    name: str
    english: str
    class_code: str
    disciplines: list[str]
    worth: range
    units: range
    regime: str
    nations: list[str]
    technical: str
    function: str

    @property
    def is_medical(self) -> bool:
        """Class 09, medical research instruments."""
        return self.class_code.startswith("09")


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use an instrument, and whether it works."""

    scope: str
    service_status: str
    running_state: str
    customs: bool


@dataclass(frozen=True, slots=True)
class InstrumentPlan:
    """An instrument to register: its owner, the register's fields, its units and how it is opened."""

    owner: Place
    fields: dict[str, Any]
    units: list[dict[str, str]]
    regime: Regime
    flagship: bool

    @property
    def inner_id(self) -> str:
        """The number its owner gave it; no two in the demonstration are the same."""
        number: str = self.fields["inner_id"]
        return number

    @property
    def takes_bookings(self) -> bool:
        """Whether time on it can be booked at all."""
        suspended = self.fields["service_status"] == "suspended"
        return not suspended and self.regime.mode != "sample"


def kinds() -> list[Kind]:
    """The kinds of instruments there are."""
    with (Path(__file__).parent / "data" / "instruments.csv").open(encoding="utf-8", newline="") as file:
        return [_kind(row) for row in csv.DictReader(file)]


def _kind(row: dict[str, str]) -> Kind:
    return Kind(
        name=row["name"],
        english=row["english"],
        class_code=f"{row['class']}00",
        disciplines=row["disciplines"].split(),
        worth=_range(row["worth"]),
        units=_range(row["units"]),
        regime=row["regime"],
        nations=row["nations"].split(),
        technical=row["technical"],
        function=row["function"],
    )


def _range(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def instruments(province: Province) -> list[InstrumentPlan]:
    """The instruments of a province, the same each time."""
    random = Random(f"{SEED}-{province.code}")  # noqa: S311 - a demonstration, not secrets
    known = kinds()
    chosen = known[:FLAGSHIPS] + random.sample(known[FLAGSHIPS:], EACH - FLAGSHIPS)
    placed = zip(chosen, _owners(random, province, chosen), _access(random), strict=True)
    return [
        _plan(random, province, kind, owner, number, access)
        for number, (kind, owner, access) in enumerate(placed, start=1)
    ]


def _access(random: Random) -> Iterator[Access]:
    """Flagships are for the others too; the rest is mixed, the same numbers of each in every province."""
    for number in range(1, FLAGSHIPS + 1):
        yield Access("public" if number % 3 else "region", "open", "normal", customs=False)
    scopes, states = random.sample(SCOPES, len(SCOPES)), random.sample(STATES, len(STATES))
    for scope, (service_status, running_state, customs) in zip(scopes, states, strict=True):
        yield Access(scope, service_status, running_state, customs)


def _owners(random: Random, province: Province, chosen: list[Kind]) -> list[Place]:
    """Whose each instrument is: by share, with the flagships at the first two and medical kinds in the hospital."""
    first, second, *_ = places = province.organisations
    hospital = next(place for place in places if place.kind == "medical")
    bound = [
        (first, second)[number % 2] if number < FLAGSHIPS else hospital if kind.is_medical else None
        for number, kind in enumerate(chosen)
    ]
    deck = [place for place in places for _ in range(place.share)]
    for place in bound:
        if place is not None:
            deck.remove(place)
    random.shuffle(deck)
    rest = iter(deck)
    return [place or next(rest) for place in bound]


def _plan(
    random: Random, province: Province, kind: Kind, owner: Place, number: int, access: Access
) -> InstrumentPlan:
    letters, made = _maker(random, kind, foreign=access.customs)
    regime = REGIMES[kind.regime]
    fields = {
        "inner_id": f"{province.abbreviation.upper()}-{kind.class_code[:4]}-{number:03d}",
        "class_code": kind.class_code,
        "disciplines": kind.disciplines,
        "kind": "special" if kind.regime == "beam" else "general",
        "scope": access.scope,
        "service_status": access.service_status,
        "running_state": access.running_state,
        "customs_supervised": access.customs,
        **made,
        **_facts(random, kind, owner),
        **_texts(random, kind),
        "booking_mode": regime.mode,
    }
    units = [
        {"label": f"{unit} 号机", "serial": f"{letters}{random.randrange(10**6):06d}"}
        for unit in range(1, random.choice(kind.units) + 1)
    ]
    return InstrumentPlan(owner, fields, units, regime, flagship=number <= FLAGSHIPS)


def _maker(random: Random, kind: Kind, *, foreign: bool) -> tuple[str, dict[str, str]]:
    """A maker, by the letters of its models, and a model; customs supervise only what was imported."""
    abroad = [nation for nation in kind.nations if nation != "CN"]
    nation = random.choice(abroad if foreign and abroad else kind.nations)
    maker, letters = random.choice(words.MAKERS[nation])
    suffix = random.choice(("", "", " Plus", " Pro", "X"))
    model = f"{letters}-{random.randrange(12, 98) * 100}{suffix}"
    return letters, {"nation": nation, "manufacturer": maker, "model": model}


def _facts(random: Random, kind: Kind, owner: Place) -> dict[str, Any]:
    hundredths = random.randrange(kind.worth.start * 100, kind.worth.stop * 100)
    return {
        "source": random.choices(("purchased", "developed", "donated"), (18, 1, 1))[0],
        "funds": random.choices(("central", "local", "own"), (5, 3, 2))[0],
        "worth_fen": hundredths * WAN_FEN // 100,
        "begin_date": FIRST_DAY + timedelta(days=random.randrange(DAYS)),
        "adcode": owner.adcode,
        "address": _address(random),
        "contact_name": f"{random.choice(words.SURNAMES)}老师",
        "contact_email": f"platform@{owner.slug}.example",
        **_carrier(random, owner),
    }


def _carrier(random: Random, owner: Place) -> dict[str, str]:
    if owner.kind in {"university", "institute"} and random.random() < IN_CENTRE:
        return {"carrier_type": "仪器中心", "carrier_name": f"{owner.name}分析测试中心"}
    return {"carrier_type": "无"}


def _address(random: Random) -> str:
    street, number = random.choice(words.STREETS), random.randrange(18, 900)
    return f"{street} {number} 号 {random.choice('ABCDE')} 楼 {random.randrange(101, 620)} 室"


def _texts(random: Random, kind: Kind) -> dict[str, str]:
    name = _chosen(random, kind.name)
    hourly = random.randrange(8, 60) * 10
    return {
        "name_zh": name,
        "name_en": kind.english,
        "technical": _chosen(random, kind.technical),
        "function": kind.function,
        "service_content": random.choice(words.SERVICE_CONTENT).format(name=name),
        "achievement": random.choice(words.ACHIEVEMENTS).format(
            count=random.randrange(12, 140), users=random.randrange(3, 60)
        ),
        "requirement": random.choice(words.REQUIREMENTS),
        "fee_note": random.choice(words.FEE_NOTES).format(
            inside=hourly, academic=hourly * 2, firm=hourly * 3
        ),
    }


def _chosen(random: Random, text: str) -> str:
    return _CHOICE.sub(lambda match: random.choice(match[1].split("|")), text)


INSTRUMENTS = {province.code: instruments(province) for province in PROVINCES}
