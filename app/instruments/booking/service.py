"""Creating, moving and cancelling bookings; the database decides who gets the time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import Session
from app.core.errors import FieldError, Invalid, NotFound, Stale, constraint_name
from app.core.i18n import Message, msg
from app.instruments.booking import policy, queries
from app.instruments.booking.judging import Wish, days_around, judge, ruled
from app.instruments.booking.news import tell
from app.instruments.booking.problems import (
    AlreadyBooked,
    AlreadyStarted,
    NotBookable,
    SlotTaken,
    TooLateToCancel,
)
from app.instruments.models import Booking
from app.instruments.rules import states
from app.instruments.rules.opening import Span
from app.instruments.rules.overrides import set_aside
from app.instruments.rules.slots import SEARCH, nearest_free
from app.instruments.rules.terms import MINUTE, Terms
from app.journal.public import record

ALTERNATIVES = 3
REFUSED_STATUS = {
    "suspended": msg("该仪器已停用，暂不接受预约"),
    "retired": msg("该仪器已报废，不再接受预约"),
}


def payer(caller: Principal, organisation_id: UUID | None) -> UUID:
    """The organisation in whose name is booked: the one named, or the caller's only one.

    Raises:
        Invalid: none is named, and the caller belongs to several or to none.
    """
    if organisation_id:
        return organisation_id
    if len(caller.organisations) == 1:
        return next(iter(caller.organisations))
    raise Invalid(errors=[FieldError("organisation_id", "missing", msg("请选择以哪个单位的名义预约"))])


def refusal(row: Row[Any]) -> Message | None:
    """Why an instrument takes no bookings from anybody."""
    if row.service_status in REFUSED_STATUS:
        return REFUSED_STATUS[row.service_status]
    return msg("该仪器只接受送样，不接受机时预约") if row.booking_mode == "sample" else None


def _check_open(row: Row[Any]) -> None:
    if reason := refusal(row):
        raise NotBookable(reason)
    if not row.active:
        raise NotBookable(msg("该单元已停用"))


async def create(
    session: Session,
    *,
    caller: Principal,
    unit_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    purpose: str,
    organisation_id: UUID | None = None,
    project: str = "",
    note: str = "",
    override_reason: str = "",
) -> Row[Any]:
    """Book a unit for [starts_at, ends_at); with a reason, the instrument's side sets rules aside that it may.

    Raises:
        NotFound: the caller sees no such unit.
        Forbidden: the caller may not book it in that organisation's name.
        NotBookable: the instrument takes no bookings now.
        Invalid: the span breaks rules that are not set aside; all faults at once.
        SlotTaken: somebody has it; with alternatives.
    """
    payer_id = payer(caller, organisation_id)
    # Before the terms are read: who changes them, or another booking, holds this lock until it is done.
    await queries.lock_units(session, [unit_id])
    around = days_around(starts_at, ends_at)
    row = await queries.unit_terms(session, caller, unit_id, around, person_id=caller.id, payer_id=payer_id)
    if row is None:
        raise NotFound
    under = ruled(row, unit_id=unit_id, payer_id=payer_id)
    terms = under.terms
    ensure(policy.may_book(caller, row, payer_id, terms.local_day(starts_at)))
    _check_open(row)
    wish = Wish((starts_at, ends_at), (str(caller.tenant_id), caller.id), payer_id)
    found = await judge(session, row, under, wish)
    found, overridden = set_aside(found, policy.overrider(caller, row) if override_reason else None)
    if found:
        raise Invalid(errors=found)
    booking = await _insert(
        session,
        tenant_id=row.tenant_id,
        instrument_id=row.instrument_id,
        unit_id=unit_id,
        owner_id=row.owner_id,
        instrument_name=row.instrument_name,
        unit_label=row.unit_label,
        tz=row.tz,
        requester_tenant_id=caller.tenant_id,
        requester_id=caller.id,
        requester_name=caller.name,
        organisation_id=payer_id,
        organisation_name=row.payer_name,
        purpose=purpose,
        project=project,
        note=note,
        policies=under.versions,
        overridden=overridden,
        override_reason=override_reason if overridden else "",
        **_spans(terms, starts_at, ends_at),
        **_standing(terms, starts_at, row.now),
    )
    if booking is None:
        raise await _slot_taken(session, caller, row, terms, (starts_at, ends_at))
    set_by_hand = {"overridden": overridden, "reason": override_reason} if overridden else {}
    await record_booking(session, "booking.created", booking, after=_facts(booking) | set_by_hand)
    if booking.status == "requested":
        await tell(session, "requested", booking.id, tenant_id=booking.tenant_id)
    return booking


def _standing(terms: Terms, starts_at: datetime, now: datetime) -> dict[str, Any]:
    """A new booking's state: confirmed, or waiting for an approval."""
    if not terms.requires_approval:
        return {"status": "confirmed", "blocking": True, "due_at": None, "hold_until": None}
    due_at, hold_until = states.waiting(terms, starts_at, now)
    holds = hold_until is not None
    return {"status": "requested", "blocking": holds, "due_at": due_at, "hold_until": hold_until}


