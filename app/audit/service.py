"""Reading the journal as an auditor."""

from sqlalchemy import Select

from app.access.guards import ensure
from app.access.principal import Principal
from app.audit.policy import may_read
from app.audit.queries import NEWEST_FIRST, events
from app.audit.schemas import AuditQuery
from app.audit.telling import about
from app.core.db import ReadSession
from app.core.keyset import Part, Slice, fetch, fetch_all
from app.journal.public import JournalEvent

"""Events of one file."""


async def find(
    db: ReadSession, *, caller: Principal, wanted: AuditQuery, part: Part, text: str | None = None
) -> Slice[JournalEvent]:
    """A page of the own province's events; `text` is in the name of what they are about, or of who acted.

    Raises:
        Forbidden: the caller is no auditor.
    """
    ensure(may_read(caller))
    bound_to = ["audit", caller.tenant_id, wanted.filters(), text]
    return await fetch(db, _events(caller, wanted, text), NEWEST_FIRST, part, bound_to=bound_to)


async def every(
    db: ReadSession, *, caller: Principal, wanted: AuditQuery, text: str | None = None
) -> list[JournalEvent]:
    """All the own province's events that are asked for; `text` as for `find`.

    Raises:
        Forbidden: the caller is no auditor.
        ExportTooLarge: they are more than a file holds.
    """
    ensure(may_read(caller))
    return await fetch_all(db, _events(caller, wanted, text), NEWEST_FIRST)


def _events(caller: Principal, wanted: AuditQuery, text: str | None) -> Select[JournalEvent]:
    narrower = [about(caller, text)] if text else []
    return events(str(caller.tenant_id), wanted, *narrower)
