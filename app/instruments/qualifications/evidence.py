"""The files that prove a request: added by whoever asks, read by both parties."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.core.i18n import msg
from app.files import public as files
from app.identity.public import MOST_FILES, Received
from app.instruments.qualifications import queries
from app.instruments.qualifications.models import QualificationEvidence, QualificationRequest
from app.instruments.qualifications.problems import invalid
from app.journal.public import record
from app.settings import Settings


async def add(
    db: Session, *, caller: Principal, request: QualificationRequest, received: Sequence[Received]
) -> None:
    """Put files to a locked request of the caller's own; the same file again is the same evidence.

    They are kept in the caller's province.

    Raises:
        Invalid: with these it would have too many.
    """
    assert caller.tenant_id is not None  # the guard let no visitor in
    for file in received:
        evidence_id = await db.scalar(
            upsert(QualificationEvidence)
            .values(
                tenant_id=request.tenant_id,
                holder_tenant_id=request.holder_tenant_id,
                request_id=request.id,
                name=file.name,
                digest=file.digest,
                size=file.size,
                media_type=file.media_type,
            )
            .on_conflict_do_nothing(index_elements=["request_id", "digest"])
            .returning(QualificationEvidence.id)
        )
        if evidence_id is None:
            continue
        await files.keep(db, tenant_id=caller.tenant_id, holder_id=evidence_id, digest=file.digest)
        facts = {"evidence_id": evidence_id, "digest": file.digest}
        kind, subject = "qualification_request.evidence_added", ("qualification_request", request.id)
        await record(db, kind, subject=subject, tenant_id=request.tenant_id, after=facts)
    if len((await db.scalars(queries.evidence(request.id))).all()) > MOST_FILES:
        reason = msg("最多 {count} 份材料", count=MOST_FILES)
        raise invalid("files", "identity.evidence_too_many", reason)


async def discard(db: Session, request: QualificationRequest) -> None:
    """Take the files of a request away that was withdrawn."""
    for found in (await db.scalars(queries.evidence(request.id))).all():
        await files.release(db, holder_id=found.id)
    await db.execute(delete(QualificationEvidence).where(QualificationEvidence.request_id == request.id))


async def read(
    db: ReadSession, settings: Settings, request_id: UUID, evidence_id: UUID
) -> tuple[QualificationEvidence, Path]:
    """A file of a request that the caller may read, and where it lies.

    Raises:
        NotFound: it has no such file, or the file is lost.
    """
    row = QualificationEvidence
    found = await db.scalar(select(row).where(row.id == evidence_id, row.request_id == request_id))
    path = await asyncio.to_thread(files.path_of, settings, found.digest) if found else None
    if found is None or path is None:
        raise NotFound
    return found, path
