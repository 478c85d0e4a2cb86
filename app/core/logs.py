"""Structured logs: one JSON object a line, with the request id; never a person's data."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import structlog
from asyncpg import InterfaceError, PostgresError
from sqlalchemy.exc import DBAPIError

Logger = structlog.stdlib.BoundLogger
NAMES = ("sqlstate", "table_name", "column_name", "constraint_name")
"""What a log line tells of a database error."""


def _told(error: BaseException, seen: frozenset[int] = frozenset()) -> Iterator[str]:
    """An exception as Python prints it, what led to it first.

    Of a database error only names are told: the server's message and the driver's both quote rows and parameters.
    """
    names = _names_of(error)
    beneath = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if beneath is not None and id(beneath) not in seen and not names:
        yield from _told(beneath, seen | {id(error)})
        yield "\nwhich led to:\n"
    for part in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _told(part, seen | {id(error)})
        yield "\nin a group:\n"
    yield from traceback.format_tb(error.__traceback__)
    yield names or "".join(traceback.format_exception_only(error))


def _names_of(error: BaseException) -> str:
    """A database error without any value: its kinds, its names, and the statement, whose parameters stand apart."""
    if not isinstance(error, DBAPIError | PostgresError | InterfaceError):
        return ""
    driver = getattr(error.orig, "__cause__", None) if isinstance(error, DBAPIError) else error
    told = [f"{name}={getattr(driver, name)}" for name in NAMES if getattr(driver, name, None)]
    statement = error.statement if isinstance(error, DBAPIError) else ""
    return f"{type(error).__name__}: {type(driver).__name__} {' '.join(told)}\n{statement}"


def _format(exc_info: Any) -> str:
    return "".join(_told(exc_info[1])).rstrip()


_UNSEEN = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Steers terminals and readers unseen, or cannot be written at all; JSON itself escapes what is below U+0020."""


def _line(event: Any, **options: Any) -> str:
    """The event as one line of JSON in which nothing hides: Chinese stays readable."""
    return _UNSEEN.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(event, ensure_ascii=False, **options)
    )


_exceptions = structlog.processors.ExceptionRenderer(_format)
# Before `configure`, and in tests: plain lines. structlog's own default draws tracebacks with every local variable.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _exceptions,
        structlog.processors.JSONRenderer(_line),
    ]
)


def configure(level: str = "INFO") -> None:
    """Send every log line, the libraries' too, to standard error as JSON."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exceptions,
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
                structlog.processors.JSONRenderer(_line),
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
