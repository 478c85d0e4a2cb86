"""What providers published, kept for a while by this process.

A provider's keys are asked anew when a token names one we do not know. While its key address does not answer, the last
good answer serves for an hour: long enough for an outage, short enough for a stolen key that was taken back. Each entry
belongs to one version of one provider's settings and is replaced only by a whole good answer from the address those name,
so one provider never speaks for another, and a bad answer spoils nothing.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from uuid import UUID

from fastapi import FastAPI

from app.identity.federation.problems import ProviderUnreachable

FRESH_SECONDS = 300.0
OUTAGE_SECONDS = 3600.0
MOST = 1000
"""Entries; two a provider, so that this is never reached where provinces are real."""
Answer = TypeVar("Answer")
Key = tuple[UUID | None, int | None, Literal["metadata", "keys"]]


@dataclass(frozen=True, slots=True)
class _Entry:
    value: Any
    at: float


@dataclass(slots=True)
class Cache:
    """Good answers by provider, version of its settings, and kind."""

    clock: Callable[[], float] = time.monotonic
    _entries: dict[Key, _Entry] = field(default_factory=dict)

    async def get(
        self, key: Key, fetch: Callable[[], Awaitable[Answer]], *, within: float = FRESH_SECONDS
    ) -> Answer:
        """The answer, asked at most `within` seconds ago, or an older one where the provider does not answer.

        Raises:
            ProviderUnreachable: it does not answer, and has not for an hour.
        """
        entry = self._entries.get(key)
        if entry is not None and self.clock() - entry.at < within:
            value: Answer = entry.value
            return value
        try:
            return await self.renew(key, fetch)
        except ProviderUnreachable:
            if entry is None or self.clock() - entry.at > OUTAGE_SECONDS:
                raise
            kept: Answer = entry.value
            return kept

    async def renew(self, key: Key, fetch: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer, asked now.

        Raises:
            ProviderUnreachable: the provider does not answer.
        """
        value = await fetch()
        self._entries.pop(key, None)
        while len(self._entries) >= MOST:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = _Entry(value, self.clock())
        return value


def cache_of(app: FastAPI) -> Cache:
    """The cache of an application."""
    if not hasattr(app.state, "provider_cache"):
        app.state.provider_cache = Cache()
    kept: Cache = app.state.provider_cache
    return kept
