"""The counter that all processes share."""

import hmac
from collections.abc import Sequence

from sqlalchemy import text

from app.access.limits.policies import Policy
from app.access.limits.shares import Lease
from app.core.crypto import derive
from app.core.db import Database
from app.settings import Settings

Key = tuple[Policy, str]
"""A policy, and of whom."""

# The rows are locked in one order. A window that ended before the statement began is replaced; a permit's window is
# known by its beginning. `taken` never falls, also when a quota was lowered meanwhile.
_TAKE = text(
    """
    INSERT INTO rate_limit AS kept (key, started_at, ends_at, quota, taken)
    SELECT key, statement_timestamp(), statement_timestamp() + make_interval(secs => seconds), quota, batch
    FROM unnest(CAST(:keys AS bytea[]), CAST(:batches AS bigint[]), CAST(:quotas AS bigint[]), CAST(:windows AS int[]))
         AS asked (key, batch, quota, seconds)
    ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        started_at = CASE WHEN kept.ends_at <= excluded.started_at THEN excluded.started_at ELSE kept.started_at END,
        ends_at = CASE WHEN kept.ends_at <= excluded.started_at THEN excluded.ends_at ELSE kept.ends_at END,
        quota = excluded.quota,
        taken = CASE WHEN kept.ends_at <= excluded.started_at THEN excluded.taken
                ELSE greatest(kept.taken, least(kept.taken + excluded.taken, excluded.quota)) END
    RETURNING key, new.taken - CASE WHEN old.started_at = new.started_at THEN old.taken ELSE 0 END AS permits,
              greatest(new.quota - new.taken, 0) AS remaining,
              CAST(extract(epoch FROM new.started_at) * 1000000 AS bigint) AS window,
              CAST(extract(epoch FROM new.ends_at - clock_timestamp()) AS float8) AS seconds
    """
)
FORGET = text("DELETE FROM rate_limit WHERE ends_at < clock_timestamp()")


class SharedCounter:
    """One row of PostgreSQL for each key."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._secret = derive(settings.secret, "rate-limit")

    async def lease(self, wanted: Sequence[Key]) -> dict[Key, Lease]:
        """Take a batch of permits for each key, or what is left of its window.

        Raises:
            SQLAlchemyError, OSError, TimeoutError: the database is away.
        """
        keys = {self._digest(key): key for key in wanted}
        policies = [policy for policy, _ in keys.values()]
        values = {
            "keys": list(keys),
            "batches": [policy.batch for policy in policies],
            "quotas": [policy.quota for policy in policies],
            "windows": [policy.window for policy in policies],
        }
        async with self._database.statements() as connection:
            rows = await connection.execute(_TAKE, values)
            return {keys[row.key]: Lease(row.window, row.permits, row.remaining, row.seconds) for row in rows}

    def _digest(self, key: Key) -> bytes:
        policy, whose = key
        return hmac.digest(self._secret, f"{policy.name}:{whose}".encode(), "sha256")
