"""The terms an instrument is booked under, and every way a requested span breaks them (all at once)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from app.core.errors import FieldError
from app.core.i18n import Message, msg
from app.instruments.rules.opening import (
    NO_SPECIAL_DAYS,
    OpeningHours,
    Span,
    SpecialDays,
    closed_spans,
    covers,
    open_spans,
    shifts,
)
from app.instruments.rules.policies import Quota, Resolved

LONGEST = timedelta(days=30)
MINUTE = timedelta(minutes=1)
INSTANT = timedelta.resolution


@dataclass(frozen=True, slots=True)
class Terms:
    """Booking rules of one instrument; durations in minutes."""

    zone: ZoneInfo
    hours: tuple[OpeningHours, ...]
    step_min: int
    min_min: int
    max_min: int
    setup_min: int
    teardown_min: int
    lead_min: int
    horizon_days: int
    move_lead_min: int | None = None
    """As `lead_min`, for giving a booking another time; None: the same."""
    cancel_lead_min: int = 0
    requires_approval: bool = False
    approval_sla_min: int = 1_440
    pending_holds_slot: bool = True
    hold_ttl_min: int | None = None
    """None: a request holds the unit as long as it waits."""
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    days: SpecialDays = field(default_factory=dict)

    @classmethod
    def of(
        cls, resolved: Resolved, *, zone: ZoneInfo, hours: tuple[OpeningHours, ...], days: SpecialDays
    ) -> Self:
        """The terms that resolved policies make; an instrument with hours keeps holidays unless told otherwise."""
        settings = resolved.settings
        own = {f.name for f in fields(cls)} - {"zone", "hours", "days", "quotas"}
        return cls(
            **{name: value for name, value in settings.items() if name in own},
            quotas=resolved.quotas,
            zone=zone,
            hours=hours,
            days=days if settings.get("keeps_holidays", bool(hours)) else NO_SPECIAL_DAYS,
        )

    def open_spans(self, since: datetime, until: datetime) -> list[Span]:
        """When the instrument is open within [since, until)."""
        return open_spans(self.hours, self.zone, since, until, self.days)

    def closed_spans(self, since: datetime, until: datetime) -> list[Span]:
        """The rest of [since, until)."""
        return closed_spans(self.hours, self.zone, since, until, self.days)

    def occupied(self, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        """The span widened by preparation and clean-up."""
        return start - self.setup_min * MINUTE, end + self.teardown_min * MINUTE

    def lead(self, *, moving: bool) -> int:
        """How many minutes ahead a booking must be made, or given another time."""
        return self.lead_min if self.move_lead_min is None or not moving else self.move_lead_min

    def earliest(self, now: datetime, *, moving: bool = False) -> datetime:
        """The first instant a booking may start."""
        return now + self.lead(moving=moving) * MINUTE

    def local_day(self, instant: datetime) -> date:
        """The instrument's calendar day of an instant."""
        return instant.astimezone(self.zone).date()

    def latest(self, now: datetime) -> datetime:
        """The end of the last bookable local day."""
        last_day = self.local_day(now) + timedelta(days=self.horizon_days + 1)
        return datetime.combine(last_day, datetime.min.time(), self.zone)

    def grid_starts(self, since: datetime, until: datetime) -> list[datetime]:
        """Where the grid of steps begins in [since, until): at each opening, at midnight where it never closes.

        The first may lie before `since`: the one that still counts then. While it is shut there is no grid.
        """
        return [opens for opens, _ in shifts(self.hours, self.zone, since, until, self.days)]

    def off_grid(self, instant: datetime) -> datetime | None:
        """Where the grid began of which an instant misses every step; None when it keeps to it."""
        starts = self.grid_starts(instant, instant + INSTANT)
        return next((start for start in starts if (instant - start) % (self.step_min * MINUTE)), None)


def span_faults(start: datetime, end: datetime) -> list[FieldError]:
    """What is wrong with a span on any instrument."""
    if end <= start:
        return [FieldError("ends_at", "end_not_after_start", msg("结束时间须晚于开始时间"))]
    if end - start > LONGEST:
        return [FieldError("ends_at", "span_too_long", msg("一次预约最长 30 天"))]
    return []


def faults(
    terms: Terms, start: datetime, end: datetime, *, now: datetime, moving: bool = False
) -> list[FieldError]:
    """Every rule the span [start, end) breaks at the instant `now`, each with a stable code."""
    found = span_faults(start, end)
    if found:
        return found
    if start <= now:
        found.append(FieldError("starts_at", "in_the_past", msg("开始时间已过")))
    elif start < terms.earliest(now, moving=moving):
        lead = terms.lead(moving=moving)
        found.append(_start("lead_time", msg("须至少提前 {minutes} 分钟预约", minutes=lead)))
    if start >= terms.latest(now):
        found.append(
            _start("beyond_horizon", msg("目前只能预约 {days} 天以内的时段", days=terms.horizon_days))
        )
    return found + _length_faults(terms, start, end) + _opening_faults(terms, start, end)


def _start(code: str, reason: Message) -> FieldError:
    return FieldError("starts_at", code, reason)


def _length_faults(terms: Terms, start: datetime, end: datetime) -> list[FieldError]:
    found = []
    minutes = (end - start) / MINUTE
    if grid_start := terms.off_grid(start):
        found.append(_start("off_grid", _grid_reason(terms, grid_start)))
    if minutes % terms.step_min:
        found.append(
            FieldError("ends_at", "off_grid", msg("时长须为 {step} 分钟的整数倍", step=terms.step_min))
        )
    if minutes < terms.min_min:
        found.append(
            FieldError("ends_at", "too_short", msg("最短预约 {minutes} 分钟", minutes=terms.min_min))
        )
    if minutes > terms.max_min:
        found.append(FieldError("ends_at", "too_long", msg("最长预约 {minutes} 分钟", minutes=terms.max_min)))
    return found


def _grid_reason(terms: Terms, grid_start: datetime) -> Message:
    opens = f"{grid_start.astimezone(terms.zone):%H:%M}"
    return msg("开始时间须从 {opens} 起，每 {step} 分钟一格", opens=opens, step=terms.step_min)


def _opening_faults(terms: Terms, start: datetime, end: datetime) -> list[FieldError]:
    if covers(terms.open_spans(start, end), start, end):
        return []
    return [_start("outside_opening_hours", msg("所选时段不在开放时间内"))]
