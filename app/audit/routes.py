"""The journal over the API."""

from typing import Annotated

from fastapi import Query, Request, Response

from app.access.entry import Reads, Router
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.audit import service
from app.audit.schemas import AuditEventOut, AuditQuery
from app.core.keyset import Part, link_next
from app.core.schema import PageOf

router = Router(prefix="/audit-events", tags=["audit"])


@router.get("", operation_id="listAuditEvents")
async def list_audit_events(
    request: Request,
    response: Response,
    db: Reads,
    caller: Annotated[Principal, requires(Permission.AUDIT_READ)],
    wanted: Annotated[AuditQuery, Query()],
) -> PageOf[AuditEventOut]:
    """What happened to the own province's things, newest first; for its auditors."""
    found = await service.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    link_next(request, response, found.next)
    return PageOf(items=[AuditEventOut.of(event, caller) for event in found.items], next=found.next)
