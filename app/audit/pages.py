"""The auditor's page: the province's journal with filters, and as a CSV file."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import Permission
from app.access.principal import Principal
from app.audit import labels, service
from app.audit.schemas import KIND, AuditEventOut, AuditQuery
from app.audit.telling import Telling, telling
from app.core import clock
from app.core.i18n import Locale, msg
from app.core.keyset import ListQuery, Part
from app.core.problems import locale_of
from app.core.schema import Day
from app.core.tabular import Cell, write_csv
from app.core.text import Line
from app.web.public import SHANGHAI, Entry, Pages, province_name, render

pages = Pages(
    prefix="/audit",
    entries=[Entry(msg("操作记录"), "/audit", Permission.AUDIT_READ, "manage", "list-checks", 80)],
)
Auditor = Annotated[Principal, requires(Permission.AUDIT_READ)]


class JournalQuery(ListQuery):
    """The page's filters; days are those of Asia/Shanghai, both included."""

    kind: Annotated[str | None, Query(pattern=KIND, max_length=80)] = None
    q: Annotated[str, Line(100)] | None = None
    actor_id: UUID | None = None
    client_id: UUID | None = None
    acting_for: UUID | None = None
    address: Annotated[str, Line(64)] | None = None
    subject_id: Annotated[str | None, Query(pattern=r"^[0-9A-Za-z_-]+$", max_length=80)] = None
    first_day: Day | None = None
    last_day: Day | None = None

    def events(self) -> AuditQuery:
        """The same question to the service."""
        return AuditQuery(
            kind=self.kind,
            actor_id=self.actor_id,
            client_id=self.client_id,
            acting_for=self.acting_for,
            address=self.address,
            subject_id=self.subject_id,
            since=_midnight(self.first_day) if self.first_day else None,
            until=_midnight(self.last_day + timedelta(days=1)) if self.last_day else None,
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


@pages.get("")
async def list_page(
    request: Request, db: Reads, caller: Auditor, wanted: Annotated[JournalQuery, Query()]
) -> Response:
    """What happened in the province; htmx asks for the results alone."""
    part = Part.of(request, wanted)
    found = await service.find(db, caller=caller, wanted=wanted.events(), part=part, text=wanted.q)
    events = [AuditEventOut.of(event, caller) for event in found.items]
    told = await telling(db, caller, events)
    return render(
        request,
        "audit/list.html",
        fragment="audit/_results.html",
        events=events,
        told=told,
        next_cursor=found.next,
        wanted=wanted,
        active=_active(wanted, told),
        export_url=_export_url(request),
        labels=labels,
    )


@pages.get("/export.csv", dependencies=[personal("read.journal_file")])
async def export_csv(
    request: Request, db: Reads, caller: Auditor, wanted: Annotated[JournalQuery, Query()]
) -> Response:
    """The filtered journal as CSV; one that is too long is refused, not cut."""
    found = await service.every(db, caller=caller, wanted=wanted.events(), text=wanted.q)
    events = [AuditEventOut.of(event, caller) for event in found]
    told = await telling(db, caller, events)
    body = b"".join(write_csv(_rows(events, told, locale_of(request))))
    name = f"audit-{clock.now().astimezone(SHANGHAI):%Y%m%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


def _export_url(request: Request) -> str:
    query = request.url.remove_query_params(["cursor", "limit"]).query
    return f"/audit/export.csv?{query}" if query else "/audit/export.csv"


def _active(wanted: JournalQuery, told: Telling) -> list[tuple[str, Any]]:
    """Each filter that is set: its parameter's name and what it asks for, in words."""
    shown: list[tuple[str, Any]] = []
    if wanted.kind:
        shown.append(("kind", labels.GROUPS.get(wanted.kind) or labels.kind_label(wanted.kind)))
    if wanted.q:
        shown.append(("q", f"“{wanted.q}”"))
    if wanted.actor_id:
        shown.append(("actor_id", told.name("account", wanted.actor_id) or str(wanted.actor_id)))
    if wanted.client_id:
        shown.append(("client_id", msg("经由应用 {id}", id=wanted.client_id)))
    if wanted.acting_for:
        name = told.name("account", wanted.acting_for) or str(wanted.acting_for)
        shown.append(("acting_for", msg("代理 {name}", name=name)))
    if wanted.address:
        shown.append(("address", msg("来自 {address}", address=wanted.address)))
    if wanted.subject_id:
        shown.append(("subject_id", wanted.subject_id))
    if wanted.first_day:
        shown.append(("first_day", msg("{day} 起", day=wanted.first_day.isoformat())))
    if wanted.last_day:
        shown.append(("last_day", msg("至 {day}", day=wanted.last_day.isoformat())))
    return shown


def _rows(events: list[AuditEventOut], told: Telling, locale: Locale) -> Iterator[list[Cell]]:
    yield [head.text(locale) for head in labels.EXPORT_HEADS]
    for event in events:
        yield [
            labels.moment(event.at),
            labels.kind_label(event.kind).text(locale),
            event.kind,
            event.subject_type,
            told.name(event.subject_type, event.subject_id),
            event.subject_id,
            province_name(event.province).text(locale),
            province_name(event.actor_province).text(locale),
            told.name("account", event.actor_id),
            str(event.actor_id or ""),
            told.name("account", event.acting_for),
            str(event.acting_for or ""),
            str(event.client_id or ""),
            event.address,
            event.request_id,
            _json(event.before),
            _json(event.after),
        ]


def _json(values: Mapping[str, Any] | None) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""
