"""The queue's tables, and putting a job into them in the transaction of the change."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    DBSettings,
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.db import Driver
from pgqueuer.types import Channel

from app.core.db import Session

CHANNEL = Channel("ch_pgqueuer")
# Every name is given: pgqueuer would else read environment variables as plain as CHANNEL or FUNCTION.
NAMES = DBSettings(
    prefix="",
    db_schema="jobs",
    channel=CHANNEL,
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
)


class SessionDriver(AsyncpgDriver):
    """pgqueuer's statements on a session; only `Session.connection()` is sure to be inside the transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Run a statement in the session's transaction."""
        connection = await self._session.connection()
        return [dict(row) for row in (await connection.exec_driver_sql(query, args)).mappings()]


def queries_on(driver: Driver) -> Queries:
    """Queries of the library, on our schema."""
    return Queries(
        driver, QueryBuilderEnvironment(NAMES), QueryQueueBuilder(NAMES), QuerySchedulerBuilder(NAMES)
    )


async def enqueue(
    session: Session,
    task: str,
    payload: Mapping[str, Any],
    *,
    delay: timedelta | None = None,
    once_key: str | None = None,
) -> None:
    """Ask for a job; it exists when, and only when, the session's transaction commits.

    `payload` is JSON with ids, never with people's data; its `tenant_id` and `caller_id` say for whom the job acts.
    While a job with the same `once_key` waits or runs, no second one is made.
    """
    await queries_on(SessionDriver(session)).enqueue(
        task,
        json.dumps(payload, ensure_ascii=False, default=str).encode(),
        execute_after=delay,
        dedupe_key=once_key,
        on_conflict="skip",
    )
