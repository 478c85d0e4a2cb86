"""The booking pages: book, my bookings, one booking."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core import clock, keyset
from app.core.cursor import Cursors
from app.core.errors import NotFound
from app.core.i18n import msg
from app.core.schema import FIRST_YEAR, LAST_YEAR, Day, RowVersion
from app.core.text import Line, Prose
from app.instruments.booking import panel, policy, queries, service
from app.instruments.booking.problems import SlotTaken
from app.instruments.booking.schemas import Purpose
from app.instruments.models import Booking
from app.web.public import SHANGHAI, Entry, Form, LocalInstant, Pages, render, see_other

pages = Pages(
    entries=[
        Entry(msg("我的预约"), "/bookings", Permission.BOOKINGS_READ, icon="calendar-check", position=20)
    ],
)
Reader = Annotated[Principal, requires(Permission.BOOKINGS_READ)]
Booker = Annotated[Principal, requires(Permission.BOOKINGS_CREATE)]
Changer = Annotated[Principal, requires(Permission.BOOKINGS_CHANGE)]
View = Literal["upcoming", "past", "cancelled"]


class BookForm(BaseModel):
    """The booking form as a browser sends it; times are of the wall clock in Asia/Shanghai."""

    unit_id: UUID
    starts_at: LocalInstant
    ends_at: LocalInstant
    purpose: Purpose
    organisation_id: UUID | None = None
    project: Annotated[str, Line(200, minimum=0)] = ""
    note: Annotated[str, Prose(1000)] = ""


class MoveForm(BaseModel):
    """A booking's new time."""

    unit_id: UUID
    starts_at: LocalInstant
    ends_at: LocalInstant
    version: RowVersion


class CancelForm(BaseModel):
    """Why a booking is cancelled."""

    version: RowVersion
    reason: Annotated[str, Line(500, minimum=0)] = ""


