"""Prometheus figures of this process."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "commons_requests_total", "Answered requests", ["method", "route", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "commons_request_seconds",
    "Time to answer, seconds",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
TRANSACTION_RETRIES = Counter(
    "commons_transaction_retries_total", "Transactions run again after 40001 or 40P01", registry=REGISTRY
)
MAILS = Counter("commons_mails_total", "Mails that were sent or given up", ["outcome"], registry=REGISTRY)
SMS = Counter("commons_sms_total", "Text messages that were sent or given up", ["outcome"], registry=REGISTRY)
RATE_LIMITED = Counter(
    "commons_rate_limited_total", "Requests refused by a rate limit", ["policy"], registry=REGISTRY
)
RATE_LIMITS_ALONE = Counter(
    "commons_rate_limits_alone_total",
    "Windows this process counts alone because it could not reach the shared counter",
    registry=REGISTRY,
)


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    return generate_latest(REGISTRY)
