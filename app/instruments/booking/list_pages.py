"""My bookings, and those of the instruments I run: as a page and as a file."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query, Request, Response
from sqlalchemy import Row

from app.access.entry import Reads
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import Locale, Message, msg, pmsg
from app.core.keyset import Part, Slice
from app.core.problems import locale_of
from app.core.tabular import Cell, write_csv
from app.instruments.booking import queries
from app.instruments.booking.calendar import name_in
from app.instruments.booking.panel import PURPOSES
from app.instruments.booking.schemas import BookingsQuery, check_window
from app.instruments.models import Booking
from app.instruments.rules.units import unit_name
from app.instruments.rules.vocabulary import BOOKING_STATUSES
from app.web.public import SHANGHAI, Entry, Form, Pages, province_name, render

pages = Pages(
    entries=[
        Entry(msg("我的预约"), "/bookings", Permission.BOOKINGS_READ, icon="calendar-check", position=20)
    ],
)
Reader = Annotated[Principal, requires(Permission.BOOKINGS_READ)]
HEADS = (
    msg("预约单号"),
    msg("状态"),
    msg("开始时间"),
    msg("结束时间"),
    pmsg("one", "仪器"),
    pmsg("one", "单元"),
    msg("仪器所属"),
    msg("预约人"),
    msg("预约单位"),
    msg("用途"),
    msg("课题"),
    msg("说明"),
    msg("取消原因"),
    msg("提交时间"),
)


@pages.get("/bookings")
async def my_bookings(
    request: Request, db: Reads, caller: Reader, wanted: Annotated[BookingsQuery, Query()]
) -> Response:
    """Bookings I made, or those of the instruments I run."""
    now = clock.now().replace(microsecond=0)
    form: Form[Any] = Form.filled(wanted.model_dump(include={"q", "since", "until"}))
    found: Slice[Booking] = Slice([], None)
    try:
        found = await queries.bookings(
            db,
            caller,
            _filter(wanted, now),
            Part.of(request, wanted),
            descending=wanted.view != "upcoming",
            bound_to=wanted.model_dump(mode="json", exclude={"cursor", "limit", "lang"}),
        )
    except Invalid as problem:
        if wanted.cursor:
            raise
        form.blame(problem)
    shown = [booking.instrument_id for booking in found.items]
    asked = [wanted.instrument_id] if wanted.instrument_id else []
    registered = await queries.registered(db, caller, [*shown, *asked])
    return render(
        request,
        "bookings/list.html",
        status_code=form.status,
        caller=caller,
        bookings=found.items,
        registered=registered,
        name_in=name_in,
        unit_name=unit_name,
        narrowed_to=_narrowed_to(wanted, registered, locale_of(request)),
        next_cursor=found.next,
        wanted=wanted,
        form=form,
        runs=bool(caller.stewardships or caller.managed or caller.roles),
        now=now,
        statuses=BOOKING_STATUSES,
        query=request.url.remove_query_params(["cursor", "limit"]).query,
    )


@pages.get("/bookings/export.csv", dependencies=[personal("read.bookings_file")])
async def export(
    request: Request, db: Reads, caller: Reader, wanted: Annotated[BookingsQuery, Query()]
) -> Response:
    """Every booking of the list as CSV, formula-safe.

    Raises:
        Invalid: the window is turned round.
        ExportTooLarge: the list has more rows than a file holds.
    """
    filtered = _filter(wanted, clock.now())
    rows = await queries.every(db, caller, filtered, descending=wanted.view != "upcoming")
    locale = locale_of(request)
    registered = await queries.registered(db, caller, {row.instrument_id for row in rows})
    name = f"bookings-{clock.now().astimezone(SHANGHAI):%Y%m%d}.csv"
    return Response(
        b"".join(write_csv(_table(rows, registered, locale))),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _narrowed_to(
    wanted: BookingsQuery, registered: dict[UUID, Row[Any]], locale: Locale
) -> str | Message | None:
    """The one instrument whose bookings are listed."""
    if wanted.instrument_id is None:
        return None
    entry = registered.get(wanted.instrument_id)
    if entry is None:
        return msg("某台仪器")
    return str((entry.name_en if locale == "en" else "") or entry.name_zh)


def _filter(wanted: BookingsQuery, now: datetime) -> queries.Filter:
    """The list's filter: its days are whole days in Shanghai, and a view is the part before or after now."""
    check_window(wanted.since, wanted.until)
    since = datetime.combine(wanted.since, time.min, SHANGHAI) if wanted.since else None
    until = datetime.combine(wanted.until + timedelta(days=1), time.min, SHANGHAI) if wanted.until else None
    if wanted.view == "upcoming":
        since = max(since or now, now)
    if wanted.view == "past":
        until = min(until or now, now)
    return queries.Filter(
        wanted.side,
        wanted.instrument_id,
        since=since,
        until=until,
        status="requested" if wanted.view == "waiting" else None,
        live=wanted.view != "cancelled",
        q=wanted.q,
    )


def _table(
    rows: Sequence[Row[Any]], registered: dict[UUID, Row[Any]], locale: Locale
) -> Iterator[list[Cell]]:
    yield [head.text(locale) for head in HEADS]
    for row in rows:
        yield [
            str(row.id),
            BOOKING_STATUSES[row.status].text(locale),
            _at(row.starts_at, row.tz),
            _at(row.ends_at, row.tz),
            name_in(locale, row, registered.get(row.instrument_id)),
            row.unit_label,
            province_name(row.tenant_id).text(locale),
            row.requester_name,
            row.organisation_name,
            PURPOSES[row.purpose].text(locale),
            row.project,
            row.note,
            row.cancel_reason,
            _at(row.created_at, row.tz),
        ]


def _at(instant: datetime, tz: str) -> str:
    return f"{instant.astimezone(ZoneInfo(tz)):%Y-%m-%d %H:%M}"
