"""The one place that asks what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, in UTC. Deadlines are judged by the database instead (`clock_timestamp()`)."""
    return datetime.now(UTC)
