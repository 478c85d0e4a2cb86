"""The booking pages: book, one booking, move, cancel."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from annotated_types import MaxLen
from fastapi import Query, Request, Response
from pydantic import BaseModel

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core import clock
from app.core.errors import NotFound
from app.core.i18n import msg
from app.core.problems import locale_of
from app.core.schema import FIRST_YEAR, LAST_YEAR, Day, RowVersion
from app.core.text import Line, Prose
from app.instruments.booking import approving, panel, policy, queries, service
from app.instruments.booking.calendar import moved_note, name_in
from app.instruments.booking.panel import Panel
from app.instruments.booking.problems import AlreadyBooked, SlotTaken
from app.instruments.booking.schemas import Purpose
from app.instruments.models import Booking
from app.instruments.rules.units import unit_name
from app.instruments.rules.vocabulary import BOOKING_STATUSES
from app.web.public import SHANGHAI, Form, LocalInstant, Pages, local_input, render, see_other

pages = Pages()
Reader = Annotated[Principal, requires(Permission.BOOKINGS_READ)]
Booker = Annotated[Principal, requires(Permission.BOOKINGS_CREATE)]
Changer = Annotated[Principal, requires(Permission.BOOKINGS_CHANGE)]
KEPT = ("organisation_id", "purpose", "project", "note")
"""What an offered time leaves as it was typed."""


class Chosen(BaseModel):
    """What a link to a form has chosen already; it is judged when the form is sent."""

    week: Day | None = None
    unit_id: Annotated[str, MaxLen(40)] | None = None
    starts_at: Annotated[str, MaxLen(40)] | None = None
    ends_at: Annotated[str, MaxLen(40)] | None = None
    organisation_id: Annotated[str, MaxLen(40)] | None = None
    purpose: Annotated[str, MaxLen(40)] | None = None
    project: Annotated[str, MaxLen(200)] | None = None
    note: Annotated[str, MaxLen(1000)] | None = None


class BookForm(BaseModel):
    """The booking form as a browser sends it; times are of the instrument's wall clock, in the zone `tz`."""

    tz: ZoneInfo = SHANGHAI
    unit_id: UUID
    starts_at: LocalInstant
    ends_at: LocalInstant
    purpose: Purpose
    organisation_id: UUID | None = None
    project: Annotated[str, Line(200, minimum=0)] = ""
    note: Annotated[str, Prose(1000)] = ""


class MoveForm(BaseModel):
    """A booking's new time, on the instrument's wall clock."""

    tz: ZoneInfo = SHANGHAI
    unit_id: UUID
    starts_at: LocalInstant
    ends_at: LocalInstant
    version: RowVersion
    reason: Annotated[str, Line(500, minimum=0)] = ""


class CancelForm(BaseModel):
    """Why a booking is cancelled."""

    version: RowVersion
    reason: Annotated[str, Line(500, minimum=0)] = ""


class DecisionForm(BaseModel):
    """What the instrument's side decides about a request."""

    version: RowVersion
    decision: Literal["approve", "reject"]
    decision_reason: Annotated[str, Line(500, minimum=0)] = ""


@pages.get("/instruments/{instrument_id}/book")
async def book(
    instrument_id: UUID,
    request: Request,
    db: Reads,
    caller: Booker,
    chosen: Annotated[Chosen, Query()],
) -> Response:
    """The booking form, with what a link already chose."""
    form: Form[BookForm] = Form.filled(chosen.model_dump(exclude={"week"}))
    return await _book_page(request, db, caller, instrument_id, form, chosen.week)


@pages.post("/instruments/{instrument_id}/book")
async def book_submit(instrument_id: UUID, request: Request, db: Writes, caller: Booker) -> Response:
    """Book, then show the booking."""
    form: Form[BookForm] = await Form.read(request, BookForm)
    booking = await form.submit(
        db, lambda typed: service.create(db, caller=caller, **typed.model_dump(exclude={"tz"}))
    )
    if booking:
        waits = booking.status == "requested"
        notice = msg("已提交，等待仪器管理方审批") if waits else msg("预约成功")
        return see_other(request, f"/bookings/{booking.id}", notice=notice)
    if isinstance(form.problem, AlreadyBooked):
        # The form sent twice: by a double click, or after going back.
        made = f"/bookings/{form.problem.data['booking_id']}"
        return see_other(request, made, notice=msg("您已预约该时段，没有重复预约"), tone="info")
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
        alternatives=_alternatives(form, shown),
        purposes=panel.PURPOSES.items(),
    )


