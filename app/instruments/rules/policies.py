"""Booking policies 预约规则: what each may set, for whom, and which of several wins.

A policy stands at a place (province, organisation, instrument, unit) and is for an audience (everybody, or one of the
kinds of users below). Each setting is taken from the most specific policy that has it: the nearer place first, at one
place the narrower audience. Refusing beats allowing wherever it stands (§2.4.2 of the domain: "least restrictive wins"
surprises those who set the rules).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

PLACES = ("province", "organisation", "instrument", "unit")
Place = Literal["province", "organisation", "instrument", "unit"]
EVERYBODY = ""
AUDIENCES = (EVERYBODY, "other_province", "academic", "enterprise", "government", "internal")
"""From the widest to the narrowest; a province's code, narrower than all but the owner's own people, may stand as well."""
_FROM_PROVINCE = AUDIENCES.index("internal") - 0.5

MONTH_MIN = 43_200
DAY_MIN = 1_440
NUMBERS: Mapping[str, tuple[int, int]] = {
    "step_min": (5, DAY_MIN),
    "min_min": (5, MONTH_MIN),
    "max_min": (5, MONTH_MIN),
    "setup_min": (0, DAY_MIN),
    "teardown_min": (0, DAY_MIN),
    "lead_min": (0, MONTH_MIN),
    "move_lead_min": (0, MONTH_MIN),
    "cancel_lead_min": (0, MONTH_MIN),
    "horizon_days": (1, 365),
    "gap_min": (0, MONTH_MIN),
    "max_active": (0, 1_000),
    "max_pending": (0, 1_000),
    "user_day_min": (0, DAY_MIN),
    "user_week_min": (0, 7 * DAY_MIN),
    "user_month_min": (0, 31 * DAY_MIN),
    "payer_day_min": (0, 1_000_000),
    "payer_week_min": (0, 1_000_000),
    "payer_month_min": (0, 1_000_000),
    "approval_sla_min": (30, 10_080),
    "hold_ttl_min": (5, 10_080),
}
"""Settings that are whole numbers, with the least and the most; `*_min` are minutes."""
FLAGS = frozenset({"bookable", "keeps_holidays", "requires_approval", "pending_holds_slot"})
QUOTAS = (
    "gap_min",
    *(name for name in NUMBERS if name.startswith(("user_", "payer_", "max_active", "max_pending"))),
)
"""Settings that look at what somebody holds already, over the place at which they are set."""
DEFAULTS: Mapping[str, Any] = {
    "step_min": 15,
    "min_min": 30,
    "max_min": 480,
    "setup_min": 0,
    "teardown_min": 0,
    "lead_min": 0,
    "horizon_days": 14,
}
"""What holds where no policy says anything."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy; `settings` has only what it sets."""

    id: UUID
    place: Place
    audience: str
    settings: Mapping[str, Any]
    unit_id: UUID | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit on what somebody holds, counted over a place: the unit, the instrument, all of the organisation's, or the province's."""

    most: int
    place: Place

    def counts(self, nearest: Place) -> bool:
        """Whether a booking counts whose nearest place in common with the wanted unit is `nearest`."""
        return PLACES.index(nearest) >= PLACES.index(self.place)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What holds for somebody on a unit, and which policy said so."""

    settings: Mapping[str, Any]
    source: Mapping[str, Policy] = field(default_factory=dict)
    """The policy each setting comes from; none for what nobody set."""
    refusing: Policy | None = None
    """The policy that takes no bookings from them."""

    @property
    def quotas(self) -> dict[str, Quota]:
        """The limits of `QUOTAS` that are set."""
        return {
            name: Quota(self.settings[name], self.source[name].place)
            for name in QUOTAS
            if name in self.source
        }

    @property
    def versions(self) -> list[UUID]:
        """The policies that had a say, once each."""
        said = [*self.source.values(), *([self.refusing] if self.refusing else [])]
        return sorted({policy.id for policy in said})


def breadth(audience: str) -> float:
    """How narrow an audience is: larger is narrower."""
    return AUDIENCES.index(audience) if audience in AUDIENCES else _FROM_PROVINCE


def specificity(policy: Policy) -> tuple[int, float]:
    """What orders policies: the nearer place first, then the narrower audience."""
    return PLACES.index(policy.place), breadth(policy.audience)


def audiences(*, kind: str, province: str, owner_province: str, internal: bool) -> frozenset[str]:
    """The audiences somebody belongs to who books in an organisation's name."""
    found = {EVERYBODY, province}
    if internal:
        found.add("internal")
    if province != owner_province:
        found.add("other_province")
    if kind in {"university", "institute", "medical"}:
        found.add("academic")
    elif kind in {"enterprise", "government"}:
        found.add(kind)
    return frozenset(found)


def resolve(policies: Sequence[Policy], *, unit_id: UUID | None, audience: frozenset[str]) -> Resolved:
    """What holds on a unit (None: on any unit of the instrument) for those of these audiences."""
    here = [p for p in policies if p.audience in audience and p.unit_id in {None, unit_id}]
    ordered = sorted(here, key=specificity, reverse=True)
    source: dict[str, Policy] = {}
    for policy in ordered:
        for name in policy.settings:
            source.setdefault(name, policy)
    settings = {**DEFAULTS, **{name: policy.settings[name] for name, policy in source.items()}}
    refusing = next((policy for policy in ordered if policy.settings.get("bookable") is False), None)
    return Resolved(settings, source, refusing)