def _spans(terms: Terms, starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
    return {
        "during": Range(starts_at, ends_at),
        "occupied": Range(*terms.occupied(starts_at, ends_at)),
        "setup_min": terms.setup_min,
        "teardown_min": terms.teardown_min,
    }


async def _insert(session: Session, **values: Any) -> Row[Any] | None:
    """The new booking, or None when the exclusion constraint gave the time to somebody else."""
    return (await session.execute(queries.INSERT, values)).one_or_none()


async def move(
    session: Session,
    *,
    caller: Principal,
    booking_id: UUID,
    version: int,
    starts_at: datetime,
    ends_at: datetime,
    unit_id: UUID | None = None,
    reason: str = "",
) -> Booking:
    """Give a booking another time, or another unit of the same instrument; it keeps the old one if it cannot.

    The instrument's side says why; the requester reads it, with the time given up, until the booking moves again.

    Raises:
        NotFound, Forbidden, NotBookable, Invalid, SlotTaken: as for `create`; the instrument's side gave no reason.
        AlreadyStarted: its start has passed.
        Stale: somebody changed it meanwhile.
    """
    booking = await _changeable(session, caller, booking_id, version)
    target = unit_id or booking.unit_id
    await queries.lock_units(session, [booking.unit_id, target])
    around = days_around(starts_at, ends_at)
    row = await queries.unit_terms(
        session,
        caller,
        target,
        around,
        person_id=booking.requester_id,
        payer_id=booking.organisation_id,
    )
    if row is None and target == booking.unit_id:
        raise NotBookable(msg("该仪器已不再向您开放"))
    if row is None or row.instrument_id != booking.instrument_id:
        raise Invalid(errors=[FieldError("unit_id", "unknown_unit", msg("不是该仪器的单元"))])
    under = ruled(row, unit_id=target, payer_id=booking.organisation_id)
    terms = under.terms
    ensure(policy.may_move(caller, row, booking, terms.local_day(starts_at)))
    _check_open(row)
    by_owner = not policy.is_requester(caller, booking)
    requester = (booking.requester_tenant_id, booking.requester_id)
    wish = Wish((starts_at, ends_at), requester, booking.organisation_id, besides=booking.id)
    found = await judge(session, row, under, wish)
    if by_owner and not reason:
        found.append(FieldError("reason", "missing", msg("由仪器方改期时须说明原因")))
    if found:
        raise Invalid(errors=found)
    before = _facts(booking)
    values = {
        "unit_id": target,
        "unit_label": row.unit_label,
        "moved_from": booking.during if by_owner else None,
        "move_reason": reason if by_owner else "",
        "policies": under.versions,
        **_spans(terms, starts_at, ends_at),
        **(_standing(terms, starts_at, row.now) if booking.status == "requested" else {}),
    }
    if booking.status == "requested" and not terms.requires_approval:
        raise NotBookable(msg("该仪器已不再需要审批，请撤回后重新预约"))
    try:
        async with session.begin_nested():
            moved = await _write(session, booking, version, values, event="move")
    except IntegrityError as error:
        if constraint_name(error) != queries.NO_OVERLAP:
            raise
        span = starts_at, ends_at
        raise await _slot_taken(session, caller, row, terms, span, besides=booking.id) from error
    after = _facts(moved) | ({"reason": moved.move_reason} if by_owner else {})
    await record_booking(session, "booking.moved", moved, before=before, after=after)
    return moved


async def cancel(
    session: Session, *, caller: Principal, booking_id: UUID, version: int, reason: str = ""
) -> Booking:
    """Cancel a booking before its start; the instrument's side says why.

    Raises:
        NotFound, Forbidden, AlreadyStarted, Stale, NotBookable: as for `move`.
        TooLateToCancel: the rules want to know of it earlier.
        Invalid: the instrument's side gave no reason.
    """
    booking = await _changeable(session, caller, booking_id, version, event="cancel")
    if not reason and not policy.is_requester(caller, booking):
        raise Invalid(errors=[FieldError("reason", "missing", msg("由仪器方取消时须说明原因"))])
    if booking.status == "requested" and not policy.is_requester(caller, booking):
        raise NotBookable(msg("待审批的预约请批准或驳回"))
    if booking.status == "confirmed" and policy.is_requester(caller, booking):
        await _ensure_in_time(session, caller, booking)
    cancelled = await _write(
        session, booking, version, {"cancel_reason": reason, "blocking": False}, event="cancel"
    )
    after = {"status": cancelled.status, "reason": reason}
    await record_booking(
        session, "booking.cancelled", cancelled, before={"status": booking.status}, after=after
    )
    return cancelled


async def _ensure_in_time(session: Session, caller: Principal, booking: Booking) -> None:
    """Hold whoever booked to the notice that the rules in force want of a cancellation."""
    row = await queries.unit_terms(
        session,
        caller,
        booking.unit_id,
        days_around(booking.starts_at, booking.ends_at),
        person_id=booking.requester_id,
        payer_id=booking.organisation_id,
    )
    if row is None:
        return
    notice = ruled(row, unit_id=booking.unit_id, payer_id=booking.organisation_id).terms.cancel_lead_min
    if notice and row.now > booking.starts_at - notice * MINUTE:
        raise TooLateToCancel(msg("须至少提前 {minutes} 分钟取消，请联系仪器管理方", minutes=notice))


async def _changeable(
    session: Session, caller: Principal, booking_id: UUID, version: int, event: states.Event = "move"
) -> Booking:
    booking = await queries.booking(session, caller, booking_id)
    if booking is None:
        raise NotFound
    ensure(policy.may_change(caller, booking))
    if states.after(booking.status, event) is None:
        raise NotBookable(msg("该预约当前不能更改"))
    if booking.version != version:
        raise Stale
    return booking


async def _write(
    session: Session, booking: Booking, version: int, values: dict[str, Any], *, event: states.Event
) -> Booking:
    """Apply a change if the booking still is what was read and has not begun, judged under its row's lock."""
    session.expunge(booking)
    status = states.after(booking.status, event)
    statement = (
        update(Booking)
        .where(
            Booking.id == booking.id,
            Booking.version == version,
            Booking.status == booking.status,
            Booking.starts_at > func.clock_timestamp(),
        )
        .values(
            **({"blocking": status == "confirmed"} | values | {"status": status}),
            version=Booking.version + 1,
            updated_at=func.clock_timestamp(),
        )
        .returning(Booking)
    )
    changed: Booking | None = await session.scalar(statement)
    if changed is not None:
        return changed
    begun = await session.scalar(select(func.clock_timestamp() >= booking.starts_at))
    raise AlreadyStarted if begun else Stale


async def _slot_taken(
    session: Session,
    caller: Principal,
    row: Row[Any],
    terms: Terms,
    wanted: Span,
    *,
    besides: UUID | None = None,
) -> SlotTaken:
    """The refusal, with the nearest free times on the wanted unit and the same time on its siblings."""
    units = await queries.sibling_units(session, row.instrument_id)
    starts_at, ends_at = wanted
    taken = await queries.busy(session, units, starts_at - 2 * SEARCH, ends_at + 2 * SEARCH)
    in_the_way = [entry for entry in taken if entry.booking_id != besides]
    spans = {
        unit: [(entry.occupied_from, entry.occupied_to) for entry in in_the_way if entry.unit_id == unit]
        for unit in sorted(units, key=lambda unit: unit != row.unit_id)
    }
    offers = nearest_free(terms, spans, starts_at, ends_at, now=row.now, count=ALTERNATIVES)
    alternatives = to_jsonable_python(
        [{"unit_id": offer.unit_id, "starts_at": offer.start, "ends_at": offer.end} for offer in offers]
    )
    own = _own(caller, row.unit_id, wanted, in_the_way)
    if own and (own.starts_at, own.ends_at) == wanted:
        return AlreadyBooked(alternatives=alternatives, booking_id=str(own.booking_id))
    why = msg("您已预约该时段") if own else msg("该时段（含前后准备和清理）已被占用，请看可选的空闲时段")
    return SlotTaken(why, alternatives=alternatives)


def _own(caller: Principal, unit_id: UUID, wanted: Span, busy: Sequence[Row[Any]]) -> Row[Any] | None:
    """The caller's own booking in the wanted time; of others nothing is told."""
    own = (entry for entry in busy if entry.unit_id == unit_id and entry.requester_id == caller.id)
    return next((entry for entry in own if entry.starts_at < wanted[1] and wanted[0] < entry.ends_at), None)


def _facts(booking: Booking | Row[Any]) -> dict[str, Any]:
    """What the journal keeps of a booking: no names."""
    return {
        "unit_id": booking.unit_id,
        "starts_at": booking.during.lower,
        "ends_at": booking.during.upper,
        "purpose": booking.purpose,
        "organisation_id": booking.organisation_id,
    }


async def record_booking(
    session: Session,
    kind: str,
    booking: Booking | Row[Any],
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    subject = ("booking", booking.id)
    await record(session, kind, subject=subject, tenant_id=booking.tenant_id, before=before, after=after)
