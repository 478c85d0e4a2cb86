"""The booking panel of an instrument: its week, and the form beside it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import gcd
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.access.guards import Refusal
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core import clock
from app.core.db import ReadSession
from app.core.i18n import Message, msg
from app.instruments.booking import availability
from app.instruments.booking.availability import Availability
from app.instruments.booking.words import Day, days_of
from app.instruments.rules.opening import DAY
from app.instruments.rules.units import unit_name
from app.instruments.rules.week import minutes_of
from app.organisations.public import names
from app.web.public import SHANGHAI, Form

WEEK = timedelta(days=7)
SHORTEST_ROW_MIN = 30
PURPOSES = {
    "research": msg("科学研究"),
    "development": msg("科技开发"),
    "teaching": msg("教学"),
    "other": msg("其他"),
}


@dataclass(frozen=True, slots=True)
class Panel:
    """All the panel's template shows."""

    week: Availability
    day: date
    """The day asked for; its week is shown, and on a phone the day itself."""
    days: list[Day]
    units: list[tuple[str, str | Message]]
    organisations: list[tuple[str, str]]
    form: Form[Any]
    why_not: Message | None
    """Why this caller cannot book, when they cannot."""

    @property
    def snap_min(self) -> int:
        """Minutes from midnight on which every start and end of a booking lies: what inputs and a hand keep to."""
        terms = self.week.terms
        return gcd(terms.step_min, *(minutes_of(rule.opens) for rule in terms.hours))

    @property
    def row_min(self) -> int:
        """Minutes of a row of the calendar: the fewest snaps that make half an hour."""
        return self.snap_min * -(-SHORTEST_ROW_MIN // self.snap_min)

    @property
    def hours(self) -> tuple[str, str]:
        """The part of the day the calendar shows: whole hours, or rows, from the first opening to the last closing."""
        rules = self.week.terms.hours
        if not rules or any(rule.closes <= rule.opens for rule in rules):
            return "00:00", "24:00"
        row = 60 if 60 % self.row_min == 0 else self.row_min
        first = min(minutes_of(rule.opens) for rule in rules) // row * row
        last = -(-max(minutes_of(rule.closes) for rule in rules) // row) * row
        return _clock(first), _clock(last)

    @property
    def monday(self) -> date:
        """The first day of the week shown."""
        return _monday(self.day)

    @property
    def previous(self) -> str | None:
        """The Monday before, unless it is wholly past."""
        before = self.monday - WEEK
        return before.isoformat() if before + WEEK > _today(self.week.terms.zone) else None

    @property
    def following(self) -> str | None:
        """The Monday after, while bookings may be made then."""
        after = self.monday + WEEK
        return after.isoformat() if after < self.week.bookable_until.date() else None


async def of(
    session: ReadSession,
    *,
    caller: Principal,
    instrument_id: UUID,
    week: date | None = None,
    form: Form[Any] | None = None,
) -> Panel:
    """The panel of an instrument for the week that holds the day `week` (this week by default).

    Raises:
        NotFound: the caller sees no such instrument.
    """
    day = week or _today(SHANGHAI)
    found = await _week(session, caller, instrument_id, day)
    if week is None and not _open_from_now(found, day):
        day = _monday(day) + WEEK
        found = await _week(session, caller, instrument_id, day)
    organisations = await names(session, caller, list(caller.organisations))
    return Panel(
        week=found,
        day=day,
        days=days_of(found, _monday(day)),
        units=[(str(unit.id), unit_name(unit.label)) for unit in found.units],
        organisations=[(str(id_), name) for id_, name in organisations.items()],
        form=form or Form({}),
        why_not=_why_not(caller, found),
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _today(zone: ZoneInfo) -> date:
    return clock.now().astimezone(zone).date()


async def _week(session: ReadSession, caller: Principal, instrument_id: UUID, day: date) -> Availability:
    """The day's week, and a day on either side: the instrument's zone is known only with the answer."""
    since = datetime.combine(_monday(day) - DAY, time.min, UTC)
    return await availability.of_instrument(
        session, caller=caller, instrument_id=instrument_id, since=since, until=since + WEEK + 2 * DAY
    )


def _open_from_now(found: Availability, day: date) -> bool:
    """Whether anything of the week is left to book."""
    terms = found.terms
    end = datetime.combine(_monday(day) + WEEK, time.min, terms.zone)
    return bool(terms.open_spans(found.bookable_from, end))


def _why_not(caller: Principal, found: Availability) -> Message | None:
    if caller.kind == "visitor":
        return msg("登录后即可预约。")
    if not caller.may(Permission.BOOKINGS_CREATE):
        return msg("预约须以单位名义进行，您还没有加入任何单位。请联系您单位的管理员。")
    if found.refused:
        return found.refused
    if isinstance(found.serves, Refusal):
        return found.serves.reason
    if not found.units:
        return msg("该仪器目前没有可预约的单元。")
    return None
