"""Special days read from a file: the yearly list of public holidays as JSON (`days` of name, date, isOffDay) or iCalendar.

The JSON is the form in which open projects publish the State Council's notices; an iCalendar event of whole days is a
day off, unless its name begins with 上班, 补班 or 班.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar

from app.core.errors import FieldError, Invalid
from app.core.i18n import Message, msg
from app.core.schema import FIRST_YEAR, LAST_YEAR
from app.instruments.policies.schemas import CalendarDayIn
from app.instruments.rules.opening import CLOSED, DAY

MOST_DAYS = 400
MOST_BYTES = 1_000_000
LONGEST_NAME = 100
WORKED = ("上班", "补班", "班")


@dataclass(frozen=True, slots=True)
class Notice:
    """The days of a file, and what of it cannot be taken over."""

    days: list[CalendarDayIn]
    faults: list[tuple[int, Message]]
    """The entry's number, and why."""


def read(content: bytes, *, working_as: int) -> Notice:
    """The special days of a file; days worked instead keep the hours of the weekday `working_as`.

    Raises:
        Invalid: the file is neither of the two forms, too large, or names more than 400 days.
    """
    if len(content) > MOST_BYTES:
        raise Invalid(errors=[FieldError("file", "too_large", msg("文件不能超过 1 MB"))])
    try:
        entries = list(_entries(content))
    except (ValueError, KeyError, TypeError, RecursionError):
        reason = msg("文件应为节假日列表（JSON）或日历（.ics）")
        raise Invalid(errors=[FieldError("file", "unreadable", reason)]) from None
    days: dict[date, CalendarDayIn] = {}
    faults = []
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, Message):
            faults.append((number, entry))
            continue
        name, day, is_off = entry
        if day in days:
            faults.append((number, msg("{day} 出现了不止一次", day=day.isoformat())))
            continue
        days[day] = CalendarDayIn(day=day, acts_as=CLOSED if is_off else working_as, name=name)
    if len(days) > MOST_DAYS:
        reason = msg("一个文件最多 {most} 天", most=MOST_DAYS)
        raise Invalid(errors=[FieldError("file", "too_many_days", reason)])
    return Notice(sorted(days.values(), key=lambda one: one.day), faults)


Entry = tuple[str, date, bool]


def _entries(content: bytes) -> Iterator[Entry | Message]:
    if content.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"BEGIN:VCALENDAR"):
        yield from _of_calendar(Calendar.from_ical(content.lstrip(b"\xef\xbb\xbf")))
        return
    for entry in json.loads(content)["days"]:
        yield _of_json(entry)


def _of_json(entry: Any) -> Entry | Message:
    known = entry if isinstance(entry, dict) else {}
    name, text, is_off = (known.get(key) for key in ("name", "date", "isOffDay"))
    if not isinstance(name, str) or not isinstance(text, str) or not isinstance(is_off, bool):
        return msg("缺少名称、日期或是否放假")
    try:
        return _checked(name, date.fromisoformat(text), is_off=is_off)
    except ValueError:
        return msg("没有“{day}”这一天", day=text[:LONGEST_NAME])


def _of_calendar(calendar: Any) -> Iterator[Entry | Message]:
    for event in calendar.walk("VEVENT"):
        name = str(event.get("SUMMARY", ""))
        start = event.get("DTSTART")
        if start is None or isinstance(start.dt, datetime):
            yield msg("“{name}”不是全天的日程", name=name[:LONGEST_NAME])
            continue
        end = event.get("DTEND")
        last = end.dt if end is not None and not isinstance(end.dt, datetime) else start.dt + DAY
        if not timedelta() < last - start.dt <= MOST_DAYS * DAY:
            yield msg("“{name}”的起止日期不对", name=name[:LONGEST_NAME])
            continue
        for offset in range((last - start.dt).days):
            yield _checked(name, start.dt + offset * DAY, is_off=not name.startswith(WORKED))


def _checked(name: str, day: date, *, is_off: bool) -> Entry | Message:
    plain = " ".join(name.split())
    if not 1 <= len(plain) <= LONGEST_NAME or not plain.isprintable():
        return msg("名称须为 1 至 {most} 个字符", most=LONGEST_NAME)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        return msg("没有“{day}”这一天", day=day.isoformat())
    return plain, day, is_off
