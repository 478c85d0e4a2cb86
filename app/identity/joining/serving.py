"""How a stranger's file leaves: to be saved, never shown as a page of ours."""

from pathlib import Path
from typing import Any, Protocol

from starlette.responses import FileResponse

from app.files.public import validators

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


class Evidence(Protocol):
    """A row of a table of evidence."""

    name: Any
    media_type: Any
    digest: Any
    created_at: Any


def attachment(evidence: Evidence, path: Path) -> FileResponse:
    """The file as an attachment; an <img> of our own pages still shows it."""
    headers = HEADERS | validators(evidence.digest, evidence.created_at)
    return FileResponse(path, media_type=evidence.media_type, filename=evidence.name, headers=headers)
