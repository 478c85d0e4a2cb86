"""Organisations over the API."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.etag import IfMatch, tag
from app.core.keyset import Part, link_next
from app.core.schema import PageOf
from app.organisations import service
from app.organisations.models import Organisation
from app.organisations.policy import oversees
from app.organisations.schemas import (
    OrganisationChange,
    OrganisationCreate,
    OrganisationOut,
    OrganisationQuery,
)

router = Router(prefix="/organisations", tags=["organisations"])
Reader = Annotated[Principal, requires(Permission.ORGANISATIONS_READ)]
Manager = Annotated[Principal, requires(Permission.ORGANISATIONS_MANAGE)]


@router.get("", operation_id="listOrganisations")
async def list_organisations(
    request: Request,
    response: Response,
    db: Reads,
    caller: Reader,
    wanted: Annotated[OrganisationQuery, Query()],
) -> PageOf[OrganisationOut]:
    """Organisations the caller may see, by Chinese name search, province, kind, status and place."""
    found = await service.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    link_next(request, response, found.next)
    return PageOf(items=[_shown(row, caller) for row in found.items], next=found.next)


@router.get("/{organisation_id}", operation_id="getOrganisation")
async def get_organisation(
    organisation_id: UUID, response: Response, db: Reads, caller: Reader
) -> OrganisationOut:
    """One organisation; its ETag is what changes name in If-Match."""
    organisation = await service.get(db, caller=caller, organisation_id=organisation_id)
    return _tagged(response, organisation, caller)


@router.post("", status_code=201, operation_id="createOrganisation")
async def create_organisation(
    new: OrganisationCreate, response: Response, db: Writes, caller: Manager
) -> OrganisationOut:
    """Register an organisation in the caller's own province; for its admins."""
    organisation = await service.register(db, caller=caller, new=new)
    response.headers["Location"] = f"/api/v1/organisations/{organisation.id}"
    return _tagged(response, organisation, caller)


@router.patch("/{organisation_id}", operation_id="changeOrganisation")
async def change_organisation(
    organisation_id: UUID,
    changes: OrganisationChange,
    version: IfMatch,
    response: Response,
    db: Writes,
    caller: Manager,
) -> OrganisationOut:
    """Change some fields of an organisation of the own province."""
    organisation = await service.change(
        db, caller=caller, organisation_id=organisation_id, version=version, changes=changes
    )
    return _tagged(response, organisation, caller)


@router.post("/{organisation_id}/suspend", operation_id="suspendOrganisation")
async def suspend_organisation(
    organisation_id: UUID, version: IfMatch, response: Response, db: Writes, caller: Manager
) -> OrganisationOut:
    """Suspend an organisation: its rows stay, nothing new is done in its name."""
    organisation = await service.set_status(
        db, caller=caller, organisation_id=organisation_id, version=version, status="suspended"
    )
    return _tagged(response, organisation, caller)


@router.post("/{organisation_id}/reactivate", operation_id="reactivateOrganisation")
async def reactivate_organisation(
    organisation_id: UUID, version: IfMatch, response: Response, db: Writes, caller: Manager
) -> OrganisationOut:
    """Make a suspended organisation active again."""
    organisation = await service.set_status(
        db, caller=caller, organisation_id=organisation_id, version=version, status="active"
    )
    return _tagged(response, organisation, caller)


def _shown(organisation: Organisation, caller: Principal) -> OrganisationOut:
    return OrganisationOut.of(organisation, overseen=oversees(caller, organisation))


def _tagged(response: Response, organisation: Organisation, caller: Principal) -> OrganisationOut:
    tag(response, organisation.version)
    return _shown(organisation, caller)
