"""How a stranger's file leaves: as a picture in our pages or to be saved, never as a page of ours."""

from pathlib import Path

from fastapi import Request, Response
from starlette.responses import FileResponse

from app.files.public import validators
from app.instruments.registry.files.receiving import MANUAL
from app.instruments.registry.models import InstrumentFile


def served(request: Request, file: InstrumentFile, path: Path) -> Response:
    """The file, or that the reader has it still; a cache asks each time, for who may see it can change."""
    headers = validators(file.digest, file.created_at) | {
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(
        path,
        media_type=file.media_type,
        filename=file.name,
        headers=headers,
        content_disposition_type="attachment" if file.media_type == MANUAL else "inline",
    )
