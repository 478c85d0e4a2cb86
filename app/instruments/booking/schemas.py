"""Bodies of the booking API."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field
from sqlalchemy.dialects.postgresql import Range

from app.core.errors import FieldError, Invalid
from app.core.i18n import msg
from app.core.keyset import ListQuery
from app.core.schema import Day, Input, Instant, Output
from app.core.text import Line, Prose
from app.instruments.rules.states import Status

Purpose = Literal["research", "development", "teaching", "other"]
_EXAMPLE_START = "2026-11-23T09:00:00+08:00"
_EXAMPLE_END = "2026-11-23T11:00:00+08:00"
_EXAMPLE_ID = "01930f3e-5b7a-7c4e-9d2a-3f1b6c8d9e0f"


class BookingIn(Input):
    """A wish for a unit's time."""

    unit_id: Annotated[UUID, Field(examples=[_EXAMPLE_ID])]
    starts_at: Annotated[Instant, Field(examples=[_EXAMPLE_START])]
    ends_at: Annotated[Instant, Field(examples=[_EXAMPLE_END])]
    purpose: Purpose
    organisation_id: Annotated[UUID | None, Field(description="以哪个单位的名义；只属于一个单位时可省略")] = (
        None
    )
    project: Annotated[str, Line(200, minimum=0), Field(description="课题名称")] = ""
    note: Annotated[str, Prose(1000), Field(description="给机组的说明")] = ""
    override_reason: Annotated[
        str, Line(500, minimum=0), Field(description="仪器管理方例外放行的原因；写入记录")
    ] = ""


class BookingMove(Input):
    """The new time, and unit if it changes; why is asked for when the instrument's side moves."""

    starts_at: Annotated[Instant, Field(examples=[_EXAMPLE_START])]
    ends_at: Annotated[Instant, Field(examples=[_EXAMPLE_END])]
    unit_id: UUID | None = None
    reason: Annotated[str, Line(500, minimum=0), Field(description="由仪器方改期时必填，预约人可见")] = ""


class BookingCancel(Input):
    """Why; asked for when the instrument's side cancels."""

    reason: Annotated[str, Line(500, minimum=0)] = ""


class Decision(Input):
    """Why; asked for when a request is rejected."""

    reason: Annotated[str, Line(500, minimum=0)] = ""


class BookingsQuery(ListQuery):
    """A person's list of bookings: which side, which of them, and what it is narrowed to."""

    side: Literal["requested", "received"] = "requested"
    view: Literal["upcoming", "waiting", "past", "cancelled"] = "upcoming"
    instrument_id: UUID | None = None
    q: Annotated[str, Line(100)] | None = None
    since: Day | None = None
    until: Day | None = None


def check_window(since: date | None, until: date | None) -> None:
    """Refuse a window that ends before it begins.

    Raises:
        Invalid: naming both ends.
    """
    if since and until and since > until:
        raise Invalid(
            errors=[
                FieldError("since", "after_until", msg("起始时间不得晚于截止时间")),
                FieldError("until", "before_since", msg("截止时间不得早于起始时间")),
            ]
        )


class SpanOut(Output):
    """A half-open span of time."""

    starts_at: datetime
    ends_at: datetime


def _span(value: Range[datetime] | None) -> dict[str, datetime | None] | None:
    return None if value is None else {"starts_at": value.lower, "ends_at": value.upper}


class BookingOut(Output):
    """A booking, for either party."""

    id: UUID
    status: Status
    version: int
    due_at: Annotated[datetime | None, Field(description="待审批的截止时间；过时未批即作废")]
    hold_until: Annotated[datetime | None, Field(description="待审批时占住时段到何时；空为不占")]
    instrument_id: UUID
    instrument_name: str
    unit_id: UUID
    unit_label: str
    tenant_id: Annotated[str, Field(description="仪器所属省份代码")]
    requester_tenant_id: Annotated[str, Field(description="预约人所属省份代码")]
    organisation_id: UUID
    organisation_name: str
    requester_name: str
    starts_at: datetime
    ends_at: datetime
    setup_min: int
    teardown_min: int
    purpose: Purpose
    project: str
    note: str
    cancel_reason: str
    moved_from: Annotated[
        SpanOut | None, BeforeValidator(_span), Field(description="最近一次改期由仪器方所为时，原来的时段")
    ]
    move_reason: Annotated[str, Field(description="仪器方改期的原因")]
    policies: Annotated[list[UUID], Field(description="所依据的预约规则版本")]
    overridden: Annotated[list[str], Field(description="仪器管理方例外放行的规则代码")]
    override_reason: str
    tz: str
    created_at: datetime
    updated_at: datetime


class BusyOut(Output):
    """A time at which a unit is taken, buffers included; more than that only for who may read the booking."""

    unit_id: UUID
    starts_at: datetime
    ends_at: datetime
    booked: Annotated[SpanOut | None, Field(description="不含准备与清理的预约时段，仅可查看该预约者可见")]
    booking_id: Annotated[UUID | None, Field(description="仅可查看该预约者可见")]
    mine: bool
    label: Annotated[str | None, Field(description="预约人和单位；预约人、仪器与您都属同一省份时也可见")]


class UnitOut(Output):
    """A bookable unit."""

    id: UUID
    label: str


class AvailabilityOut(Output):
    """When an instrument's units are taken or shut, and the terms a booking must keep."""

    instrument_id: UUID
    tz: str
    units: list[UnitOut]
    busy: list[BusyOut]
    closed: list[SpanOut]
    takes_bookings: Annotated[bool, Field(description="停用、报废或只接受送样的仪器为 false")]
    bookable_from: datetime
    bookable_until: datetime
    grid_starts: Annotated[
        list[datetime],
        Field(description="开始时间的起算点：每次开放之时（全天开放则为当地零点），每 step_min 分钟一格"),
    ]
    step_min: int
    min_min: int
    max_min: int
    setup_min: int
    teardown_min: int
