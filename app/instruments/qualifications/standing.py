"""Whether somebody may run an instrument: what booking, check-in and search ask.

A booking's validation asks `faults` (one statement), or takes `demands_column` into a statement of its own and judges
with `rules.qualified.faults(demands(row.demands), first, last)`. A search over many instruments has `qualified_for`, the
same rule in SQL for the caller themselves. Days are local days of the instrument.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Text,
    and_,
    any_,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    not_,
    select,
    tuple_,
    union_all,
    values,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from app.core.db import ReadSession
from app.core.errors import FieldError
from app.core.i18n import Name, msg, named
from app.instruments.models import Booking
from app.instruments.qualifications.models import (
    Qualification,
    QualificationRecognition,
    QualificationRequirement,
    QualificationType,
)
from app.instruments.rules import qualified
from app.instruments.rules.qualified import LEVELS, Demand, Held

HIDDEN = msg("该仪器要求的")
"""In place of the name of a type that is not shared with the reader."""


def demands_column(person_id: Any, instrument_id: Any) -> ColumnElement[Any]:
    """What an instrument demands and what a person holds towards it, as one JSON value: read it with `demands`.

    Both are columns, bindparams or ids.
    """
    names = ("type_id", "required", "level", "valid_from", "valid_to", "status", "at_most")
    kinds = (UuidType, Text, Text, Date, Date, Text, Text)
    told = func.qualification_standing(_uuid(person_id), _uuid(instrument_id)).table_valued(
        *(column(name, kind) for name, kind in zip(names, kinds, strict=True)), name="told"
    )
    row = func.jsonb_build_array(
        *(told.c[name] for name in names), QualificationType.name_zh, QualificationType.name_en
    )
    return (
        select(func.jsonb_agg(aggregate_order_by(row, told.c.type_id)))
        .select_from(told.outerjoin(QualificationType, QualificationType.id == told.c.type_id))
        .scalar_subquery()
    )


def _uuid(given: Any) -> Any:
    return literal(given, UuidType) if isinstance(given, UUID) else given


def demands(value: Any) -> tuple[Demand, ...]:
    """The demands in a value of `demands_column`."""
    wanted: dict[str, tuple[Name | None, Any, list[Held]]] = {}
    for type_id, required, level, valid_from, valid_to, status, at_most, name_zh, name_en in value or ():
        name = named(name_zh, name_en) if name_zh else None
        held = wanted.setdefault(type_id, (name, required, []))[2]
        if level is not None:
            held.append(Held(level, _day(valid_from), _day(valid_to) if valid_to else None, status, at_most))
    return tuple(Demand(name or HIDDEN, required, tuple(held)) for name, required, held in wanted.values())


def _day(text: str) -> date:
    return date.fromisoformat(text)


async def faults(
    db: ReadSession, *, person_id: UUID, instrument_id: UUID, first: date, last: date | None = None
) -> list[FieldError]:
    """Why a person may not run an instrument on its local days `first` to `last`; empty where they may. One statement."""
    value = await db.scalar(select(demands_column(person_id, instrument_id)))
    return qualified.faults(demands(value), first, last)


def days_of(starts_at: datetime, ends_at: datetime, tz: str) -> tuple[date, date]:
    """The local days a booking [starts_at, ends_at) lasts: the first and the last; one that ends at midnight ends the day before."""
    zone = ZoneInfo(tz)
    return starts_at.astimezone(zone).date(), (ends_at - datetime.resolution).astimezone(zone).date()


async def faults_of_bookings(db: ReadSession, ids: Collection[UUID]) -> Mapping[UUID, list[FieldError]]:
    """Which of these bookings cannot be begun as things stand, and why; one statement. Of others nothing is said."""
    wanted: Select[Any] = _with_demands().where(Booking.id == any_(literal(list(ids), ARRAY(UuidType))))
    return await _judged(db, wanted)


async def bookings_affected(
    db: ReadSession, *, person_id: UUID | None = None, type_id: UUID | None = None
) -> Mapping[UUID, list[FieldError]]:
    """Bookings still to come that cannot be begun as things stand: of a person, of the instruments that demand a type.

    Those to which the session's province is a party; one statement.
    """
    wanted = _with_demands().where(Booking.blocking, Booking.starts_at > func.clock_timestamp())
    if person_id is not None:
        wanted = wanted.where(Booking.requester_id == person_id)
    if type_id is not None:
        demanding = select(QualificationRequirement.instrument_id).where(
            QualificationRequirement.type_id == type_id
        )
        wanted = wanted.where(Booking.instrument_id.in_(demanding))
    return await _judged(db, wanted)


def _with_demands() -> Select[Any]:
    return select(
        Booking.id,
        Booking.starts_at,
        Booking.ends_at,
        Booking.tz,
        demands_column(Booking.requester_id, Booking.instrument_id).label("demands"),
    )


async def _judged(db: ReadSession, wanted: Select[Any]) -> Mapping[UUID, list[FieldError]]:
    found = {
        row.id: qualified.faults(demands(row.demands), *days_of(row.starts_at, row.ends_at, row.tz))
        for row in await db.execute(wanted)
    }
    return {booking_id: reasons for booking_id, reasons in found.items() if reasons}


def qualified_for(person_id: UUID, instrument_id: Any, on: date) -> ColumnElement[bool]:
    """Whether the session's own caller may run the instrument of a column on a local day: `faults` in SQL, for a search.

    In the caller's own province, which reads all they hold.
    """
    requirement = QualificationRequirement
    # Compared with one set that is made once, not looked for at each instrument.
    unmet = exists().where(
        requirement.instrument_id == instrument_id,
        tuple_(requirement.type_id, requirement.level).not_in(_met(person_id, on)),
    )
    return not_(unmet)


def _met(person_id: UUID, on: date) -> Select[Any]:
    """The types and levels a person meets on a day."""
    counting = _counting(person_id, on).subquery("counting")
    levels = values(column("level", Text), column("place", Integer), name="levels").data(
        [(level, number) for number, level in enumerate(LEVELS)]
    )
    barred = select(Qualification.type_id).where(
        Qualification.holder_id == person_id, Qualification.status != "active"
    )
    return (
        select(counting.c.type_id, levels.c.level)
        .join(levels, levels.c.place <= counting.c.place)
        .where(counting.c.type_id.not_in(barred))
    )


def _counting(person_id: UUID, on: date) -> Any:
    """The types in which a person counts on a day, and the place of the level they count as."""
    valid = and_(
        Qualification.holder_id == person_id,
        Qualification.status == "active",
        Qualification.valid_from <= on,
        func.coalesce(Qualification.valid_to >= on, literal(value=True)),
    )
    own = select(Qualification.type_id, place(Qualification.level).label("place")).where(valid)
    there = QualificationRecognition
    recognised = (
        select(there.type_id, func.least(place(Qualification.level), place(there.level)).label("place"))
        .join(Qualification, Qualification.type_id == there.other_type_id)
        .where(valid)
    )
    return union_all(own, recognised)


def place(level: Any) -> ColumnElement[int]:
    """The place of a level among the levels, to be compared."""
    order: ColumnElement[int] = case(
        {word: literal(number) for number, word in enumerate(LEVELS)}, value=level
    )
    return cast(order, Integer)
