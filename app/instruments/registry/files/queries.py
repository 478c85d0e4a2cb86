"""Every select of pictures and manuals."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.access.principal import Principal
from app.core.db import ReadSession
from app.instruments.models import Instrument
from app.instruments.registry.models import InstrumentFile
from app.instruments.visibility import visible_to


async def visible(
    db: ReadSession, caller: Principal, instrument_id: UUID, file_id: UUID
) -> InstrumentFile | None:
    """A file of an instrument the caller sees."""
    statement = select(InstrumentFile).join(Instrument, Instrument.id == InstrumentFile.instrument_id)
    mine = (InstrumentFile.id == file_id, InstrumentFile.instrument_id == instrument_id)
    found: InstrumentFile | None = await db.scalar(statement.where(*mine, visible_to(caller)))
    return found


async def of_instrument(db: ReadSession, instrument_id: UUID) -> Sequence[InstrumentFile]:
    """An instrument's files in their order."""
    statement = select(InstrumentFile).where(InstrumentFile.instrument_id == instrument_id)
    ordered = statement.order_by(InstrumentFile.position, InstrumentFile.id)
    return (await db.scalars(ordered.execution_options(populate_existing=True))).all()
