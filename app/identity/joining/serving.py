"""How a stranger's file leaves: to be saved, never shown as a page of ours."""

from pathlib import Path

from starlette.responses import FileResponse

from app.files.public import validators
from app.identity.joining.models import ApplicationEvidence

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def attachment(evidence: ApplicationEvidence, path: Path) -> FileResponse:
    """The file as an attachment; an <img> of our own pages still shows it."""
    headers = HEADERS | validators(evidence.digest, evidence.created_at)
    return FileResponse(path, media_type=evidence.media_type, filename=evidence.name, headers=headers)
