"""The desk of a province's officers: which applications wait, one with its evidence, and the decision."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core import clock
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid
from app.core.i18n import Locale, Message, msg
from app.core.keyset import Part
from app.core.problems import locale_of
from app.core.schema import Input, RowVersion
from app.core.tabular import Cell, write_csv
from app.core.text import Line, Prose
from app.identity.accounts import account_names
from app.identity.joining import applications, labels, review
from app.identity.joining.models import OrganisationApplication
from app.identity.joining.policy import may_decide
from app.identity.joining.schemas import ApplicationQuery
from app.organisations.public import KINDS, Standing, examine, place_names
from app.web.public import SHANGHAI, Entry, Form, Pages, render, see_other

pages = Pages(
    prefix="/organisation-applications",
    entries=[
        Entry(
            msg("单位入驻审核"),
            "/organisation-applications",
            Permission.ORGANISATIONS_REVIEW,
            "manage",
            "badge-check",
            55,
        )
    ],
)
Reviewer = Annotated[Principal, requires(Permission.ORGANISATIONS_REVIEW)]
DAYS = 5
"""An application should be decided within this many days; an older one is marked."""
_Fault = Annotated[str, Line(200)] | None
AGES: list[tuple[str, Message]] = [(str(n), msg("超过 {days} 天", days=n)) for n in (1, 3, DAYS, 10)]


class DecisionForm(Input):
    """A decision, why, and what is to be corrected."""

    version: RowVersion
    decision: Literal["approve", "return", "reject"]
    confirmed: bool = False
    reason: Annotated[str, Prose(1000, 1)] | None = None
    fault_uscc: _Fault = None
    fault_name: _Fault = None
    fault_kind: _Fault = None
    fault_adcode: _Fault = None
    fault_website: _Fault = None
    fault_contact_name: _Fault = None
    fault_contact_phone: _Fault = None
    fault_evidence: _Fault = None

    @property
    def faults(self) -> dict[str, str]:
        """By field, what is to be corrected."""
        given = {name: getattr(self, f"fault_{name}") for name in labels.FIELDS}
        return {name: text for name, text in given.items() if text}


@pages.get("")
async def list_page(
    request: Request, db: Reads, caller: Reviewer, wanted: Annotated[ApplicationQuery, Query()]
) -> Response:
    """The applications of the province, the oldest first, under filters."""
    found = await review.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    return render(
        request,
        "joining/reviews.html",
        fragment="joining/_reviews.html",
        applications=[(row, age(row)) for row in found.items],
        next_cursor=found.next,
        counts=await review.counts(db, caller=caller),
        places=await place_names(db, {row.adcode for row in found.items}, locale_of(request)),
        wanted=wanted,
        active=_active(wanted),
        export_url=_export_url(request),
        kinds=KINDS,
        ages=AGES,
        days=DAYS,
        labels=labels,
    )


@pages.get("/export.csv", dependencies=[personal("read.applications_file")])
async def export_csv(
    request: Request, db: Reads, caller: Reviewer, wanted: Annotated[ApplicationQuery, Query()]
) -> Response:
    """The filtered list as CSV; a list that is too long is refused, not cut."""
    found = await review.every(db, caller=caller, wanted=wanted)
    body = b"".join(write_csv(_rows(found, locale_of(request))))
    name = f"organisation-applications-{clock.now().astimezone(SHANGHAI):%Y%m%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


@pages.get("/{application_id}", dependencies=[personal("read.application", "application_id")])
async def detail_page(application_id: UUID, request: Request, db: Reads, caller: Reviewer) -> Response:
    """One application with its evidence, what to compare, and the decision."""
    return await _page(request, db, caller, application_id, Form({}))


@pages.post("/{application_id}")
async def decide(application_id: UUID, request: Request, db: Writes, caller: Reviewer) -> Response:
    """Approve, return or reject."""
    form: Form[DecisionForm] = await Form.read(request, DecisionForm)
    decided = await form.submit(db, lambda typed: _decide(db, caller, application_id, typed))
    if decided is None:
        return await _page(request, db, caller, application_id, form)
    return see_other(request, "/organisation-applications", notice=_notice(decided))


async def _decide(
    db: Session, caller: Principal, application_id: UUID, typed: DecisionForm
) -> OrganisationApplication:
    if typed.decision == "approve" and not typed.confirmed:
        unchecked = msg("批准前请确认已核对；未能核对的请选退回或驳回")
        raise Invalid(errors=[FieldError("confirmed", "identity.review_unconfirmed", unchecked)])
    if typed.decision != "approve" and not typed.reason:
        raise Invalid(errors=[FieldError("reason", "missing", msg("退回或驳回须说明理由"))])
    on, version, reason = application_id, typed.version, typed.reason or ""
    if typed.decision == "approve":
        return await review.approve(db, caller=caller, application_id=on, version=version)
    if typed.decision == "return":
        return await review.send_back(
            db, caller=caller, application_id=on, version=version, reason=reason, faults=typed.faults
        )
    return await review.reject(db, caller=caller, application_id=on, version=version, reason=reason)


def _notice(decided: OrganisationApplication) -> Message:
    words = {
        "approved": msg("「{name}」已登记，申请人已成为单位管理员", name=decided.name),
        "returned": msg("「{name}」的申请已退回补正", name=decided.name),
        "rejected": msg("「{name}」的申请已驳回", name=decided.name),
    }
    return words[decided.status]


def age(application: OrganisationApplication) -> int:
    """For how many whole days an application that waits has been waiting."""
    since: datetime | None = application.submitted_at if application.status == "submitted" else None
    return (clock.now() - since).days if since else 0


async def _page(
    request: Request, db: ReadSession, caller: Principal, application_id: UUID, form: Form[Any]
) -> Response:
    file = await applications.get(db, caller=caller, application_id=application_id)
    application = file.application
    people = {application.account_id, *(step.account_id for step in file.history)}
    return render(
        request,
        "joining/review.html",
        status_code=form.status,
        file=file,
        application=application,
        form=form,
        people=await account_names(db, people),
        verdict=may_decide(caller, application),
        places=await place_names(db, [application.adcode], locale_of(request)),
        valid=examine(application.uscc) is Standing.VALID,
        age=age(application),
        days=DAYS,
        kinds=KINDS,
        evidence_url=f"/organisations/apply/{application_id}/evidence",
        labels=labels,
    )


def _active(wanted: ApplicationQuery) -> list[tuple[str, Any]]:
    shown: list[tuple[str, Any]] = []
    if wanted.status:
        shown.append(("status", labels.STATES[wanted.status]))
    if wanted.kind:
        shown.append(("kind", KINDS[wanted.kind]))
    if wanted.older_than_days:
        shown.append(("older_than_days", msg("超过 {days} 天", days=wanted.older_than_days)))
    return shown


def _export_url(request: Request) -> str:
    query = request.url.remove_query_params(["cursor", "limit"]).query
    base = "/organisation-applications/export.csv"
    return f"{base}?{query}" if query else base


def _rows(found: Sequence[OrganisationApplication], locale: Locale) -> Iterator[list[Cell]]:
    yield [head.text(locale) for head in labels.EXPORT_HEADS]
    for row in found:
        submitted = row.submitted_at
        yield [
            row.uscc,
            row.name,
            KINDS[row.kind].text(locale),
            row.adcode,
            labels.STATES[row.status].text(locale),
            row.contact_name,
            row.contact_phone,
            submitted.astimezone(SHANGHAI).replace(microsecond=0, tzinfo=None) if submitted else None,
        ]
