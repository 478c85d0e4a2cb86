"""Writing events, in the transaction of the change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import insert

from app.core.db import Session
from app.journal.masking import masked
from app.journal.models import JournalEvent
from app.tenancy.context import TenantContext, context_of

# Inline: the id is not asked back, for the sign-in code may write here and not read.
INSERT = insert(JournalEvent.__table__).inline()  # type: ignore[arg-type] # a table, which the mapper types as more


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    `kind` is "noun.verb_in_past" ("booking.created"); `tenant_id` the owner of the thing where it is not the caller's
    own province; `before`/`after` hold only what changed. Give ids: personal data is masked before it is written.
    """

    kind: str
    subject: tuple[str, UUID | str]
    tenant_id: str | None = None
    actor_id: UUID | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


async def record(
    session: Session,
    kind: str,
    *,
    subject: tuple[str, UUID | str],
    tenant_id: str | None = None,
    actor_id: UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write what happened, in the transaction of the change; the words are those of `Event`."""
    event = Event(kind, subject, tenant_id, actor_id, before, after)
    await session.execute(INSERT, row_of(event, context_of(session)))


async def record_all(session: Session, events: Iterable[Event]) -> None:
    """Write many events in one message to the database."""
    context = context_of(session)
    if rows := [row_of(event, context) for event in events]:
        await session.execute(INSERT, rows)


def row_of(event: Event, context: TenantContext) -> dict[str, Any]:
    """The columns of an event, personal data masked."""
    actor_tenant = context.tenant_id or event.tenant_id
    return {
        "kind": event.kind,
        "subject_type": event.subject[0],
        "subject_id": str(event.subject[1]),
        "tenant_id": event.tenant_id or actor_tenant,
        "actor_tenant_id": actor_tenant,
        "actor_id": event.actor_id or context.caller_id,
        "request_id": context.request_id,
        "client_id": context.client_id,
        "acting_for": context.acting_for,
        "session_id": context.session_id,
        "address": context.address,
        "before": _facts(event.before),
        "after": _facts(event.after),
    }


def _facts(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else masked(to_jsonable_python(values))
