"""How instants, spans and money are written for people: the only place that does."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.core import clock
from app.core.i18n import Locale

SHANGHAI = ZoneInfo("Asia/Shanghai")
FEN_PER_YUAN = 100
YUAN_PER_WAN = 10_000
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_text(day: date, locale: Locale) -> str:
    """A day: `11月23日 周一`, `Mon 23 Nov`; the year only when it is not this year in Shanghai."""
    other_year = day.year != clock.now().astimezone(SHANGHAI).year
    if locale == "zh":
        year = f"{day.year}年" if other_year else ""
        return f"{year}{day.month}月{day.day}日 周{_WEEKDAYS_ZH[day.weekday()]}"
    year = f" {day.year}" if other_year else ""
    return f"{_WEEKDAYS_EN[day.weekday()]} {day.day} {_MONTHS_EN[day.month - 1]}{year}"


def _instant_text(moment: datetime, locale: Locale) -> str:
    return _at(moment.date(), f"{moment:%H:%M}", locale)


def _at(day: date, hour: str, locale: Locale) -> str:
    return f"{day_text(day, locale)}{' ' if locale == 'zh' else ', '}{hour}"


def when_text(
    value: date, locale: Locale, *, until: datetime | None = None, tz: str | ZoneInfo = SHANGHAI
) -> str:
    """A date, an instant, or the half-open span from an instant until another, on the wall clock of `tz`.

    A span within a day names the day once; midnight at its end is 24:00 of its last day.

    Raises:
        ValueError: an instant without an offset.
    """
    if not isinstance(value, datetime):
        return day_text(value, locale)
    zone = ZoneInfo(tz) if isinstance(tz, str) else tz
    if value.tzinfo is None or (until is not None and until.tzinfo is None):
        raise ValueError("an instant needs its offset")
    start = value.astimezone(zone)
    if until is None:
        return _instant_text(start, locale)
    end = until.astimezone(zone)
    last, hour = end.date(), f"{end:%H:%M}"
    if end.time() == time() and last > start.date():
        last, hour = last - timedelta(days=1), "24:00"
    if last == start.date():
        return f"{_instant_text(start, locale)}–{hour}"
    return f"{_instant_text(start, locale)} – {_at(last, hour, locale)}"


def hours_text(start: datetime, end: datetime, *, tz: str | ZoneInfo = SHANGHAI) -> str:
    """A span within a day whose date is told beside it: `09:00–11:30`; midnight at its end is 24:00."""
    zone = ZoneInfo(tz) if isinstance(tz, str) else tz
    last = end.astimezone(zone)
    shown = "24:00" if last.time() == time() else f"{last:%H:%M}"
    return f"{start.astimezone(zone):%H:%M}–{shown}"


def money_text(fen: int) -> str:
    """Renminbi from integer fen: `¥1,234.50`."""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}¥{yuan:,}.{rest:02d}"


def worth_text(fen: int, locale: Locale) -> str:
    """What something cost, from integer fen: `285.50 万元`; English counts in yuan: `¥2,855,000`."""
    yuan = Decimal(fen) / FEN_PER_YUAN
    return f"{yuan / YUAN_PER_WAN:,.2f} 万元" if locale == "zh" else f"¥{yuan:,.0f}"


def minutes_text(minutes: int, locale: Locale) -> str:
    """A length of time from whole minutes: `45 分钟`, `8 小时`, `1 小时 30 分钟`; `8 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    units = ("小时", "分钟") if locale == "zh" else ("h", "min")
    parts = [f"{count} {unit}" for count, unit in zip((hours, rest), units, strict=True) if count]
    return " ".join(parts) or f"0 {units[1]}"


def local_input(value: datetime, tz: ZoneInfo = SHANGHAI) -> str:
    """What an `<input type="datetime-local">` shows for an instant."""
    return value.astimezone(tz).strftime("%Y-%m-%dT%H:%M")
