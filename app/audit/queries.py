"""Reading the journal."""

from sqlalchemy import ColumnElement, Select, or_, select

from app.audit.schemas import AuditQuery
from app.core.keyset import Order
from app.journal.public import JournalEvent

NEWEST_FIRST = Order((JournalEvent.id,), descending=True)


def events(tenant_id: str, wanted: AuditQuery, *narrower: ColumnElement[bool]) -> Select[JournalEvent]:
    """The events on one province's things, and what its people did elsewhere."""
    parties = or_(JournalEvent.tenant_id == tenant_id, JournalEvent.actor_tenant_id == tenant_id)
    return select(JournalEvent).where(parties, *_conditions(tenant_id, wanted), *narrower)


def _conditions(tenant_id: str, wanted: AuditQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.kind:
        exact = "." in wanted.kind
        conditions.append(
            JournalEvent.kind == wanted.kind if exact else JournalEvent.kind.startswith(f"{wanted.kind}.")
        )
    if wanted.subject_type:
        conditions.append(JournalEvent.subject_type == wanted.subject_type)
    if wanted.subject_id:
        conditions.append(JournalEvent.subject_id == wanted.subject_id)
    for name in ("actor_id", "client_id", "acting_for", "address"):
        if value := getattr(wanted, name):
            conditions.append(getattr(JournalEvent, name) == value)
            # Otherwise a guessed id would tell which stranger acted.
            conditions.append(JournalEvent.actor_tenant_id == tenant_id)
    if wanted.since:
        conditions.append(JournalEvent.at >= wanted.since)
    if wanted.until:
        conditions.append(JournalEvent.at < wanted.until)
    return conditions
