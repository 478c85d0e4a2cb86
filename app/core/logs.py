"""Structured logs: one JSON object a line, with the request id; never a person's data."""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict

Logger = structlog.stdlib.BoundLogger
_DETAIL = re.compile(
    r"\nDETAIL: .*?(?=\nHINT: |\n\[SQL: |\n\nThe above exception|\n\nDuring handling|\Z)", re.DOTALL
)
"""Where PostgreSQL's message quotes the failing row or key."""


# Before `configure`, and in tests: plain lines. structlog's own default draws tracebacks with every local variable.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
)


def configure(level: str = "INFO") -> None:
    """Send every log line, the libraries' too, to standard error as JSON."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_rows,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("uvicorn.access", "httpx2", "httpcore2"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def logger(name: str) -> Logger:
    """A logger for one module."""
    return structlog.stdlib.get_logger(name)


def _without_rows(_logger: Any, _method: str, event: EventDict) -> EventDict:
    if "exception" in event:
        event["exception"] = _DETAIL.sub("", event["exception"])
    return event
