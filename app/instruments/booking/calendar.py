"""A booking as an iCalendar file (RFC 5545), without anybody's name or address in it."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from app.core.i18n import Locale, Message, msg
from app.instruments.models import Booking
from app.web.public import when_text

PRODUCT = "-//Delta Commons//Instrument booking//ZH"
STATUS = {"requested": "TENTATIVE", "confirmed": "CONFIRMED", "cancelled": "CANCELLED"}


def name_in(locale: Locale, booking: Booking | Row[Any], entry: Row[Any] | None) -> str:
    """The instrument's name: the booking's copy, or in English the register's while `entry` is still shared."""
    english = entry.name_en if entry and locale == "en" else ""
    return str(english or booking.instrument_name)


def moved_note(booking: Booking, locale: Locale) -> Message | None:
    """That the instrument's side moved it, from when, and why; None where it was not the last to move it."""
    if booking.moved_from is None or booking.moved_from.lower is None:
        return None
    before = when_text(booking.moved_from.lower, locale, until=booking.moved_from.upper, tz=booking.tz)
    return msg("仪器方已改期，原时段为 {span}：{reason}", span=before, reason=booking.move_reason)


def calendar_file(booking: Booking, *, url: str, name: str, place: str, description: str = "") -> bytes:
    """The file: a stable UID, and a SEQUENCE that grows with every change, so that calendars update in place.

    SEQUENCE begins at 0 (RFC 5545 §3.8.7.4), a row's version at 1. LOCATION and DESCRIPTION are left out where
    `place` and `description` are "".
    """
    from icalendar import Calendar, Event  # noqa: PLC0415 - 5 MB in every process, and few ever ask for a file

    zone = ZoneInfo(booking.tz)
    event = Event()
    event.add("uid", f"booking-{booking.id}@delta-commons")
    event.add("sequence", booking.version - 1)
    event.add("dtstamp", booking.updated_at)
    event.add("dtstart", booking.starts_at.astimezone(zone))
    event.add("dtend", booking.ends_at.astimezone(zone))
    event.add("summary", f"{name} · {booking.unit_label}")
    if place:
        event.add("location", place)
    if description:
        event.add("description", description)
    event.add("status", STATUS[booking.status])
    event.add("url", url)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones(
        first_date=booking.starts_at.date() - timedelta(days=1),
        last_date=booking.ends_at.date() + timedelta(days=1),
    )
    return bytes(calendar.to_ical())
