"""The page that shows whether the journal is whole, with its anchors and its export."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import FileResponse

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import Permission
from app.access.principal import Principal
from app.audit import integrity, labels
from app.core.errors import NotFound
from app.core.problems import locale_of
from app.files.public import path_of, validators
from app.settings import Settings
from app.web.public import Pages, render, see_other

pages = Pages(prefix="/audit/integrity")
Auditor = Annotated[Principal, requires(Permission.AUDIT_READ)]


@pages.get("")
async def integrity_page(request: Request, db: Reads, caller: Auditor) -> Response:
    """How far the chain goes, what was last found, and the anchors."""
    state = await integrity.state(db, caller=caller)
    locale = locale_of(request)
    return render(request, "audit/integrity.html", state=state, labels=labels, locale=locale)


@pages.post("/verify")
async def verify(request: Request, db: Writes, caller: Auditor) -> Response:
    """Look through the chain; its page shows how far that is, and then what was found."""
    await integrity.ask(db, caller=caller, task=integrity.VERIFY)
    return see_other(request, "/audit/integrity#audit-verify")


@pages.post("/export")
async def export(request: Request, db: Writes, caller: Auditor) -> Response:
    """Write the chain into a file; its page shows how far that is, and then where the file is."""
    await integrity.ask(db, caller=caller, task=integrity.EXPORT)
    return see_other(request, "/audit/integrity#audit-export")


@pages.get("/anchors.jsonl")
async def anchors(db: Reads, caller: Auditor) -> Response:
    """The signed heads, one JSON object a line, to be kept outside."""
    state = await integrity.state(db, caller=caller)
    lines = "".join(json.dumps(anchor.as_json()) + "\n" for anchor in reversed(state.anchors))
    headers = {"Content-Disposition": f'attachment; filename="anchors-{caller.tenant_id}.jsonl"'}
    return Response(lines, media_type="application/jsonl", headers=headers)


@pages.get("/exports/{task_id}", dependencies=[personal("read.journal_file")])
async def download(task_id: UUID, request: Request, db: Reads, caller: Auditor) -> Response:
    """A finished export; kept for 30 days after it was last fetched."""
    digest, since = await integrity.exported(db, caller=caller, task_id=task_id)
    settings: Settings = request.app.state.settings
    path = path_of(settings, digest)
    if path is None:
        raise NotFound
    name = f"journal-{caller.tenant_id}.zip"
    headers = validators(digest, since)
    return FileResponse(path, media_type="application/zip", filename=name, headers=headers)
