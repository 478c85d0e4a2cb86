"""One process's side of the limits: it gives permits, and fetches more from the shared counter when they run out."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from app.access.limits.counter import Key
from app.access.limits.policies import Policy
from app.access.limits.shares import Lease, Share, joined
from app.core.logs import logger
from app.core.metrics import RATE_LIMITED, RATE_LIMITS_ALONE

PATIENCE_SECONDS = 1.0
"""How long a request waits for the shared counter before its process counts alone."""
FORGET_SECONDS = 60
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands under a policy after a request."""

    policy: Policy
    admitted: bool
    remaining: int
    seconds: int
    """Until the window ends."""


class Limiter:
    """Counts what this process admits."""

    def __init__(
        self,
        lease: Callable[[Sequence[Key]], Awaitable[dict[Key, Lease]]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lease = lease
        self._clock = clock
        self._shares: dict[Key, Share] = {}
        self._wanted: set[Key] = set()
        self._round: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._forget_at = clock() + FORGET_SECONDS

    async def take(self, policy: Policy, whose: str) -> Standing:
        """Count a request of `whose` under a policy."""
        key = (policy, whose)
        admitted = self._spend(key)
        while admitted is None:
            await self._fetch(key)
            admitted = self._spend(key)
        share = self._shares[key]
        if not admitted:
            RATE_LIMITED.labels(policy.name).inc()
        seconds = max(1, math.ceil(share.ends_at - self._clock()))
        return Standing(policy, admitted, share.left + share.remaining, seconds)

    def _spend(self, key: Key) -> bool | None:
        """Whether the request is admitted; None: nothing is known, the counter must be asked."""
        now = self._clock()
        share = self._shares.get(key)
        if share is None:
            return None
        if share.take(now):
            return True
        return False if share.exhausted(now) else None

    async def _fetch(self, key: Key) -> None:
        """More permits for a key, together with what other requests wait for."""
        self._wanted.add(key)
        if self._round is None:
            self._round = asyncio.create_task(self._fetch_wanted())
        done, _ = await asyncio.wait({self._round}, timeout=PATIENCE_SECONDS)
        for ended in done:
            ended.result()
        if not done:
            self._count_alone(key)

    async def _fetch_wanted(self) -> None:
        async with self._turn:
            # What is wanted while this round is on its way is the next round's.
            wanted, self._wanted, self._round = list(self._wanted), set(), None
            sent_at = self._clock()
            try:
                leases = await self._lease(wanted)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("rate_limits_alone", reason=type(error).__name__)
                for key in wanted:
                    self._count_alone(key)
                return
            for key, lease in leases.items():
                self._shares[key] = joined(self._shares.get(key), lease, sent_at)
            self._forget()

    def _count_alone(self, key: Key) -> None:
        now = self._clock()
        share = self._shares.get(key)
        if share is None or share.window is not None or not share.open(now):
            RATE_LIMITS_ALONE.inc()
            self._shares[key] = Share.alone(key[0], now)

    def _forget(self) -> None:
        """Drop what has ended, now and then."""
        now = self._clock()
        if now >= self._forget_at:
            self._shares = {key: share for key, share in self._shares.items() if share.open(now)}
            self._forget_at = now + FORGET_SECONDS
