"""Whether somebody may run an instrument on the days of a booking: levels, validity, and what to do where they may not."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, get_args

from app.core.errors import FieldError
from app.core.i18n import Message, msg, pmsg

Level = Literal["observer", "assisted", "independent", "trainer"]
Status = Literal["active", "suspended", "revoked"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From the least to the most; each includes those before it."""
RECOGNISABLE: tuple[Level, ...] = LEVELS[:-1]
"""Another organisation's trainers teach there, not here."""
STATUSES: tuple[Status, ...] = get_args(Status)
WORDS: dict[str, Message] = {
    "observer": pmsg("level", "观摩"),
    "assisted": pmsg("level", "陪同操作"),
    "independent": pmsg("level", "独立操作"),
    "trainer": pmsg("level", "培训人"),
}
UNIT, DAY = "unit_id", "starts_at"
"""The fields of a booking that a fault stands beside: what is to be run, and when."""
MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Held:
    """A qualification that counts towards a demand."""

    level: Level
    valid_from: date
    valid_to: date | None
    """Its last day; None: it does not expire."""
    status: Status
    at_most: Level | None = None
    """What it counts as at most, where it is another organisation's; None: it is of the demanded type itself."""

    @property
    def counts_as(self) -> int:
        """The place of its level here."""
        places = [LEVELS.index(level) for level in (self.level, self.at_most) if level is not None]
        return min(places)


@dataclass(frozen=True, slots=True)
class Demand:
    """A type an instrument wants at a level, and what the person holds towards it."""

    name: Message
    level: Level
    held: tuple[Held, ...]


def faults(demands: Iterable[Demand], first: date, last: date | None = None) -> list[FieldError]:
    """Why a person may not run the instrument on the local days `first` to `last`; empty where they may."""
    return [fault for demand in demands for fault in _unmet(demand, first, last or first)]


def _unmet(demand: Demand, first: date, last: date) -> list[FieldError]:
    barred = [held for held in demand.held if held.at_most is None and held.status != "active"]
    found = [_faults_of(demand, held, first, last) for held in barred or demand.held]
    return min(found, key=len) if found else [_fault(demand, "missing")]


def _faults_of(demand: Demand, held: Held, first: date, last: date) -> list[FieldError]:
    found = []
    if held.status != "active":
        found.append(_fault(demand, held.status))
    if held.counts_as < LEVELS.index(demand.level):
        found.append(_fault(demand, "level_too_low", has=WORDS[LEVELS[held.counts_as]]))
    if held.valid_from > first:
        found.append(_fault(demand, "missing"))
    if held.valid_to is not None and held.valid_to < last:
        found.append(_fault(demand, "expired_on_date", day=held.valid_to.isoformat()))
    return found


_REASONS: dict[str, Message] = {
    "missing": msg("操作该仪器需要「{type}」资格（{level}及以上），您在预约当天没有；请先在仪器页面申请"),
    "level_too_low": msg(
        "操作该仪器需要「{type}」资格达到「{level}」，您目前是「{has}」；请在仪器页面申请更高级别"
    ),
    "expired_on_date": msg(
        "您的「{type}」资格有效期至 {day}，早于预约日期；请先申请续期，或改约有效期内的日期"
    ),
    "suspended": msg("您的「{type}」资格已被暂停；请联系授予单位，恢复后再预约"),
    "revoked": msg("您的「{type}」资格已被撤销；请重新接受培训并申请"),
}


def _fault(demand: Demand, what: str, **params: object) -> FieldError:
    given = {"type": demand.name, "level": WORDS[demand.level], **params}
    field = DAY if what == "expired_on_date" else UNIT
    return FieldError(field, f"qualification_{what}", replace(_REASONS[what], params=given))


def last_day(valid_from: date, months: int | None) -> date | None:
    """The last day of a term of months: the corresponding day, or the month's last (Civil Code 民法典 Art. 201, 202)."""
    if months is None:
        return None
    year, month = divmod(valid_from.year * MONTHS_A_YEAR + valid_from.month - 1 + months, MONTHS_A_YEAR)
    return date(year, month + 1, min(valid_from.day, monthrange(year, month + 1)[1]))


Step = Literal["suspend", "reinstate", "revoke"]
TRANSITIONS: dict[Step, tuple[frozenset[Status], Status]] = {
    "suspend": (frozenset({"active"}), "suspended"),
    "reinstate": (frozenset({"suspended"}), "active"),
    "revoke": (frozenset({"active", "suspended"}), "revoked"),
}
"""From which states a step leads, and to which."""

Outcome = Literal["granted", "renewed", "unchanged", "higher_held", "suspended", "revoked"]
GRANTED: frozenset[Outcome] = frozenset({"granted", "renewed"})


def renewal(before: Held, after: Held, *, today: date, over_revoked: bool) -> Outcome:
    """What a grant does to what the person holds already; only a decision about themselves goes over a revocation."""
    if before.status == "suspended" or (before.status == "revoked" and not over_revoked):
        return before.status
    if before.status == "revoked" or _over(before, today):
        return "granted"
    if before.counts_as > after.counts_as:
        return "higher_held"
    lasts = before.valid_to is None or (after.valid_to is not None and after.valid_to <= before.valid_to)
    return "unchanged" if lasts and before.counts_as == after.counts_as else "renewed"


def _over(held: Held, today: date) -> bool:
    return held.valid_to is not None and held.valid_to < today


REMINDERS: Sequence[int] = (30, 7)
"""Days before the last one on which the holder is reminded."""


def reminder_due(valid_to: date, today: date) -> int | None:
    """The reminder whose time it is: the nearest that has been reached; None before the first and after the last day."""
    left = (valid_to - today).days
    return min((days for days in REMINDERS if left <= days), default=None) if left >= 0 else None
