"""The pages of qualifications: one's own, the desk of those who grant, and one qualification."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.i18n import Locale, msg, named
from app.core.keyset import MAXIMUM_LIMIT, ListQuery, Part, Slice
from app.core.problems import locale_of
from app.core.schema import Input, RowVersion
from app.core.tabular import Cell, write_csv
from app.core.text import Line
from app.instruments.qualifications import (
    holders,
    policy,
    queries,
    requests,
    service,
    standing,
    words,
)
from app.instruments.qualifications.models import Qualification, QualificationType
from app.instruments.qualifications.schemas import QualificationQuery, Reason, RequestQuery, State
from app.instruments.qualifications.service import state_of
from app.instruments.rules.qualified import TRANSITIONS, Level, Step
from app.web.public import Entry, Form, Pages, province_name, render, see_other

pages = Pages(
    prefix="/qualifications",
    entries=[
        Entry(
            msg("上机资格"), "/qualifications", Permission.QUALIFICATIONS_READ, "account", "badge-check", 15
        )
    ],
)
Reader = Annotated[Principal, requires(Permission.QUALIFICATIONS_READ)]
Granter = Annotated[Principal, requires(Permission.QUALIFICATIONS_GRANT)]


class DeskQuery(ListQuery):
    """Which side of qualifications is looked at, under which filters."""

    side: Literal["mine", "requests", "issued", "types"] = "mine"
    type_id: UUID | None = None
    level: Level | None = None
    state: State | None = None
    status: Literal["open", "approved", "declined", "withdrawn", "all"] = "open"
    q: Annotated[str, Line(100)] | None = Field(default=None)

    @property
    def of_qualifications(self) -> QualificationQuery:
        """The same for a list of qualifications."""
        side: Literal["mine", "issued"] = "issued" if self.side == "issued" else "mine"
        return QualificationQuery(
            side=side, type_id=self.type_id, level=self.level, state=self.state, q=self.q
        )

    @property
    def of_requests(self) -> RequestQuery:
        """The same for a list of requests."""
        status = None if self.status == "all" else self.status
        return RequestQuery(side="received", type_id=self.type_id, status=status, q=self.q)


class StepForm(Input):
    """Why a qualification is suspended, reinstated or revoked."""

    version: RowVersion
    reason: Reason


@pages.get("")
async def list_page(
    request: Request, db: Reads, caller: Reader, wanted: Annotated[DeskQuery, Query()]
) -> Response:
    """My qualifications, or the requests, holders and types of those I decide about."""
    part, day = Part.of(request, wanted), queries.today()
    whole = Part(part.cursors, MAXIMUM_LIMIT)
    found: Slice[Any]
    asked: Sequence[Any] = ()
    taught: Slice[QualificationType] = Slice([], None)
    if wanted.side == "requests":
        found = await requests.find(db, caller=caller, wanted=wanted.of_requests, part=part)
    elif wanted.side == "types":
        found = taught = await service.find(db, caller=caller, part=part)
    else:
        found = await holders.find(db, caller=caller, wanted=wanted.of_qualifications, part=part)
    if wanted.side == "mine":
        asked = (await requests.find(db, caller=caller, wanted=RequestQuery(), part=whole)).items
    types = (await service.find(db, caller=caller, part=whole)).items if wanted.side != "mine" else []
    return render(
        request,
        "qualifications/list.html",
        rows=found.items,
        requests=asked,
        types=[(row.id, named(row.name_zh, row.name_en)) for row in types],
        names=await service.issuers(db, caller=caller, types=taught.items),
        next_cursor=found.next,
        wanted=wanted,
        active=_active(wanted, types),
        desk=_has_desk(caller, found.items),
        may_define=bool(caller.managed) or caller.administers(str(caller.tenant_id)),
        state_of=lambda row: state_of(row, day),
        query=request.url.remove_query_params(["cursor", "limit"]).query,
        words=words,
    )


def _has_desk(caller: Principal, rows: Sequence[Any]) -> bool:
    """Whether the caller may have others to decide about: by a role, or as a trainer."""
    trains = any(getattr(row, "level", None) == "trainer" for row in rows)
    return trains or bool(caller.stewardships or caller.managed or caller.roles)


def _active(wanted: DeskQuery, types: Sequence[Any]) -> list[tuple[str, Any]]:
    shown: list[tuple[str, Any]] = []
    if wanted.q:
        shown.append(("q", f"“{wanted.q}”"))
    if wanted.type_id:
        known = {row.id: named(row.name_zh, row.name_en) for row in types}
        shown.append(("type_id", known.get(wanted.type_id, msg("某种资格"))))
    if wanted.level:
        shown.append(("level", words.LEVEL_WORDS[wanted.level]))
    if wanted.state:
        shown.append(("state", words.STATES[wanted.state]))
    if wanted.side == "requests" and wanted.status != "open":
        everything = msg("全部申请")
        shown.append(("status", words.REQUEST_STATES.get(wanted.status, everything)))
    return shown


@pages.get("/export.csv", dependencies=[personal("read.qualifications_file")])
async def export(
    request: Request, db: Reads, caller: Reader, wanted: Annotated[DeskQuery, Query()]
) -> Response:
    """Every qualification of the list as CSV, formula-safe.

    Raises:
        ExportTooLarge: the list has more rows than a file holds.
    """
    rows = await holders.every(db, caller=caller, wanted=wanted.of_qualifications)
    day = queries.today()
    return Response(
        b"".join(write_csv(_table(rows, locale_of(request), day))),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="qualifications-{day:%Y%m%d}.csv"'},
    )


def _table(rows: Sequence[Qualification], locale: Locale, day: date) -> Iterator[list[Cell]]:
    yield [head.text(locale) for head in words.HEADS]
    for row in rows:
        yield [
            named(row.type_name, row.type_name_en).text(locale),
            row.issuer_name,
            row.holder_name,
            row.holder_organisation,
            province_name(row.holder_tenant_id).text(locale),
            words.LEVEL_WORDS[row.level].text(locale),
            row.valid_from,
            row.valid_to,
            words.STATES[state_of(row, day)].text(locale),
            row.status_reason,
            row.basis,
        ]


@pages.get("/{qualification_id}")
async def detail_page(qualification_id: UUID, request: Request, db: Reads, caller: Reader) -> Response:
    """One qualification, what may be done about it, and the bookings it keeps from being begun."""
    row, runs = await holders.one(db, caller=caller, qualification_id=qualification_id)
    verdict = policy.may_take(caller, row.holder_id, runs=runs)
    mine = row.holder_id == caller.id
    affected = await standing.bookings_affected(db, person_id=row.holder_id) if mine or runs else {}
    return render(
        request,
        "qualifications/detail.html",
        row=row,
        state=state_of(row, queries.today()),
        steps=[name for name, (from_, _) in TRANSITIONS.items() if verdict and row.status in from_],
        mine=mine,
        affected=await _bookings(db, caller, list(affected)),
        name=named(row.type_name, row.type_name_en),
        words=words,
    )


async def _bookings(db: ReadSession, caller: Principal, ids: Sequence[UUID]) -> Sequence[Any]:
    return (await db.execute(queries.bookings_named(caller, ids))).all() if ids else []


@pages.get("/{qualification_id}/{step}")
async def step_page(
    qualification_id: UUID, step: Step, request: Request, db: Reads, caller: Granter
) -> Response:
    """What a step means, before it is taken."""
    return await _step_page(request, db, caller, qualification_id, step, Form({}))


@pages.post("/{qualification_id}/{step}")
async def step_submit(
    qualification_id: UUID, step: Step, request: Request, db: Writes, caller: Granter
) -> Response:
    """Suspend, reinstate or revoke."""
    form: Form[StepForm] = await Form.read(request, StepForm)
    done = await form.submit(
        db,
        lambda typed: holders.step(
            db,
            caller=caller,
            qualification_id=qualification_id,
            version=typed.version,
            step=step,
            reason=typed.reason,
        ),
    )
    if done is None:
        return await _step_page(request, db, caller, qualification_id, step, form)
    return see_other(request, f"/qualifications/{qualification_id}", notice=words.STEPS[step][2])


async def _step_page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    qualification_id: UUID,
    step: Step,
    form: Form[Any],
) -> Response:
    row, runs = await holders.one(db, caller=caller, qualification_id=qualification_id)
    if not policy.may_take(caller, row.holder_id, runs=runs):
        raise NotFound
    return render(
        request,
        "qualifications/step.html",
        status_code=form.status,
        row=row,
        name=named(row.type_name, row.type_name_en),
        step=step,
        form=form,
        words=words,
    )
