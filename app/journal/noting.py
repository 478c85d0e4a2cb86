"""Events of which there may be a flood: refusals, and reads of personal data.

The first of its kind is an event at once; the same again by the same caller is counted, in one row, and becomes one event
with its number when the minute is over. One statement either way.
"""

import hashlib
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as insert_or_count

from app.core.db import Database, Session
from app.journal.models import JournalEvent, JournalTally
from app.journal.writing import INSERT, Event, row_of
from app.tenancy.context import TenantContext, context_of

WINDOW = timedelta(minutes=1)
_EVENT = JournalEvent.__table__
_IDS = ("actor_id", "client_id", "acting_for", "session_id")
_SAME = ("kind", "subject_type", "subject_id", "actor_id", "client_id", "acting_for", "after")
"""What makes two events the same."""


async def note(session: Session, event: Event) -> None:
    """Write an event of the caller's own province, or count it where it was written within the minute."""
    row = row_of(event, context_of(session))
    kept = {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
    same = json.dumps([kept[name] for name in _SAME], sort_keys=True)
    tally = (
        insert_or_count(JournalTally)
        .values(tenant_id=row["tenant_id"], key=hashlib.sha256(same.encode()).digest(), event=kept)
        .on_conflict_do_update(
            index_elements=["tenant_id", "key"], set_={"repeats": JournalTally.repeats + 1}
        )
        .returning(JournalTally.repeats)
        .cte("tally")
    )
    values = (literal(value, _EVENT.columns[name].type) for name, value in row.items())
    first = select(*values).where(tally.c.repeats == 0)
    await session.execute(insert(JournalEvent).from_select(list(row), first))


async def write_tallies(database: Database, tenant_id: str) -> int:
    """Write what was counted in the minutes that are over; how many events. A count is taken by one writer only."""
    async with database.transaction(TenantContext(tenant_id).info()) as session:
        over = JournalTally.opened_at < func.clock_timestamp() - WINDOW
        taken = delete(JournalTally).where(JournalTally.tenant_id == tenant_id, over)
        found = (await session.scalars(taken.returning(JournalTally))).all()
        rows = [_counted(tally) for tally in found if tally.repeats]
        if rows:
            await session.execute(INSERT, rows)
    return len(rows)


def _counted(tally: JournalTally) -> dict[str, Any]:
    row = {**tally.event, **{name: UUID(tally.event[name]) for name in _IDS if tally.event[name]}}
    row["after"] = {**(row["after"] or {}), "times": tally.repeats, "since": tally.opened_at.isoformat()}
    return row
