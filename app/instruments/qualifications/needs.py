"""What an instrument's page says of qualifications: what running it requires, and whether the reader has that."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.access.principal import Principal
from app.core import clock
from app.core.db import ReadSession
from app.core.errors import FieldError, NotFound
from app.core.i18n import Message
from app.instruments.models import Instrument
from app.instruments.qualifications import standing
from app.instruments.rules import qualified
from app.instruments.rules.qualified import Demand, Level
from app.instruments.visibility import visible_to

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Need:
    """A type an instrument requires, and how the reader stands today."""

    type_id: UUID
    name: str | None
    title: Message
    """The name in the reader's language, or what stands for it."""
    level: Level
    met: bool | None
    """None: nobody is signed in."""
    valid_to: date | None
    """The last day, where it is met; None: it does not end."""
    faults: list[FieldError]
    """Why it is not met."""


async def of_instrument(db: ReadSession, *, caller: Principal, instrument_id: UUID) -> list[Need]:
    """What a visible instrument requires; one statement.

    Raises:
        NotFound: the caller sees no such instrument.
    """
    person = caller.id if caller.kind == "person" and caller.id else NOBODY
    told = standing.demands_column(person, Instrument.id).label("told")
    seen = select(Instrument.tz, told).where(Instrument.id == instrument_id, visible_to(caller))
    row = (await db.execute(seen)).one_or_none()
    if row is None:
        raise NotFound
    today = clock.now().astimezone(ZoneInfo(row.tz)).date()
    ids: dict[str, Any] = {one[0]: one[-2] for one in row.told or ()}
    return [
        _need(UUID(type_id), name, demand, today, known=person != NOBODY)
        for (type_id, name), demand in zip(ids.items(), standing.demands(row.told), strict=True)
    ]


def _need(type_id: UUID, name: str | None, demand: Demand, today: date, *, known: bool) -> Need:
    faults = qualified.faults([demand], today)
    met = not faults
    until = _until(demand, today) if met else None
    return Need(type_id, name, demand.name, demand.level, met if known else None, until, faults)


def _until(demand: Demand, today: date) -> date | None:
    """The last day on which any of what is held meets the demand, as things stand."""
    meeting = [
        held
        for held in demand.held
        if not qualified.faults([Demand(demand.name, demand.level, (held,))], today)
    ]
    if any(held.valid_to is None for held in meeting):
        return None
    return max(held.valid_to for held in meeting if held.valid_to is not None)
