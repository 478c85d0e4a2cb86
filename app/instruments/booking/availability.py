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
from app.core.i18n import msg
from app.instruments.booking import policy, queries
from app.instruments.booking.service import terms_of
from app.instruments.rules.opening import Span, closed_spans
from app.instruments.rules.terms import Terms
from app.instruments.visibility import runs

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
    """An occupied time, buffers included; `booked`, ids and label only for who may read the booking."""

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
        Invalid: the window is empty or longer than 62 days.
        NotFound: the caller sees no such instrument.
    """
    if not since < until <= since + LONGEST_WINDOW:
        raise Invalid(errors=[FieldError("until", "window", msg("时间窗口须为正，且不超过 62 天"))])
    row = await queries.instrument_terms(session, caller, instrument_id)
    if row is None:
        raise NotFound
    units = [Unit(UUID(id_), label) for id_, label in row.units or ()]
    wanted = [unit.id for unit in units if unit_id in {None, unit.id}]
    taken = await queries.busy(session, wanted, since, until) if wanted else []
    terms = terms_of(row)
    known = runs(caller, instrument_id=instrument_id, owner_id=row.owner_id, tenant_id=row.tenant_id)
    return Availability(
        instrument_id=instrument_id,
        instrument_name=row.instrument_name,
        instrument_name_en=row.name_en,
        tenant_id=row.tenant_id,
        tz=row.tz,
        units=units,
        busy=[_busy(entry, caller, runs=known) for entry in taken],
        closed=closed_spans(terms.hours, terms.zone, since, until),
        terms=terms,
        bookable_from=terms.earliest(row.now),
        bookable_until=terms.latest(row.now),
        serves=policy.may_book_at_all(caller, row),
    )


def _busy(entry: Row[Any], caller: Principal, *, runs: bool) -> Busy:
    booking_id, unit_id, occupied_from, occupied_to, requester_id, name, organisation, *booked = tuple(entry)
    mine = caller.id is not None and requester_id == caller.id
    known = mine or (runs and name is not None)
    return Busy(
        unit_id=unit_id,
        starts_at=occupied_from,
        ends_at=occupied_to,
        booked=Booked(*booked) if known else None,
        booking_id=booking_id if known else None,
        mine=mine,
        label=f"{name} · {organisation}" if known and not mine else None,
    )
