"""The pages of requests: asking with evidence, one request, and its decision."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request, Response, UploadFile
from pydantic import Field

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid
from app.core.i18n import msg, named
from app.core.schema import Day, Input
from app.core.text import Line, Prose
from app.identity import public as identity
from app.instruments.qualifications import evidence, queries, requests, service, words
from app.instruments.qualifications.models import QualificationRequest
from app.instruments.qualifications.schemas import ApproveIn, Basis, RequestIn
from app.instruments.rules.qualified import Level, last_day
from app.settings import Settings
from app.web.public import Form, Pages, render, see_other

pages = Pages(prefix="/qualifications")
Reader = Annotated[Principal, requires(Permission.QUALIFICATIONS_READ)]
Requester = Annotated[Principal, requires(Permission.QUALIFICATIONS_REQUEST)]
Granter = Annotated[Principal, requires(Permission.QUALIFICATIONS_GRANT)]


class AskForm(Input):
    """What one asks for, with certificates."""

    type_id: UUID
    level: Level = "independent"
    message: Annotated[str, Prose(1000)] = ""
    files: list[UploadFile] = Field(default_factory=list)


class EvidenceForm(Input):
    """Files to add."""

    files: list[UploadFile] = Field(default_factory=list)


class DecisionForm(Input):
    """A decision, its terms or its reason."""

    decision: Literal["approve", "decline"]
    level: Level | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    basis: Basis = ""
    reason: Annotated[str, Line(500, 0)] = ""


@pages.get("/request")
async def ask_page(
    request: Request, db: Reads, caller: Requester, type_id: UUID, level: Level = "independent"
) -> Response:
    """The form of a request."""
    form: Form[AskForm] = Form.filled({"type_id": type_id, "level": level})
    return await _ask_page(request, db, caller, type_id, form)


@pages.post("/request")
async def ask(request: Request, db: Writes, caller: Requester) -> Response:
    """Ask, then show the request."""
    form: Form[AskForm] = await Form.read(request, AskForm)
    made = await form.submit(db, lambda typed: _ask(request, db, caller, typed))
    if made is None:
        return await _ask_page(request, db, caller, _typed_type(form), form)
    return see_other(request, _url(made.id), notice=msg("申请已提交，审核结果会通知您"))


def _typed_type(form: Form[AskForm]) -> UUID:
    try:
        return UUID(form.typed("type_id"))
    except ValueError:
        raise Invalid(errors=form.errors) from None


async def _ask(request: Request, db: Session, caller: Principal, typed: AskForm) -> QualificationRequest:
    new = RequestIn(type_id=typed.type_id, level=typed.level, message=typed.message)
    made = await requests.ask(db, caller=caller, new=new)
    if typed.files:
        await _add(request, db, caller, made, typed.files)
    return made


async def _add(
    request: Request,
    db: Session,
    caller: Principal,
    wanted: QualificationRequest,
    files: list[UploadFile],
) -> None:
    settings: Settings = request.app.state.settings
    sent = [(file.filename or "", file.file) for file in files]
    received = await identity.receive_evidence(settings, sent)
    await evidence.add(db, caller=caller, request=wanted, received=received)


async def _ask_page(
    request: Request, db: ReadSession, caller: Principal, type_id: UUID, form: Form[Any]
) -> Response:
    kind = await service.get(db, caller=caller, type_id=type_id)
    return render(
        request,
        "qualifications/ask.html",
        status_code=form.status,
        kind=kind,
        name=named(kind.type.name_zh, kind.type.name_en),
        form=form,
        most_files=identity.MOST_FILES,
        most_megabytes=identity.MOST_BYTES // 2**20,
        words=words,
    )


@pages.get("/requests/{request_id}")
async def request_page(request_id: UUID, request: Request, db: Reads, caller: Reader) -> Response:
    """One request: where it stands, its evidence, and the decision for who decides."""
    return await _page(request, db, caller, request_id, Form({}))


@pages.post("/requests/{request_id}/evidence")
async def add_evidence(request_id: UUID, request: Request, db: Writes, caller: Requester) -> Response:
    """Add files to one's own open request."""
    form: Form[EvidenceForm] = await Form.read(request, EvidenceForm)
    mine = await requests.own_open(db, caller=caller, request_id=request_id)

    async def add(typed: EvidenceForm) -> bool:
        await _add(request, db, caller, mine, typed.files)
        return True

    if await form.submit(db, add) is None:
        return await _page(request, db, caller, request_id, form)
    return see_other(request, _url(request_id), notice=msg("材料已上传"))


@pages.get(
    "/requests/{request_id}/evidence/{evidence_id}", dependencies=[personal("read.evidence", "request_id")]
)
async def download(
    request_id: UUID, evidence_id: UUID, request: Request, db: Reads, caller: Reader
) -> Response:
    """One file, for either party."""
    await requests.file(db, caller=caller, request_id=request_id)
    settings: Settings = request.app.state.settings
    return identity.attachment(*await evidence.read(db, settings, request_id, evidence_id))


@pages.post("/requests/{request_id}/withdraw")
async def withdraw(request_id: UUID, request: Request, db: Writes, caller: Requester) -> Response:
    """Take one's own request back."""
    await requests.withdraw(db, caller=caller, request_id=request_id)
    return see_other(request, "/qualifications", notice=msg("申请已撤回"))


@pages.post("/requests/{request_id}")
async def decide(request_id: UUID, request: Request, db: Writes, caller: Granter) -> Response:
    """Approve or decline."""
    form: Form[DecisionForm] = await Form.read(request, DecisionForm)
    done = await form.submit(db, lambda typed: _decide(db, caller, request_id, typed))
    if done is None:
        return await _page(request, db, caller, request_id, form)
    return see_other(request, "/qualifications?side=requests", notice=msg("已作出决定，申请人会收到通知"))


async def _decide(db: Session, caller: Principal, request_id: UUID, typed: DecisionForm) -> bool:
    if typed.decision == "decline":
        if not typed.reason:
            raise Invalid(errors=[FieldError("reason", "missing", msg("不批准时须说明理由"))])
        await requests.decline(db, caller=caller, request_id=request_id, reason=typed.reason)
    else:
        terms = ApproveIn(**typed.model_dump(include=set(ApproveIn.model_fields)))
        await requests.approve(db, caller=caller, request_id=request_id, terms=terms)
    return True


async def _page(
    request: Request, db: ReadSession, caller: Principal, request_id: UUID, form: Form[Any]
) -> Response:
    file = await requests.file(db, caller=caller, request_id=request_id)
    wanted, today = file.request, queries.today()
    mine = wanted.holder_id == caller.id
    earlier = None
    if file.verdict:
        held = queries.held_by_person(wanted.type_id, wanted.holder_id)
        earlier = await db.scalar(held)
    return render(
        request,
        "qualifications/request.html",
        status_code=form.status,
        file=file,
        wanted=wanted,
        name=named(wanted.type_name, wanted.type_name_en),
        form=form if form.was_sent else Form.filled({"level": wanted.level, "valid_from": today}),
        mine=mine,
        earlier=earlier,
        until=_until(file, today),
        evidence_url=f"{_url(request_id)}/evidence",
        most_files=identity.MOST_FILES,
        most_megabytes=identity.MOST_BYTES // 2**20,
        words=words,
    )


def _until(file: requests.File, today: date) -> date | None:
    """The last day of a term that begins today."""
    return last_day(today, file.kind.type.validity_months) if file.kind else None


def _url(request_id: UUID) -> str:
    return f"/qualifications/requests/{request_id}"
