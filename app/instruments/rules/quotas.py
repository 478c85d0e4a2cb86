"""Quotas 配额 and gaps: how much of a person's and a payer's time is used already, and what one booking more would break.

Minutes are split at the instrument's local midnight, so that a booking over night counts in both days; what waits for an
approval counts like what is confirmed (§2.4.4 of the domain).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Literal
from zoneinfo import ZoneInfo

from app.core.errors import FieldError
from app.core.i18n import Message, msg
from app.instruments.rules.opening import DAY, Span, clipped
from app.instruments.rules.policies import Place
from app.instruments.rules.terms import MINUTE, Terms

Whose = Literal["user", "payer"]
Period = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Held:
    """A booking that counts: not cancelled, not refused, not over before it began."""

    start: datetime
    end: datetime
    by_user: bool
    """The same person's; others are of the same payer."""
    pending: bool
    ahead: bool
    """Not over yet."""
    nearest: Place = "unit"
    """The nearest place it has in common with the unit wanted."""


def quota_faults(terms: Terms, wanted: Span, held: Sequence[Held]) -> list[FieldError]:
    """The quotas that a booking of `wanted` would break beside `held`; each names what is left."""
    return [*_counts(terms, held), *_gap(terms, wanted, held), *_minutes(terms, wanted, held)]


def window(terms: Terms, wanted: Span) -> Span:
    """The time whose bookings can matter: every period that `wanted` touches, and the gap on both sides."""
    spans = [span for period in PERIODS for span in periods(period, terms.zone, *wanted)]
    gap = (terms.quotas["gap_min"].most if "gap_min" in terms.quotas else 0) * MINUTE
    return (
        min([start for start, _ in spans] + [wanted[0] - gap]),
        max([end for _, end in spans] + [wanted[1] + gap]),
    )


WHOSE: Mapping[Whose, Message] = {"user": msg("每人"), "payer": msg("每单位")}
PERIODS: Mapping[Period, Message] = {"day": msg("每天"), "week": msg("每周"), "month": msg("每月")}


def periods(period: Period, zone: ZoneInfo, start: datetime, end: datetime) -> list[Span]:
    """The local days, weeks from Monday, or months that [start, end) touches, as instants."""
    found: list[Span] = []
    first = _first_day(period, start.astimezone(zone).date())
    while (since := _midnight(first, zone)) < end:
        first = _next_first_day(period, first)
        found.append((since, _midnight(first, zone)))
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """In UTC: two instants of one zone would be subtracted by the clock on the wall."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _first_day(period: Period, day: date) -> date:
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day


def _next_first_day(period: Period, first: date) -> date:
    if period == "month":
        return (first + timedelta(days=31)).replace(day=1)
    return first + (7 * DAY if period == "week" else DAY)


def minutes_within(spans: Iterable[Span], since: datetime, until: datetime) -> int:
    """Minutes of spans inside [since, until)."""
    return int(
        sum(((end - start) for start, end in clipped(list(spans), since, until)), timedelta()) / MINUTE
    )


def _counts(terms: Terms, held: Sequence[Held]) -> list[FieldError]:
    mine = [one for one in held if one.by_user and one.ahead]
    found = []
    for name, counted, reason in (
        ("max_active", mine, msg("未完成的预约最多 {most} 个，您已有 {held} 个")),
        (
            "max_pending",
            [one for one in mine if one.pending],
            msg("待审批的预约最多 {most} 个，您已有 {held} 个"),
        ),
    ):
        quota = terms.quotas.get(name)
        number = sum(quota.counts(one.nearest) for one in counted) if quota else 0
        if quota and number >= quota.most:
            found.append(_fault(name, replace(reason, params={"most": quota.most, "held": number})))
    return found


def _gap(terms: Terms, wanted: Span, held: Sequence[Held]) -> list[FieldError]:
    quota = terms.quotas.get("gap_min")
    if quota is None:
        return []
    gap = quota.most * MINUTE
    mine = (one for one in held if one.by_user and quota.counts(one.nearest))
    if any(one.start < wanted[1] + gap and wanted[0] - gap < one.end for one in mine):
        reason = msg("同一人的两次预约之间须至少间隔 {minutes} 分钟", minutes=quota.most)
        return [_fault("gap_too_short", reason)]
    return []


def _minutes(terms: Terms, wanted: Span, held: Sequence[Held]) -> list[FieldError]:
    found = []
    for whose, period in product(WHOSE, PERIODS):
        quota = terms.quotas.get(f"{whose}_{period}_min")
        if quota is None:
            continue
        whose_own = (one for one in held if whose == "payer" or one.by_user)
        counted = [(one.start, one.end) for one in whose_own if quota.counts(one.nearest)]
        for since, until in periods(period, terms.zone, *wanted):
            left = max(0, quota.most - minutes_within(counted, since, until))
            if minutes_within([wanted], since, until) > left:
                reason = msg(
                    "{whose}{period}最多 {most} 分钟，{day} 起还剩 {left} 分钟",
                    whose=WHOSE[whose],
                    period=PERIODS[period],
                    most=quota.most,
                    day=since.astimezone(terms.zone).date().isoformat(),
                    left=left,
                )
                found.append(_fault(f"quota_{whose}_{period}", reason))
    return found


def _fault(code: str, reason: Message) -> FieldError:
    return FieldError("starts_at", code, reason)
