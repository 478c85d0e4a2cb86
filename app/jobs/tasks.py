"""Tasks: the names that jobs go by, their handlers, and the schedule."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.db import Database, Session
from app.settings import Settings
from app.tenancy.context import TenantContext


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work, handed to its handler."""

    id: int
    task: str
    payload: Mapping[str, Any]
    attempt: int
    """1 for the first try; tries that ended with the worker's death count too."""
    last_attempt: bool
    database: Database
    settings: Settings

    @property
    def context(self) -> TenantContext:
        """For whom the job acts: the payload's `tenant_id`, `caller_id`, `client_id` and `acting_for`."""
        return TenantContext(
            self.payload.get("tenant_id"),
            self._id("caller_id"),
            f"job-{self.id}",
            client_id=self._id("client_id"),
            acting_for=self._id("acting_for"),
        )

    def _id(self, name: str) -> UUID | None:
        value = self.payload.get(name)
        return UUID(value) if value else None

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        """A transaction in the job's context; it commits at the end."""
        return self.database.transaction(self.context.info())


Handler = Callable[[Job], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of work."""

    name: str
    handler: Handler
    attempts: int
    """How often a job is tried before it is parked."""
    first_gap: timedelta
    """The wait after the first failure; each further one is four times as long."""
    at_once: int
    """How many of its jobs may run at the same time on all workers; 0 = as many as there are."""
    given_up: Handler | None
    """What is done for a job whose worker died in its last attempt, before it is parked."""


TASKS: dict[str, Task] = {}
SCHEDULE: dict[str, str] = {}
"""Cron expression (UTC) of each periodic task."""


def task(
    name: str,
    *,
    attempts: int = 5,
    first_gap: timedelta = timedelta(seconds=2),
    at_once: int = 0,
    given_up: Handler | None = None,
) -> Callable[[Handler], Handler]:
    """Make `async def run(job: Job)` the handler of the jobs called `name`.

    Raises:
        ValueError: the name has a handler already.
    """

    def register(handler: Handler) -> Handler:
        if name in TASKS:
            raise ValueError(f"two handlers for {name}")
        TASKS[name] = Task(name, handler, attempts, first_gap, at_once, given_up)
        return handler

    return register


def periodic(cron: str, name: str) -> Callable[[Handler], Handler]:
    """Make a task that is enqueued when the clock (UTC) matches `cron`, once over all workers."""

    def register(handler: Handler) -> Handler:
        SCHEDULE[name] = cron
        return task(name, at_once=1)(handler)

    return register
