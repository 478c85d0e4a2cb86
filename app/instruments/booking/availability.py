"""When an instrument is taken, shut or free to book: the same terms a booking is judged by."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.access.guards import Verdict
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import FieldError, Invalid, NotFound
from app.core.i18n import Message, msg
from app.instruments.booking import policy, queries
from app.instruments.booking.judging import days_around, ruled
from app.instruments.booking.service import refusal
from app.instruments.rules.opening import Span
from app.instruments.rules.terms import INSTANT, Terms

LONGEST_WINDOW = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class Unit:
    """A bookable unit."""

    id: UUID
    label: str


@dataclass(frozen=True, slots=True)
class Booked:
    """The time somebody booked, without buffers."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Busy:
    """An occupied time, buffers included.

    `booking_id` and `booked` are for those who may read the booking. `label` says whose it is: to them, and to people of the
    instrument's province where the requester is of that province too: which colleague blocks them, they may know. As soon
    as another province is on either side, a time is only busy: nobody reads another province's personal data (§2.5 I9).
    """

    unit_id: UUID
    starts_at: datetime
    ends_at: datetime
    booked: Booked | None
    booking_id: UUID | None
    mine: bool
    label: str | None


@dataclass(frozen=True, slots=True)
class Availability:
    """An instrument's window of time."""

    instrument_id: UUID
    instrument_name: str
    instrument_name_en: str
    tenant_id: str
    tz: str
    units: list[Unit]
    busy: list[Busy]
    closed: list[Span]
    terms: Terms
    bookable_from: datetime
    bookable_until: datetime
    grid_starts: list[datetime]
    """Where the grid of steps begins anew."""
    refused: Message | None
    """Why it takes no bookings from anybody."""
    serves: Verdict
    """Whether any of the caller's organisations may book it."""


async def of_instrument(
    session: ReadSession,
    *,
    caller: Principal,
    instrument_id: UUID,
    since: datetime,
    until: datetime,
    unit_id: UUID | None = None,
) -> Availability:
    """The instrument's time in [since, until), or one unit's; two statements.

    Raises:
        Invalid: the window is empty or longer than 62 days, or the instrument has no such bookable unit.
        NotFound: the caller sees no such instrument.
    """
    if not since < until <= since + LONGEST_WINDOW:
        raise Invalid(errors=[FieldError("until", "window", msg("时间窗口须为正，且不超过 62 天"))])
    payer_id = next(iter(caller.organisations)) if len(caller.organisations) == 1 else None
    around = days_around(since, until)
    row = await queries.instrument_terms(session, caller, instrument_id, around, payer_id=payer_id)
    if row is None:
        raise NotFound
    units = [Unit(UUID(id_), label) for id_, label in row.units or ()]
    wanted = [unit.id for unit in units if unit_id in {None, unit.id}]
    if unit_id and not wanted:
        raise Invalid(errors=[FieldError("unit_id", "unknown_unit", msg("不是该仪器的单元"))])
    taken = await queries.busy(session, wanted, since, until) if wanted else []
    terms = ruled(row, unit_id=unit_id, payer_id=payer_id).terms
    latest = terms.latest(row.now)
    return Availability(
        instrument_id=instrument_id,
        instrument_name=row.instrument_name,
        instrument_name_en=row.name_en,
        tenant_id=row.tenant_id,
        tz=row.tz,
        units=units,
        busy=[_busy(entry, caller) for entry in taken],
        closed=terms.closed_spans(since, until),
        terms=terms,
        bookable_from=terms.earliest(row.now),
        bookable_until=latest,
        grid_starts=terms.grid_starts(since, until),
        refused=refusal(row),
        serves=policy.may_book_at_all(caller, row, (latest - INSTANT).date()),
    )


def _busy(entry: Row[Any], caller: Principal) -> Busy:
    known = entry.tenant_id is not None
    mine = known and caller.id is not None and entry.requester_id == caller.id
    readable = known and policy.may_read(caller, entry)
    told = known and not mine and policy.may_know_who(caller, entry)
    return Busy(
        unit_id=entry.unit_id,
        starts_at=entry.occupied_from,
        ends_at=entry.occupied_to,
        booked=Booked(entry.starts_at, entry.ends_at) if readable else None,
        booking_id=entry.booking_id if readable else None,
        mine=mine,
        label=f"{entry.requester_name} · {entry.organisation_name}" if told else None,
    )
