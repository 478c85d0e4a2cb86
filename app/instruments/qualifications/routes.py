"""Qualifications over the API: one's own, the desk of those who grant, and requests."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, Response, UploadFile

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.etag import IfMatch, tag
from app.core.keyset import Part, link_next
from app.core.schema import PageOf
from app.identity import public as identity
from app.instruments.qualifications import evidence, granting, holders, needs, queries, requests
from app.instruments.qualifications.models import Qualification
from app.instruments.qualifications.schemas import (
    ApproveIn,
    DemandOut,
    EvidenceOut,
    GrantedOut,
    GrantIn,
    QualificationOut,
    QualificationQuery,
    ReasonIn,
    RequestIn,
    RequestItem,
    RequestOut,
    RequestQuery,
)
from app.instruments.qualifications.service import state_of
from app.instruments.qualifications.type_routes import router as types
from app.instruments.rules.qualified import Step
from app.settings import Settings

held = Router(prefix="/qualifications", tags=["qualifications"])
required = Router(prefix="/instruments", tags=["qualifications"])
Reader = Annotated[Principal, requires(Permission.QUALIFICATIONS_READ)]
Requester = Annotated[Principal, requires(Permission.QUALIFICATIONS_REQUEST)]
Granter = Annotated[Principal, requires(Permission.QUALIFICATIONS_GRANT)]


@held.get("", operation_id="listQualifications")
async def list_qualifications(
    request: Request,
    response: Response,
    db: Reads,
    caller: Reader,
    wanted: Annotated[QualificationQuery, Query()],
) -> PageOf[QualificationOut]:
    """The caller's own qualifications, or those they grant or oversee; the newest first."""
    found = await holders.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    link_next(request, response, found.next)
    return PageOf(items=[_out(row) for row in found.items], next=found.next)


@held.get("/requests", operation_id="listQualificationRequests")
async def list_requests(
    request: Request,
    response: Response,
    db: Reads,
    caller: Reader,
    wanted: Annotated[RequestQuery, Query()],
) -> PageOf[RequestItem]:
    """The caller's own requests, or those they decide; open ones of others the oldest first."""
    found = await requests.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    link_next(request, response, found.next)
    return PageOf(items=[RequestItem.of(row) for row in found.items], next=found.next)


@held.post("/requests", status_code=201, operation_id="requestQualification")
async def request_qualification(
    new: RequestIn, response: Response, db: Writes, caller: Requester
) -> RequestOut:
    """Ask for a qualification; evidence is added to it while it is open."""
    made = await requests.ask(db, caller=caller, new=new)
    response.headers["Location"] = f"/api/v1/qualifications/requests/{made.id}"
    return await _shown(db, caller, made.id)


@held.get("/requests/{request_id}", operation_id="getQualificationRequest")
async def get_request(request_id: UUID, db: Reads, caller: Reader) -> RequestOut:
    """One request, for either party."""
    return await _shown(db, caller, request_id)


@held.post("/requests/{request_id}/evidence", status_code=201, operation_id="addQualificationRequestEvidence")
async def add_evidence(
    request_id: UUID,
    request: Request,
    db: Writes,
    caller: Requester,
    files: Annotated[
        list[UploadFile], File(default_factory=list, description="PDF、PNG 或 JPEG，按内容判断")
    ],
) -> RequestOut:
    """Add certificates to an open request of one's own: at most five, each of at most 10 MB."""
    mine = await requests.own_open(db, caller=caller, request_id=request_id)
    sent = [(file.filename or "", file.file) for file in files]
    received = await identity.receive_evidence(_settings(request), sent)
    await evidence.add(db, caller=caller, request=mine, received=received)
    return await _shown(db, caller, request_id)


