"""What can be done with pictures and manuals; each change counts as the instrument's own, under its version."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Uuid, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid, NotFound
from app.core.i18n import msg
from app.files import public as store
from app.instruments.models import Instrument
from app.instruments.registry.files import queries
from app.instruments.registry.files.receiving import MANUAL, Received, wrong_files
from app.instruments.registry.files.schemas import MOST_MANUALS, MOST_PICTURES
from app.instruments.registry.models import InstrumentFile
from app.instruments.registry.service import SUBJECT, managed, write
from app.journal.public import record
from app.settings import Settings


async def add(
    db: Session, *, caller: Principal, instrument_id: UUID, version: int, received: Sequence[Received]
) -> None:
    """Put files after those there are; the same content again is the same file.

    Raises:
        NotFound, Forbidden, Stale: as `registry.service.change`.
        Invalid: with these it would have more than 12 pictures or 20 manuals.
    """
    instrument = await managed(db, caller=caller, instrument_id=instrument_id)
    # The new version is this transaction's alone: nobody else adds one meanwhile.
    await write(db, instrument, version, {})
    for file in received:
        await _add(db, instrument, file)
    kinds = [file.media_type == MANUAL for file in await queries.of_instrument(db, instrument_id)]
    if kinds.count(False) > MOST_PICTURES:
        raise wrong_files([("too_many_files", msg("一台仪器最多 {most} 张图片", most=MOST_PICTURES))])
    if kinds.count(True) > MOST_MANUALS:
        raise wrong_files([("too_many_files", msg("一台仪器最多 {most} 份说明书", most=MOST_MANUALS))])


async def _add(db: Session, instrument: Instrument, file: Received) -> None:
    last = select(func.coalesce(func.max(InstrumentFile.position), 0)).where(
        InstrumentFile.instrument_id == instrument.id
    )
    values = {
        "tenant_id": instrument.tenant_id,
        "instrument_id": instrument.id,
        "position": last.scalar_subquery() + 1,
        **{name: getattr(file, name) for name in Received.__slots__},
    }
    added = upsert(InstrumentFile).values(**values)
    same = added.on_conflict_do_nothing(index_elements=["instrument_id", "digest"])
    file_id = await db.scalar(same.returning(InstrumentFile.id))
    if file_id is None:
        return
    await store.keep(db, tenant_id=instrument.tenant_id, holder_id=file_id, digest=file.digest)
    facts = {"file_id": file_id, "title": file.title, "digest": file.digest}
    await _record(db, "instrument.file_added", instrument, after=facts)


async def rename(
    db: Session, *, caller: Principal, instrument_id: UUID, file_id: UUID, version: int, title: str
) -> None:
    """Give a file another title.

    Raises:
        NotFound, Forbidden, Stale: as `add`; there is no such file.
    """
    instrument, file = await _of(db, caller, instrument_id, file_id)
    before = file.title
    await write(db, instrument, version, {})
    await db.execute(update(InstrumentFile).where(InstrumentFile.id == file_id).values(title=title))
    await _record(db, "instrument.file_changed", instrument, before={"title": before}, after={"title": title})


async def order(
    db: Session, *, caller: Principal, instrument_id: UUID, version: int, file_ids: Sequence[UUID]
) -> None:
    """Show the files in this order.

    Raises:
        NotFound, Forbidden, Stale: as `add`.
        Invalid: these are not all of its files, each once.
    """
    instrument = await managed(db, caller=caller, instrument_id=instrument_id)
    await write(db, instrument, version, {})
    known = [file.id for file in await queries.of_instrument(db, instrument_id)]
    if sorted(file_ids) != sorted(known):
        reason = msg("须正好列出该仪器的全部文件，每个一次")
        raise Invalid(errors=[FieldError("file_ids", "not_its_files", reason)])
    place = func.array_position(literal(list(file_ids), ARRAY(Uuid)), InstrumentFile.id)
    mine = update(InstrumentFile).where(InstrumentFile.instrument_id == instrument_id)
    await db.execute(mine.values(position=place).execution_options(synchronize_session=False))
    await _record(db, "instrument.file_ordered", instrument)


async def move(
    db: Session,
    *,
    caller: Principal,
    instrument_id: UUID,
    file_id: UUID,
    version: int,
    towards: Literal["front", "back"],
) -> None:
    """Let a picture change places with the one beside it, or a manual.

    Raises:
        NotFound, Forbidden, Stale: as `rename`.
    """
    _, moved = await _of(db, caller, instrument_id, file_id)
    files = await queries.of_instrument(db, instrument_id)
    ids = [file.id for file in files]
    alike = [file.id for file in files if (file.media_type == MANUAL) == (moved.media_type == MANUAL)]
    there = alike.index(file_id) + (1 if towards == "back" else -1)
    if 0 <= there < len(alike):
        a, b = ids.index(file_id), ids.index(alike[there])
        ids[a], ids[b] = ids[b], ids[a]
    await order(db, caller=caller, instrument_id=instrument_id, version=version, file_ids=ids)


async def remove(
    db: Session, *, caller: Principal, instrument_id: UUID, file_id: UUID, version: int, reason: str
) -> None:
    """Take a file away; its content goes when nothing else holds it.

    Raises:
        NotFound, Forbidden, Stale: as `rename`.
    """
    instrument, file = await _of(db, caller, instrument_id, file_id)
    facts = {"file_id": file_id, "title": file.title, "digest": file.digest}
    await write(db, instrument, version, {})
    await store.release(db, holder_id=file_id)
    await db.execute(delete(InstrumentFile).where(InstrumentFile.id == file_id))
    await _record(db, "instrument.file_removed", instrument, before=facts, after={"reason": reason})


async def _of(
    db: ReadSession, caller: Principal, instrument_id: UUID, file_id: UUID
) -> tuple[Instrument, InstrumentFile]:
    instrument = await managed(db, caller=caller, instrument_id=instrument_id)
    file = await queries.visible(db, caller, instrument_id, file_id)
    if file is None:
        raise NotFound
    return instrument, file


async def read(
    db: ReadSession, settings: Settings, *, caller: Principal, instrument_id: UUID, file_id: UUID
) -> tuple[InstrumentFile, Path]:
    """A file of an instrument that the caller sees, and where it lies.

    Raises:
        NotFound: the caller sees no such file, or it is lost.
    """
    found = await queries.visible(db, caller, instrument_id, file_id)
    path = await asyncio.to_thread(store.path_of, settings, found.digest) if found else None
    if found is None or path is None:
        raise NotFound
    return found, path


async def _record(
    db: Session,
    kind: str,
    instrument: Instrument,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    subject = (SUBJECT, instrument.id)
    await record(
        db,
        kind,
        subject=subject,
        tenant_id=instrument.tenant_id,
        before=before,
        after=after,
    )
