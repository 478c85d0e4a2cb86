"""Guessing passwords gets slower: a growing delay for each login name and for each address.

After an hour without a try the count starts anew.
Every try is counted before its password is looked at, in a transaction of its own, so that tries at the same moment
count too. The delay of a login name stays short: an outsider cannot lock a person out for long.
"""

import hmac
import math
from dataclasses import dataclass

from sqlalchemy import delete, func, select, text, update

from app.core.crypto import derive
from app.core.db import Session
from app.identity.models import LoginAttempt
from app.settings import Settings

_COUNT = text(
    """
    INSERT INTO login_attempt AS seen (key, attempts, last_at, free_at)
    VALUES (:key, 1, clock_timestamp(), clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET
        attempts = CASE WHEN seen.last_at < clock_timestamp() - interval '1 hour' THEN 1 ELSE seen.attempts + 1 END,
        last_at = clock_timestamp(),
        free_at = clock_timestamp() + CASE
            WHEN seen.last_at < clock_timestamp() - interval '1 hour' OR seen.attempts + 1 < CAST(:free AS bigint) THEN interval '0'
            ELSE make_interval(secs => least(power(2, least(seen.attempts + 1 - CAST(:free AS bigint), 20)), CAST(:longest AS bigint))) END
    WHERE seen.free_at <= clock_timestamp()
    RETURNING seen.attempts
    """
)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries are free; then 1, 2, 4 … seconds up to the longest delay."""

    free: int
    longest: int


OF_NAME = Limit(free=5, longest=60)
OF_ADDRESS = Limit(free=30, longest=900)


def key_of(settings: Settings, kind: str, value: str) -> bytes:
    """What the table keeps of a login name or an address."""
    return hmac.digest(derive(settings.secret, "login-attempt"), f"{kind}:{value}".encode(), "sha256")


async def count(session: Session, key: bytes, limit: Limit) -> int:
    """Count a try; the seconds to wait when it comes too early, else 0."""
    values = {"key": key, "free": limit.free, "longest": limit.longest}
    if await session.scalar(_COUNT, values) is not None:
        return 0
    remaining = func.extract("epoch", LoginAttempt.free_at - func.clock_timestamp())
    seconds = await session.scalar(select(remaining).where(LoginAttempt.key == key))
    return max(1, math.ceil(seconds or 0))


async def forgive(session: Session, *, name: bytes, address: bytes) -> None:
    """The password was right: forget the tries of the name, and take this one back from the address."""
    await session.execute(delete(LoginAttempt).where(LoginAttempt.key == name))
    await session.execute(
        update(LoginAttempt).where(LoginAttempt.key == address).values(attempts=LoginAttempt.attempts - 1)
    )
