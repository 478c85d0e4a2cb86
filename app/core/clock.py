"""The one place that asks what time it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PROVINCES = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The current instant, aware, in UTC. Deadlines are judged by the database instead (`clock_timestamp()`)."""
    return datetime.now(UTC)


def today() -> date:
    """The day it is in the provinces."""
    return now().astimezone(PROVINCES).date()