def _typed_day(form: Form[Any], field: str) -> date | None:
    try:
        day = datetime.fromisoformat(form.typed(field)).date()
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _alternatives(form: Form[Any], shown: Panel) -> list[dict[str, Any]]:
    """The free times a refusal offers: as instants, as a form takes them, and as a link that keeps what was typed."""
    if not isinstance(form.problem, SlotTaken):
        return []
    kept = {name: form.typed(name) for name in KEPT if form.typed(name)}
    found = []
    for offer in form.problem.data["alternatives"]:
        start, end = (datetime.fromisoformat(offer[name]) for name in ("starts_at", "ends_at"))
        zone = shown.week.terms.zone
        fields = {
            "unit_id": offer["unit_id"],
            "starts_at": local_input(start, zone),
            "ends_at": local_input(end, zone),
        }
        query = urlencode({**kept, **fields, "week": fields["starts_at"][:10]})
        found.append({"start": start, "end": end, "fields": fields, "link": f"?{query}"})
    return found


@pages.get("/bookings/{booking_id}")
async def one_booking(booking_id: UUID, request: Request, db: Reads, caller: Reader) -> Response:
    """One booking, with what may be done about it."""
    return await _booking_page(request, db, caller, await _load(db, caller, booking_id), Form({}))


@pages.post("/bookings/{booking_id}/decision")
async def decision_submit(booking_id: UUID, request: Request, db: Writes, caller: Changer) -> Response:
    """Approve or reject a request, then show it."""
    form: Form[DecisionForm] = await Form.read(request, DecisionForm, names={"reason": "decision_reason"})

    async def decide(typed: DecisionForm) -> Booking:
        act = approving.approve if typed.decision == "approve" else approving.reject
        return await act(
            db, caller=caller, booking_id=booking_id, version=typed.version, reason=typed.decision_reason
        )

    decided = await form.submit(db, decide)
    if decided:
        notice = msg("已批准，预约生效") if decided.status == "confirmed" else msg("已驳回，已通知预约人")
        return see_other(request, f"/bookings/{booking_id}", notice=notice)
    return await _booking_page(request, db, caller, await _load(db, caller, booking_id), form)


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
    return await _booking_page(request, db, caller, await _load(db, caller, booking_id), form)


@pages.get("/bookings/{booking_id}/move")
async def move(
    booking_id: UUID, request: Request, db: Reads, caller: Changer, chosen: Annotated[Chosen, Query()]
) -> Response:
    """The form for another time, with what a link already chose."""
    booking = await _load(db, caller, booking_id)
    zone = ZoneInfo(booking.tz)
    now = {
        "unit_id": booking.unit_id,
        "starts_at": local_input(booking.starts_at, zone),
        "ends_at": local_input(booking.ends_at, zone),
    }
    form: Form[MoveForm] = Form.filled(now | chosen.model_dump(include=set(now), exclude_none=True))
    week = chosen.week or booking.starts_at.astimezone(zone).date()
    return await _move_page(request, db, caller, booking, form, week)


@pages.post("/bookings/{booking_id}/move")
async def move_submit(booking_id: UUID, request: Request, db: Writes, caller: Changer) -> Response:
    """Move, then show the booking."""
    form: Form[MoveForm] = await Form.read(request, MoveForm)
    moved = await form.submit(
        db,
        lambda typed: service.move(
            db, caller=caller, booking_id=booking_id, **typed.model_dump(exclude={"tz"})
        ),
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
        by_owner=not policy.is_requester(caller, booking),
        alternatives=_alternatives(form, shown),
    )


async def _booking_page(
    request: Request, db: Reads, caller: Principal, booking: Booking, form: Form[Any]
) -> Response:
    now = clock.now()
    entry = (await queries.registered(db, caller, [booking.instrument_id])).get(booking.instrument_id)
    waits = booking.status == "requested" and booking.due_at is not None and booking.due_at > now
    decides = waits and bool(policy.may_decide(caller, booking))
    live = waits if booking.status == "requested" else booking.blocking
    changeable = live and booking.starts_at > now and bool(policy.may_change(caller, booking))
    return render(
        request,
        "bookings/detail.html",
        status_code=form.status,
        caller=caller,
        booking=booking,
        name=name_in(locale_of(request), booking, entry),
        unit=unit_name(booking.unit_label),
        shared=entry is not None,
        form=form,
        now=now,
        moved=moved_note(booking, locale_of(request)),
        purpose=panel.PURPOSES[booking.purpose],
        changeable=changeable,
        movable=changeable and entry is not None and entry.service_status not in service.REFUSED_STATUS,
        by_owner=not policy.is_requester(caller, booking),
        statuses=BOOKING_STATUSES,
        approval=await queries.approval(db, booking.id)
        if booking.status in {"confirmed", "rejected"}
        else None,
        decides=decides,
        rivals=await queries.rivals(db, booking) if decides else 0,
    )


async def _load(db: Reads, caller: Principal, booking_id: UUID) -> Booking:
    booking = await queries.booking(db, caller, booking_id)
    if booking is None:
        raise NotFound
    return booking
