"""Deciding about requests: never one's own, never after the start, and once."""

from uuid import UUID

from sqlalchemy import func, insert, update
from sqlalchemy.exc import IntegrityError

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import Session
from app.core.errors import FieldError, Invalid, NotFound, Stale, constraint_name
from app.core.i18n import msg
from app.instruments.booking import policy, queries
from app.instruments.booking.news import tell
from app.instruments.booking.problems import NotBookable, RequestExpired, SlotTaken
from app.instruments.booking.service import record_booking
from app.instruments.models import Booking, BookingApproval
from app.instruments.rules import states


async def approve(
    session: Session, *, caller: Principal, booking_id: UUID, version: int, reason: str = ""
) -> Booking:
    """Confirm a request; requests that overlap it on the unit come to nothing, and their people are told.

    Raises:
        NotFound: the caller reads no such booking.
        Forbidden: it is the caller's own request, or others decide about it.
        NotBookable: it is not waiting for a decision.
        RequestExpired: its time, or the approvers', is over.
        SlotTaken: somebody has the time meanwhile, where requests do not hold it.
        Stale: somebody changed it meanwhile.
    """
    booking = await _waiting(session, caller, booking_id, version)
    try:
        async with session.begin_nested():
            approved = await _decide(session, caller, booking, "approve", reason)
    except IntegrityError as error:
        if constraint_name(error) != queries.NO_OVERLAP:
            raise
        raise SlotTaken(msg("该时段已被占用，不能再批准"), alternatives=[]) from error
    for other in await _supersede(session, approved):
        await record_booking(
            session,
            "booking.superseded",
            other,
            before={"status": "requested"},
            after={"status": other.status},
        )
        await tell(session, "superseded", other.id, tenant_id=other.requester_tenant_id)
    return approved


async def reject(
    session: Session, *, caller: Principal, booking_id: UUID, version: int, reason: str
) -> Booking:
    """Turn a request down, with the reason the requester reads.

    Raises:
        NotFound, Forbidden, NotBookable, RequestExpired, Stale: as `approve`.
        Invalid: no reason is given.
    """
    booking = await _waiting(session, caller, booking_id, version)
    if not reason:
        raise Invalid(errors=[FieldError("reason", "missing", msg("驳回时须说明原因"))])
    return await _decide(session, caller, booking, "reject", reason)


async def _waiting(session: Session, caller: Principal, booking_id: UUID, version: int) -> Booking:
    booking = await queries.booking(session, caller, booking_id)
    if booking is None:
        raise NotFound
    ensure(policy.may_decide(caller, booking))
    # What time has ended is ended here, before it is judged.
    await queries.lock_units(session, [booking.unit_id])
    session.expunge(booking)
    now = await queries.booking(session, caller, booking_id)
    if now is None:
        raise NotFound
    if now.status == "expired":
        raise RequestExpired
    if now.status != "requested":
        raise NotBookable(msg("该预约已不在待审批状态"))
    if now.version != version:
        raise Stale
    return now


async def _decide(
    session: Session, caller: Principal, booking: Booking, event: states.Event, reason: str
) -> Booking:
    """Apply the decision under the unit's lock, and keep who made it."""
    status = states.after(booking.status, event)
    session.expunge(booking)
    changed: Booking | None = await session.scalar(
        update(Booking)
        .where(
            Booking.id == booking.id,
            Booking.status == "requested",
            Booking.version == booking.version,
            Booking.due_at > func.clock_timestamp(),
        )
        .values(
            status=status,
            blocking=status == "confirmed",
            hold_until=None,
            version=Booking.version + 1,
            updated_at=func.clock_timestamp(),
        )
        .returning(Booking)
    )
    if changed is None:
        raise RequestExpired
    decision = {"approve": "approved", "reject": "rejected"}[event]
    await session.execute(
        insert(BookingApproval).values(
            tenant_id=booking.tenant_id,
            booking_id=booking.id,
            decision=decision,
            reason=reason,
            decided_by=caller.id,
        )
    )
    after = {"status": changed.status} | ({"reason": reason} if reason else {})
    await record_booking(session, f"booking.{decision}", changed, before={"status": "requested"}, after=after)
    await tell(session, decision, changed.id, tenant_id=changed.requester_tenant_id)
    return changed


async def _supersede(session: Session, approved: Booking) -> list[Booking]:
    """The requests for the same time of the unit, which come to nothing."""
    statement = (
        update(Booking)
        .where(
            Booking.unit_id == approved.unit_id,
            Booking.status == "requested",
            Booking.id != approved.id,
            Booking.occupied_from < approved.occupied_to,
            Booking.occupied_to > approved.occupied_from,
        )
        .values(
            status=states.after("requested", "supersede"),
            blocking=False,
            hold_until=None,
            version=Booking.version + 1,
            updated_at=func.clock_timestamp(),
        )
        .returning(Booking)
    )
    return list((await session.scalars(statement)).all())
