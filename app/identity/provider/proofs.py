"""Signed statements that count once: what a client's assertion (RFC 7523) and a proof of possession (RFC 9449) share."""

import hashlib
import time
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql import insert

from app.identity.provider.models import UsedProof

MAXIMUM_LENGTH = 4096
LONGEST_ID = 200
SKEW_SECONDS = 60
"""How far a client's clock may be ahead of ours, or behind."""


class Executes(Protocol):
    """A session or a connection."""

    async def execute(self, statement: Executable, /) -> Any: ...


async def first_use(connection: Executes, *about: str, until: int) -> bool:
    """Whether this is the first time, in any process; it is remembered until the second `until`."""
    digest = hashlib.sha256("\0".join(about).encode()).digest()
    new = (
        insert(UsedProof)
        .values(digest=digest, expires_at=datetime.fromtimestamp(until, UTC))
        .on_conflict_do_nothing()
        .returning(UsedProof.digest)
    )
    return (await connection.execute(new)).first() is not None


def identifier(value: object) -> str | None:
    """A `jti`, where it is a short printable text: JSON can spell halves of characters, which have no bytes."""
    short = isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()
    return str(value) if short else None


def seconds(value: object) -> int | None:
    """A NumericDate (RFC 7519 §2), where it is a number of this epoch."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**33:
        return None
    return int(value)


def now_seconds() -> int:
    """This second."""
    return int(time.time())