@pages.get("/instruments/{instrument_id}/book")
async def book(
    instrument_id: UUID,
    request: Request,
    db: Reads,
    caller: Booker,
    week: Day | None = None,
    unit_id: UUID | None = None,
    starts_at: Annotated[str | None, Query(max_length=40)] = None,
    ends_at: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """The booking form, with what a link already chose."""
    chosen = {"unit_id": unit_id, "starts_at": starts_at, "ends_at": ends_at}
    form: Form[BookForm] = Form.filled(chosen)
    return await _book_page(request, db, caller, instrument_id, form, week)


@pages.post("/instruments/{instrument_id}/book")
async def book_submit(instrument_id: UUID, request: Request, db: Writes, caller: Booker) -> Response:
    """Book, then show the booking."""
    form: Form[BookForm] = await Form.read(request, BookForm)
    booking = await form.submit(db, lambda typed: service.create(db, caller=caller, **dict(typed)))
    if booking:
        return see_other(request, f"/bookings/{booking.id}", notice=msg("预约成功"))
    return await _book_page(request, db, caller, instrument_id, form, _typed_day(form, "starts_at"))


async def _book_page(
    request: Request, db: Reads, caller: Principal, instrument_id: UUID, form: Form[Any], week: Day | None
) -> Response:
    shown = await panel.of(db, caller=caller, instrument_id=instrument_id, week=week, form=form)
    return render(
        request,
        "bookings/book.html",
        status_code=form.status,
        caller=caller,
        panel=shown,
        alternatives=_alternatives(form),
        purposes=panel.PURPOSES.items(),
    )


def _typed_day(form: Form[Any], field: str) -> date | None:
    try:
        day = datetime.fromisoformat(form.typed(field)).date()
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _alternatives(form: Form[Any]) -> list[dict[str, Any]]:
    """The free times a refusal offers, as instants."""
    if not isinstance(form.problem, SlotTaken):
        return []
    return [
        {
            "unit_id": offer["unit_id"],
            "starts_at": datetime.fromisoformat(offer["starts_at"]),
            "ends_at": datetime.fromisoformat(offer["ends_at"]),
        }
        for offer in form.problem.data["alternatives"]
    ]


@pages.get("/bookings")
async def my_bookings(
    request: Request,
    db: Reads,
    caller: Reader,
    side: Literal["requested", "received"] = "requested",
    view: View = "upcoming",
    instrument_id: UUID | None = None,
    cursor: keyset.Cursor = None,
) -> Response:
    """Bookings I made, or those of the instruments I run."""
    now = clock.now().replace(microsecond=0)
    wanted = queries.Filter(
        side,
        instrument_id,
        "cancelled" if view == "cancelled" else "confirmed",
        since=now if view == "upcoming" else None,
        until=now if view == "past" else None,
    )
    part = keyset.Part(Cursors(request.app.state.settings.secret), cursor=cursor)
    found = await queries.bookings(
        db, caller, wanted, part, descending=view != "upcoming", bound_to=[side, view, instrument_id]
    )
    runs = bool(caller.stewardships or caller.managed or caller.roles)
    return render(
        request,
        "bookings/list.html",
        caller=caller,
        bookings=found.items,
        next_cursor=found.next,
        cursor=cursor,
        side=side,
        view=view,
        runs=runs,
        now=now,
    )


@pages.get("/bookings/{booking_id}")
async def one_booking(booking_id: UUID, request: Request, db: Reads, caller: Reader) -> Response:
    """One booking, with what may be done about it."""
    return _booking_page(request, caller, await _load(db, caller, booking_id), Form({}))


@pages.post("/bookings/{booking_id}/cancel")
async def cancel_submit(booking_id: UUID, request: Request, db: Writes, caller: Changer) -> Response:
    """Cancel, then show the booking."""
    form: Form[CancelForm] = await Form.read(request, CancelForm)
    cancelled = await form.submit(
        db,
        lambda typed: service.cancel(
            db, caller=caller, booking_id=booking_id, version=typed.version, reason=typed.reason
        ),
    )
    if cancelled:
        return see_other(request, f"/bookings/{booking_id}", notice=msg("预约已取消，时段已释放"))
    return _booking_page(request, caller, await _load(db, caller, booking_id), form)


@pages.get("/bookings/{booking_id}/move")
async def move(
    booking_id: UUID, request: Request, db: Reads, caller: Changer, week: Day | None = None
) -> Response:
    """The form for another time."""
    booking = await _load(db, caller, booking_id)
    form: Form[MoveForm] = Form.filled(
        {"unit_id": booking.unit_id, "starts_at": booking.starts_at, "ends_at": booking.ends_at}
    )
    return await _move_page(
        request, db, caller, booking, form, week or booking.starts_at.astimezone(SHANGHAI).date()
    )


@pages.post("/bookings/{booking_id}/move")
async def move_submit(booking_id: UUID, request: Request, db: Writes, caller: Changer) -> Response:
    """Move, then show the booking."""
    form: Form[MoveForm] = await Form.read(request, MoveForm)
    moved = await form.submit(
        db, lambda typed: service.move(db, caller=caller, booking_id=booking_id, **dict(typed))
    )
    if moved:
        return see_other(request, f"/bookings/{booking_id}", notice=msg("预约已改期"))
    booking = await _load(db, caller, booking_id)
    return await _move_page(request, db, caller, booking, form, _typed_day(form, "starts_at"))


async def _move_page(
    request: Request, db: Reads, caller: Principal, booking: Booking, form: Form[Any], week: Day | None
) -> Response:
    shown = await panel.of(db, caller=caller, instrument_id=booking.instrument_id, week=week, form=form)
    return render(
        request,
        "bookings/move.html",
        status_code=form.status,
        caller=caller,
        panel=shown,
        booking=booking,
        alternatives=_alternatives(form),
    )


def _booking_page(request: Request, caller: Principal, booking: Booking, form: Form[Any]) -> Response:
    now = clock.now()
    return render(
        request,
        "bookings/detail.html",
        status_code=form.status,
        caller=caller,
        booking=booking,
        form=form,
        now=now,
        purpose=panel.PURPOSES[booking.purpose],
        changeable=booking.blocking and booking.starts_at > now and bool(policy.may_change(caller, booking)),
        by_owner=not policy.is_requester(caller, booking),
    )


async def _load(db: Reads, caller: Principal, booking_id: UUID) -> Booking:
    booking = await queries.booking(db, caller, booking_id)
    if booking is None:
        raise NotFound
    return booking