@held.get(
    "/requests/{request_id}/evidence/{evidence_id}",
    operation_id="getQualificationRequestEvidence",
    dependencies=[personal("read.evidence", "request_id")],
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def get_evidence(
    request_id: UUID, evidence_id: UUID, request: Request, db: Reads, caller: Reader
) -> Response:
    """One file, for either party."""
    await requests.file(db, caller=caller, request_id=request_id)
    return identity.attachment(*await evidence.read(db, _settings(request), request_id, evidence_id))


@held.post("/requests/{request_id}/withdraw", operation_id="withdrawQualificationRequest")
async def withdraw(request_id: UUID, db: Writes, caller: Requester) -> RequestOut:
    """Take one's own open request back."""
    await requests.withdraw(db, caller=caller, request_id=request_id)
    return await _shown(db, caller, request_id)


@held.post("/requests/{request_id}/approve", operation_id="approveQualificationRequest")
async def approve(request_id: UUID, terms: ApproveIn, db: Writes, caller: Granter) -> RequestOut:
    """Grant what was asked for; nobody decides about their own."""
    await requests.approve(db, caller=caller, request_id=request_id, terms=terms)
    return await _shown(db, caller, request_id)


@held.post("/requests/{request_id}/decline", operation_id="declineQualificationRequest")
async def decline(request_id: UUID, body: ReasonIn, db: Writes, caller: Granter) -> RequestOut:
    """Refuse what was asked for, with a reason."""
    await requests.decline(db, caller=caller, request_id=request_id, reason=body.reason)
    return await _shown(db, caller, request_id)


@held.post("/types/{type_id}/grants", operation_id="grantQualifications")
async def grant(type_id: UUID, order: GrantIn, db: Writes, caller: Granter) -> list[GrantedOut]:
    """Grant a training session's list; what became of each is said."""
    told = await granting.grant_all(db, caller=caller, type_id=type_id, order=order)
    return [GrantedOut.model_validate(one) for one in told]


@held.get("/{qualification_id}", operation_id="getQualification")
async def get_qualification(
    qualification_id: UUID, response: Response, db: Reads, caller: Reader
) -> QualificationOut:
    """One qualification, for its holder, those who grant it, and officers of both provinces."""
    row, _ = await holders.one(db, caller=caller, qualification_id=qualification_id)
    return _tagged(response, row)


async def _step(
    response: Response, db: Writes, caller: Principal, on: tuple[UUID, int], step: Step, reason: str
) -> QualificationOut:
    row = await holders.step(
        db, caller=caller, qualification_id=on[0], version=on[1], step=step, reason=reason
    )
    return _tagged(response, row)


@held.post("/{qualification_id}/suspend", operation_id="suspendQualification")
async def suspend(
    qualification_id: UUID, body: ReasonIn, version: IfMatch, response: Response, db: Writes, caller: Granter
) -> QualificationOut:
    """Let it not count for now; future bookings stay and cannot be begun."""
    return await _step(response, db, caller, (qualification_id, version), "suspend", body.reason)


@held.post("/{qualification_id}/reinstate", operation_id="reinstateQualification")
async def reinstate(
    qualification_id: UUID, body: ReasonIn, version: IfMatch, response: Response, db: Writes, caller: Granter
) -> QualificationOut:
    """Let a suspended one count again."""
    return await _step(response, db, caller, (qualification_id, version), "reinstate", body.reason)


@held.post("/{qualification_id}/revoke", operation_id="revokeQualification")
async def revoke(
    qualification_id: UUID, body: ReasonIn, version: IfMatch, response: Response, db: Writes, caller: Granter
) -> QualificationOut:
    """Take it away; only a new request of the person leads to it again."""
    return await _step(response, db, caller, (qualification_id, version), "revoke", body.reason)


@required.get("/{instrument_id}/qualifications", operation_id="listInstrumentQualifications")
async def of_instrument(
    instrument_id: UUID, db: Reads, caller: Annotated[Principal, requires(Permission.INSTRUMENTS_READ)]
) -> list[DemandOut]:
    """What running the instrument requires, and whether the caller meets it today."""
    return [
        DemandOut.model_validate(one)
        for one in await needs.of_instrument(db, caller=caller, instrument_id=instrument_id)
    ]


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _out(row: Qualification) -> QualificationOut:
    return QualificationOut.of(row, state_of(row, queries.today()))


def _tagged(response: Response, row: Qualification) -> QualificationOut:
    tag(response, row.version)
    return _out(row)


async def _shown(db: ReadSession, caller: Principal, request_id: UUID) -> RequestOut:
    file = await requests.file(db, caller=caller, request_id=request_id)
    return RequestOut.of(file.request, evidence=[EvidenceOut.model_validate(one) for one in file.evidence])


router = APIRouter()
for part in (types, held, required):
    router.include_router(part)
