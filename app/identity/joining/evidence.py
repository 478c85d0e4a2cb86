"""The files that prove an application: taken in, kept, served, discarded."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert

from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.core.i18n import Message, msg
from app.core.media import HEAD_BYTES
from app.core.text import printable
from app.files import public as files
from app.identity.joining import queries
from app.identity.joining.models import ApplicationEvidence, OrganisationApplication
from app.identity.joining.problems import StepImpossible, wrong_files
from app.identity.joining.rules import EDITABLE, MOST_BYTES, MOST_FILES, media_type
from app.journal.public import record
from app.settings import Settings

SUBJECT = "organisation_application"
NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was looked at and stored."""

    name: str
    digest: str
    size: int
    media_type: str


async def receive(settings: Settings, sent: Sequence[tuple[str, BinaryIO]]) -> list[Received]:
    """Look at files and store them, once it is known that somebody takes them; when one is wrong none is.

    Raises:
        Invalid: there are none or too many, or one is empty, too large, or no PDF, PNG or JPEG by its content.
    """
    return await asyncio.to_thread(_receive, settings, sent)


def _receive(settings: Settings, sent: Sequence[tuple[str, BinaryIO]]) -> list[Received]:
    """Look at files and store them; when one is wrong none is."""
    if not sent:
        raise wrong_files([("missing", msg("请选择文件"))])
    if len(sent) > MOST_FILES:
        raise wrong_files([_too_many()])
    kinds: list[str] = []
    wrong: list[tuple[str, Message]] = []
    for name, stream in sent:
        found = _looked_at(_plain(name), stream)
        if isinstance(found, str):
            kinds.append(found)
        else:
            wrong.append(found)
    if wrong:
        raise wrong_files(wrong)
    return [_stored(settings, *file, kind) for file, kind in zip(sent, kinds, strict=True)]


def _looked_at(name: str, stream: BinaryIO) -> str | tuple[str, Message]:
    """The type of a file, or what is wrong with it."""
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    if size == 0:
        return "identity.evidence_empty", msg("「{name}」是空文件", name=name)
    if size > MOST_BYTES:
        most = MOST_BYTES // 2**20
        return "identity.evidence_too_large", msg("「{name}」超过 {limit} MB", name=name, limit=most)
    kind = media_type(stream.read(HEAD_BYTES))
    stream.seek(0)
    return kind or (
        "identity.evidence_kind",
        msg("「{name}」不是 PDF、PNG 或 JPEG 文件；文件类型按内容判断，与文件名无关", name=name),
    )


def _stored(settings: Settings, name: str, stream: BinaryIO, kind: str) -> Received:
    kept = files.store(settings, stream, most_bytes=MOST_BYTES)
    return Received(_plain(name), kept.digest, kept.size, kind)


def _plain(name: str) -> str:
    """The name without folders, cut from the left so that its ending stays."""
    return printable(name.replace("\\", "/").rpartition("/")[2])[-NAME_LENGTH:].strip() or "file"


def _too_many() -> tuple[str, Message]:
    return "identity.evidence_too_many", msg("最多 {count} 份材料", count=MOST_FILES)


async def add(
    db: Session,
    settings: Settings,
    application: OrganisationApplication,
    sent: Sequence[tuple[str, BinaryIO]],
) -> None:
    """Put files to a locked application of the caller's; the same file again is the same evidence.

    Raises:
        StepImpossible: it is being reviewed, or decided.
        Invalid: there are none, with these it would have too many, or one is empty, too large, or no PDF, PNG or JPEG by
            its content.
    """
    if application.status not in EDITABLE:
        # Before they are stored: what nobody takes would fill the disk.
        raise StepImpossible
    tenant_id, application_id = application.tenant_id, application.id
    for file in await receive(settings, sent):
        values = {"name": file.name, "digest": file.digest, "size": file.size, "media_type": file.media_type}
        evidence_id = await db.scalar(
            upsert(ApplicationEvidence)
            .values(tenant_id=tenant_id, application_id=application_id, **values)
            .on_conflict_do_nothing(index_elements=["application_id", "digest"])
            .returning(ApplicationEvidence.id)
        )
        if evidence_id is None:
            continue
        await files.keep(db, tenant_id=tenant_id, holder_id=evidence_id, digest=file.digest)
        facts = {"evidence_id": evidence_id, "digest": file.digest}
        subject = (SUBJECT, application_id)
        await record(db, "organisation_application.evidence_added", subject=subject, after=facts)
    if len((await db.scalars(queries.evidence(application_id))).all()) > MOST_FILES:
        raise wrong_files([_too_many()])


async def remove(db: Session, application: OrganisationApplication, evidence_id: UUID) -> None:
    """Take a file away from a locked application of the caller's.

    Raises:
        StepImpossible: it is being reviewed, or decided.
        NotFound: it has no such file.
    """
    if application.status not in EDITABLE:
        raise StepImpossible
    found = await db.scalar(queries.one_evidence(application.id, evidence_id))
    if found is None:
        raise NotFound
    await _discard(db, found)


async def discard_all(db: Session, application_id: UUID) -> None:
    """Take all files away from a locked application."""
    for found in (await db.scalars(queries.evidence(application_id))).all():
        await _discard(db, found)


async def _discard(db: Session, evidence: ApplicationEvidence) -> None:
    await files.release(db, holder_id=evidence.id)
    await db.execute(delete(ApplicationEvidence).where(ApplicationEvidence.id == evidence.id))
    facts = {"evidence_id": evidence.id, "digest": evidence.digest}
    subject = (SUBJECT, evidence.application_id)
    await record(db, "organisation_application.evidence_removed", subject=subject, before=facts)


async def read(
    db: ReadSession, settings: Settings, application_id: UUID, evidence_id: UUID
) -> tuple[ApplicationEvidence, Path]:
    """A file of an application that the caller may see, and where it lies.

    Raises:
        NotFound: it has no such file, or the file is lost.
    """
    found = await db.scalar(queries.one_evidence(application_id, evidence_id))
    path = await asyncio.to_thread(files.path_of, settings, found.digest) if found else None
    if found is None or path is None:
        raise NotFound
    return found, path
