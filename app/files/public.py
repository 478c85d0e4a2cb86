"""What features use to keep files; what touches the disk blocks, so call it in a thread."""

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import delete, insert

from app.core.db import Session
from app.files import store as disk
from app.files.models import KeptFile
from app.files.store import Stored
from app.settings import Settings

__all__ = ["Stored", "keep", "path_of", "release", "store", "validators"]


def folder(settings: Settings) -> Path:
    """Where this deployment keeps files."""
    return settings.data_dir / "files"


def store(settings: Settings, stream: BinaryIO, *, most_bytes: int | None = None) -> Stored:
    """Keep what the stream holds for 30 days; the size of a request's body is the usual limit.

    Raises:
        BodyTooLarge: there is more of it.
    """
    return disk.store(folder(settings), stream, most_bytes=most_bytes or settings.max_body_bytes)


def path_of(settings: Settings, digest: str) -> Path | None:
    """Where a file lies, or None when it was purged."""
    return disk.path_of(folder(settings), digest)


def validators(digest: str, since: datetime) -> dict[str, str]:
    """Headers of a file that an answer sends; `since` is when its row was made.

    On the disk it lies once for whoever has the same bytes, and was touched when one of them last asked for it: its own
    times would tell each of the others.
    """
    return {"ETag": f'"{digest}"', "Last-Modified": format_datetime(since.astimezone(UTC), usegmt=True)}


async def keep(db: Session, *, tenant_id: str, holder_id: UUID, digest: str) -> None:
    """Keep a stored file for as long as the row `holder_id` needs it; in the transaction that makes the row."""
    await db.execute(insert(KeptFile).values(tenant_id=tenant_id, holder_id=holder_id, digest=digest))


async def release(db: Session, *, holder_id: UUID) -> None:
    """The row `holder_id` needs its files no more; they go when they were not used for 30 days."""
    await db.execute(delete(KeptFile).where(KeptFile.holder_id == holder_id))
