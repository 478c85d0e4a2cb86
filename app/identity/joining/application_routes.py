"""Applications over the API: the applicant's and the officers'."""

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
from app.identity.context import settings_of
from app.identity.joining import applications, evidence, review
from app.identity.joining.schemas import (
    ApplicationChange,
    ApplicationIn,
    ApplicationItem,
    ApplicationOut,
    ApplicationQuery,
    EvidenceOut,
    RejectIn,
    ReturnIn,
    StepOut,
)
from app.identity.joining.serving import attachment

TAGS = ["organisation applications"]
mine = Router(prefix="/me/organisation-applications", tags=TAGS)
all_ = Router(prefix="/organisation-applications", tags=TAGS)
Applicant = Annotated[Principal, requires(Permission.ORGANISATIONS_JOIN)]
Reviewer = Annotated[Principal, requires(Permission.ORGANISATIONS_REVIEW)]


@mine.get("", operation_id="listMyOrganisationApplications")
async def list_mine(db: Reads, caller: Applicant) -> list[ApplicationItem]:
    """What the caller applied for, the latest first."""
    return [ApplicationItem.model_validate(row) for row in await applications.mine(db, caller=caller)]


@all_.get("", operation_id="listOrganisationApplications")
async def list_all(
    request: Request,
    response: Response,
    db: Reads,
    caller: Reviewer,
    wanted: Annotated[ApplicationQuery, Query()],
) -> PageOf[ApplicationItem]:
    """The applications of the province, the oldest first; for its officers."""
    found = await review.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    link_next(request, response, found.next)
    return PageOf(items=[ApplicationItem.model_validate(row) for row in found.items], next=found.next)


@all_.post("", status_code=201, operation_id="createOrganisationApplication")
async def create(new: ApplicationIn, response: Response, db: Writes, caller: Applicant) -> ApplicationOut:
    """Begin to apply for an organisation that is not registered: a draft, to which evidence is added."""
    made = await applications.start(db, caller=caller, new=new)
    response.headers["Location"] = f"/api/v1/organisation-applications/{made.id}"
    return await _shown(db, response, caller, made.id)


@all_.get(
    "/{application_id}",
    operation_id="getOrganisationApplication",
    dependencies=[personal("read.application", "application_id")],
)
async def get(application_id: UUID, response: Response, db: Reads, caller: Applicant) -> ApplicationOut:
    """One application, for its applicant and once submitted for the officers of the province."""
    return await _shown(db, response, caller, application_id)


@all_.patch("/{application_id}", operation_id="changeOrganisationApplication")
async def change(
    application_id: UUID,
    changes: ApplicationChange,
    version: IfMatch,
    response: Response,
    db: Writes,
    caller: Applicant,
) -> ApplicationOut:
    """Correct a draft, or an application that was returned."""
    await applications.change(
        db, caller=caller, application_id=application_id, version=version, changes=changes
    )
    return await _shown(db, response, caller, application_id)


@all_.post("/{application_id}/evidence", status_code=201, operation_id="addOrganisationApplicationEvidence")
async def add_evidence(
    application_id: UUID,
    request: Request,
    response: Response,
    db: Writes,
    caller: Applicant,
    files: Annotated[
        list[UploadFile], File(default_factory=list, description="PDF、PNG 或 JPEG，按内容判断")
    ],
) -> ApplicationOut:
    """Add scans of the business licence or certificate: at most five, each of at most 10 MB."""
    application = await applications.own_locked(db, caller=caller, application_id=application_id)
    sent = [(file.filename or "", file.file) for file in files]
    await evidence.add(db, settings_of(request), application, sent)
    return await _shown(db, response, caller, application_id)


@all_.get(
    "/{application_id}/evidence/{evidence_id}",
    operation_id="getOrganisationApplicationEvidence",
    dependencies=[personal("read.evidence", "application_id")],
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def get_evidence(
    application_id: UUID, evidence_id: UUID, request: Request, db: Reads, caller: Applicant
) -> Response:
    """One file, for the applicant and the officers of the province."""
    await applications.get(db, caller=caller, application_id=application_id)
    return attachment(*await evidence.read(db, settings_of(request), application_id, evidence_id))


@all_.delete(
    "/{application_id}/evidence/{evidence_id}",
    status_code=204,
    operation_id="removeOrganisationApplicationEvidence",
)
async def remove_evidence(application_id: UUID, evidence_id: UUID, db: Writes, caller: Applicant) -> None:
    """Take a file away from a draft, or from an application that was returned."""
    application = await applications.own_locked(db, caller=caller, application_id=application_id)
    await evidence.remove(db, application, evidence_id)


@all_.post("/{application_id}/submit", operation_id="submitOrganisationApplication")
async def submit(
    application_id: UUID, version: IfMatch, response: Response, db: Writes, caller: Applicant
) -> ApplicationOut:
    """Hand it in, for the first time or again."""
    await applications.submit(db, caller=caller, application_id=application_id, version=version)
    return await _shown(db, response, caller, application_id)


@all_.post("/{application_id}/withdraw", operation_id="withdrawOrganisationApplication")
async def withdraw(
    application_id: UUID, version: IfMatch, response: Response, db: Writes, caller: Applicant
) -> ApplicationOut:
    """Take it back; its evidence is discarded."""
    await applications.withdraw(db, caller=caller, application_id=application_id, version=version)
    return await _shown(db, response, caller, application_id)


@all_.post("/{application_id}/approve", operation_id="approveOrganisationApplication")
async def approve(
    application_id: UUID, version: IfMatch, response: Response, db: Writes, caller: Reviewer
) -> ApplicationOut:
    """Register the organisation and make the applicant its manager."""
    await review.approve(db, caller=caller, application_id=application_id, version=version)
    return await _shown(db, response, caller, application_id)


@all_.post("/{application_id}/return", operation_id="returnOrganisationApplication")
async def send_back(
    application_id: UUID, body: ReturnIn, version: IfMatch, response: Response, db: Writes, caller: Reviewer
) -> ApplicationOut:
    """Let the applicant correct it."""
    faults = {str(name): text for name, text in body.faults.items()}
    await review.send_back(
        db, caller=caller, application_id=application_id, version=version, reason=body.reason, faults=faults
    )
    return await _shown(db, response, caller, application_id)


@all_.post("/{application_id}/reject", operation_id="rejectOrganisationApplication")
async def reject(
    application_id: UUID, body: RejectIn, version: IfMatch, response: Response, db: Writes, caller: Reviewer
) -> ApplicationOut:
    """Turn it down for good."""
    await review.reject(db, caller=caller, application_id=application_id, version=version, reason=body.reason)
    return await _shown(db, response, caller, application_id)


async def _shown(
    db: ReadSession, response: Response, caller: Principal, application_id: UUID
) -> ApplicationOut:
    file = await applications.get(db, caller=caller, application_id=application_id)
    tag(response, file.application.version)
    own = ApplicationOut.model_fields.keys() - {"evidence", "history"}
    return ApplicationOut(
        **{name: getattr(file.application, name) for name in own},
        evidence=[EvidenceOut.model_validate(one) for one in file.evidence],
        history=[StepOut.model_validate(step) for step in file.history],
    )


router = APIRouter()
router.include_router(mine)
router.include_router(all_)
