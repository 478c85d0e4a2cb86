"""The booking API: the JSON twin of the booking pages."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy import Row

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core import keyset
from app.core.cursor import Cursors
from app.core.errors import NotFound
from app.core.etag import IfMatch, tag
from app.core.problems import locale_of
from app.core.schema import Instant, PageOf
from app.core.text import Line
from app.instruments.booking import approving, availability, queries, service
from app.instruments.booking.calendar import calendar_file, moved_note, name_in
from app.instruments.booking.schemas import (
    AvailabilityOut,
    BookingCancel,
    BookingIn,
    BookingMove,
    BookingOut,
    BusyOut,
    Decision,
    SpanOut,
    UnitOut,
    check_window,
)
from app.instruments.models import Booking
from app.instruments.rules.states import Status
from app.organisations.public import place_names
from app.settings import Settings

router = Router(tags=["bookings"])
Reader = Annotated[Principal, requires(Permission.BOOKINGS_READ)]
Booker = Annotated[Principal, requires(Permission.BOOKINGS_CREATE)]
Changer = Annotated[Principal, requires(Permission.BOOKINGS_CHANGE)]


@router.get("/instruments/{instrument_id}/availability", operation_id="getAvailability")
async def get_availability(
    instrument_id: UUID,
    db: Reads,
    caller: Annotated[Principal, requires(Permission.INSTRUMENTS_READ)],
    since: Annotated[Instant, Query(examples=["2026-11-23T00:00:00+08:00"])],
    until: Annotated[Instant, Query(examples=["2026-11-30T00:00:00+08:00"])],
    unit_id: Annotated[UUID | None, Query(description="只看一个单元")] = None,
) -> AvailabilityOut:
    """When the instrument's units are taken or shut; another province is told only that they are."""
    found = await availability.of_instrument(
        db, caller=caller, instrument_id=instrument_id, since=since, until=until, unit_id=unit_id
    )
    terms = found.terms
    return AvailabilityOut(
        instrument_id=instrument_id,
        tz=found.tz,
        units=[UnitOut(id=unit.id, label=unit.label) for unit in found.units],
        busy=[BusyOut.model_validate(entry) for entry in found.busy],
        closed=[SpanOut(starts_at=start, ends_at=end) for start, end in found.closed],
        takes_bookings=found.refused is None,
        bookable_from=found.bookable_from,
        bookable_until=found.bookable_until,
        grid_starts=found.grid_starts,
        step_min=terms.step_min,
        min_min=terms.min_min,
        max_min=terms.max_min,
        setup_min=terms.setup_min,
        teardown_min=terms.teardown_min,
    )


@router.post("/bookings", status_code=201, operation_id="createBooking")
async def create_booking(body: BookingIn, db: Writes, caller: Booker, response: Response) -> BookingOut:
    """Book a unit; 409 `instruments.slot_taken` comes with the nearest free alternatives."""
    booking = await service.create(db, caller=caller, **dict(body))
    response.headers["Location"] = f"/api/v1/bookings/{booking.id}"
    return _answer(booking, response)


@router.get("/bookings", operation_id="listBookings")
async def list_bookings(
    request: Request,
    response: Response,
    db: Reads,
    caller: Reader,
    side: Annotated[
        Literal["requested", "received"] | None, Query(description="我的预约，或我管理的仪器收到的预约")
    ] = None,
    instrument_id: UUID | None = None,
    status: Status | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    q: Annotated[
        Annotated[str, Line(100)] | None, Query(description="仪器、单元、预约人、单位或课题名称中的文字")
    ] = None,
    order: Literal["earliest", "latest"] = "earliest",
    limit: keyset.Limit = keyset.DEFAULT_LIMIT,
    cursor: keyset.Cursor = None,
) -> PageOf[BookingOut]:
    """Bookings the caller may read, by start time."""
    check_window(since, until)
    wanted = queries.Filter(side, instrument_id, status, since, until, q=q)
    part = keyset.Part(Cursors(request.app.state.settings.secret), limit, cursor)
    page = await queries.bookings(db, caller, wanted, part, descending=order == "latest")
    keyset.link_next(request, response, page.next)
    return PageOf(items=[BookingOut.model_validate(row) for row in page.items], next=page.next)


@router.get("/bookings/{booking_id}", operation_id="getBooking")
async def get_booking(booking_id: UUID, db: Reads, caller: Reader, response: Response) -> BookingOut:
    """One booking, for either party."""
    return _answer(await _load(db, caller, booking_id), response)


@router.patch("/bookings/{booking_id}", operation_id="moveBooking")
async def move_booking(
    booking_id: UUID, body: BookingMove, version: IfMatch, db: Writes, caller: Changer, response: Response
) -> BookingOut:
    """Move a booking; it keeps its time when the new one is taken."""
    booking = await service.move(db, caller=caller, booking_id=booking_id, version=version, **dict(body))
    return _answer(booking, response)


@router.post("/bookings/{booking_id}/cancel", operation_id="cancelBooking")
async def cancel_booking(
    booking_id: UUID, body: BookingCancel, version: IfMatch, db: Writes, caller: Changer, response: Response
) -> BookingOut:
    """Cancel a booking that has not begun."""
    booking = await service.cancel(
        db, caller=caller, booking_id=booking_id, version=version, reason=body.reason
    )
    return _answer(booking, response)


@router.post("/bookings/{booking_id}/approve", operation_id="approveBooking")
async def approve_booking(
    booking_id: UUID, body: Decision, version: IfMatch, db: Writes, caller: Changer, response: Response
) -> BookingOut:
    """Approve a request, for the instrument's side; requests for the same time come to nothing."""
    booking = await approving.approve(
        db, caller=caller, booking_id=booking_id, version=version, reason=body.reason
    )
    return _answer(booking, response)


@router.post("/bookings/{booking_id}/reject", operation_id="rejectBooking")
async def reject_booking(
    booking_id: UUID, body: Decision, version: IfMatch, db: Writes, caller: Changer, response: Response
) -> BookingOut:
    """Turn a request down, with the reason the requester reads."""
    booking = await approving.reject(
        db, caller=caller, booking_id=booking_id, version=version, reason=body.reason
    )
    return _answer(booking, response)


@router.get(
    "/bookings/{booking_id}/calendar.ics",
    operation_id="getBookingCalendar",
    response_class=Response,
    responses={200: {"content": {"text/calendar": {}}}},
)
async def get_booking_calendar(booking_id: UUID, request: Request, db: Reads, caller: Reader) -> Response:
    """The booking as an iCalendar file."""
    booking = await _load(db, caller, booking_id)
    settings: Settings = request.app.state.settings
    locale = locale_of(request)
    entry = (await queries.registered(db, caller, [booking.instrument_id])).get(booking.instrument_id)
    moved = moved_note(booking, locale)
    places = await place_names(db, [entry.adcode], locale) if entry else {}
    file = calendar_file(
        booking,
        url=f"{settings.base_url}/bookings/{booking.id}",
        name=name_in(locale, booking, entry),
        place=f"{places.get(entry.adcode, '')} {entry.address}".strip() if entry else "",
        description=moved.text(locale) if moved else "",
    )
    return Response(
        file,
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="booking-{booking.id}.ics"'},
    )


async def _load(db: Reads, caller: Principal, booking_id: UUID) -> Booking:
    booking = await queries.booking(db, caller, booking_id)
    if booking is None:
        raise NotFound
    return booking


def _answer(booking: Booking | Row[Any], response: Response) -> BookingOut:
    tag(response, booking.version)
    return BookingOut.model_validate(booking)
