"""Guessing passwords gets slower, and nobody can lock somebody else out by guessing.

Three counts, each with a growing delay; after an hour without a try a count starts anew (`Limit.idle`).
- A login name at an address: the tight one. Whoever guesses at a name slows down that name where they sit, and neither
  their neighbours behind the same address nor the person elsewhere; nor the person behind the same address, in a browser
  that they signed in with before (`known_browser`).
- An address, whatever the names: far higher, with a short delay, for an office or a campus has one address. Right
  passwords do not count.
- A login name from everywhere, against guessing from many addresses; it does not hold for an address from which the
  person has signed in before, or an outsider could keep them out of their own account.
Every try is counted before its password is looked at, in a transaction of its own, so that tries at the same moment
count too. All of it rests on the address being the browser's own: behind a proxy FORWARDED_ALLOW_IPS must name the proxy.
"""

import hmac
import math
from dataclasses import asdict, dataclass
from typing import Self

from sqlalchemy import delete, func, select, text, update

from app.access.limits.policies import counted_address
from app.core.crypto import derive
from app.core.db import Session
from app.identity.models import LoginAttempt
from app.settings import Settings

_COUNT = text(
    """
    INSERT INTO login_attempt AS seen (key, attempts, last_at, free_at)
    VALUES (:key, 1, clock_timestamp(), clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET
        attempts = CASE WHEN seen.last_at < clock_timestamp() - make_interval(secs => CAST(:idle AS bigint)) THEN 1 ELSE seen.attempts + 1 END,
        last_at = clock_timestamp(),
        free_at = clock_timestamp() + CASE
            WHEN seen.last_at < clock_timestamp() - make_interval(secs => CAST(:idle AS bigint)) OR seen.attempts + 1 < CAST(:free AS bigint) THEN interval '0'
            ELSE make_interval(secs => least(
                CAST(:first AS bigint) * power(2, least(seen.attempts + 1 - CAST(:free AS bigint), 20)), CAST(:longest AS bigint))) END
    WHERE seen.free_at <= clock_timestamp()
    RETURNING seen.attempts
    """
)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries are free; then once, twice, four times … `first` seconds up to the longest delay.

    After `idle` seconds without a try the count starts anew; a day at most, for a day is how long counts are kept.
    """

    free: int
    longest: int
    first: int = 1
    idle: int = 3600


OF_NAME_THERE = Limit(free=5, longest=900)
OF_ADDRESS = Limit(free=300, longest=8)
OF_NAME = Limit(free=100, longest=60)
"""100 failed tries of one account: NIST SP 800-63B-4 §3.2.2."""
OF_FACTOR = Limit(free=20, longest=900)
"""Second factors of an account: whoever tries one knows the password, and six digits are soon tried."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Under what a try is counted."""

    name_there: bytes
    address: bytes
    name: bytes

    @classmethod
    def of(cls, settings: Settings, name: str, address: str, browser: str | None = None) -> Self:
        """The keys of a login name tried at an address; an IPv6 site is one address, however many it has.

        A browser that its holder signed in with before is a place of its own.
        """
        address = counted_address(address)
        return cls(
            name_there=key_of(settings, "name-there", f"{browser or address} {name}"),
            address=key_of(settings, "address", address),
            name=key_of(settings, "name", name),
        )


def key_of(settings: Settings, kind: str, value: str) -> bytes:
    """What the table keeps of a login name or an address."""
    return hmac.digest(derive(settings.secret, "login-attempt"), f"{kind}:{value}".encode(), "sha256")


async def admit(session: Session, keys: Keys, *, at_home: bool, everywhere: Limit = OF_NAME) -> int:
    """Count a try; the seconds to wait when it comes too early, else 0. `at_home`: the person signed in there before."""
    wait = await count(session, keys.address, OF_ADDRESS)
    wait = wait or await count(session, keys.name_there, OF_NAME_THERE)
    return wait or (0 if at_home else await count(session, keys.name, everywhere))


async def count(session: Session, key: bytes, limit: Limit) -> int:
    """Count a try under one key; the seconds to wait when it comes too early, else 0."""
    values = {"key": key} | asdict(limit)
    if await session.scalar(_COUNT, values) is not None:
        return 0
    remaining = func.extract("epoch", LoginAttempt.free_at - func.clock_timestamp())
    seconds = await session.scalar(select(remaining).where(LoginAttempt.key == key))
    return max(1, math.ceil(seconds or 0))


async def forgive_here(session: Session, keys: Keys) -> None:
    """The password was right at home: as `forgive`, without the count from everywhere, which was not raised."""
    await _take_back(session, keys.address)
    await forget(session, keys.name_there)


async def forgive(session: Session, keys: Keys) -> None:
    """The password was right: forget the tries of the name there, and take this one back from the other counts."""
    # In the order of `admit`, so that two sign-ins at once never wait for each other.
    await forgive_here(session, keys)
    await _take_back(session, keys.name)


async def forget(session: Session, key: bytes) -> None:
    """Begin a count anew."""
    await session.execute(delete(LoginAttempt).where(LoginAttempt.key == key))


async def _take_back(session: Session, key: bytes) -> None:
    one_less = update(LoginAttempt).where(LoginAttempt.key == key, LoginAttempt.attempts > 0)
    await session.execute(one_less.values(attempts=LoginAttempt.attempts - 1))
