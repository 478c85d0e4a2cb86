"""Writing to the journal."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import insert

from app.core.db import Session
from app.journal.models import JournalEvent
from app.tenancy.context import context_of

__all__ = ["JournalEvent", "record"]


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
    """Write what happened, in the transaction of the change.

    `kind` is "noun.verb_in_past" ("booking.created"); `tenant_id` the owner of the thing where it is not the caller's
    own province; `before`/`after` hold only what changed. Personal data is not written here in clear: give ids.
    """
    context = context_of(session)
    actor_tenant = context.tenant_id or tenant_id
    await session.execute(
        # Inline: the id is not asked back, for the sign-in code may write here and not read.
        insert(JournalEvent)
        .inline()
        .values(
            kind=kind,
            subject_type=subject[0],
            subject_id=str(subject[1]),
            tenant_id=tenant_id or actor_tenant,
            actor_tenant_id=actor_tenant,
            actor_id=actor_id or context.caller_id,
            request_id=context.request_id,
            before=to_jsonable_python(before) if before is not None else None,
            after=to_jsonable_python(after) if after is not None else None,
        )
    )
