"""Families over the API."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.etag import IfMatch, tag
from app.core.keyset import Part, link_next
from app.core.schema import PageOf
from app.instruments.registry.families import service
from app.instruments.registry.families.schemas import FamilyChange, FamilyIn, FamilyOut, FamilyQuery

router = Router(prefix="/instrument-families", tags=["instruments"])
Reader = Annotated[Principal, requires(Permission.INSTRUMENTS_READ)]
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]


@router.get("", operation_id="listInstrumentFamilies")
async def list_families(
    request: Request, response: Response, db: Reads, caller: Reader, wanted: Annotated[FamilyQuery, Query()]
) -> PageOf[FamilyOut]:
    """Families of instruments by organisation and name; their instruments are listed by `family`."""
    found = await service.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    link_next(request, response, found.next)
    return PageOf(items=[service.shown(known, caller) for known in found.items], next=found.next)


@router.post("", status_code=201, operation_id="createInstrumentFamily")
async def create_family(new: FamilyIn, response: Response, db: Writes, caller: Manager) -> FamilyOut:
    """Make a family; instruments come into it by their `family_id`."""
    family_id = await service.create(db, caller=caller, new=new)
    response.headers["Location"] = f"/api/v1/instrument-families/{family_id}"
    return await _answer(db, caller, family_id, response)


@router.get("/{family_id}", operation_id="getInstrumentFamily")
async def get_family(family_id: UUID, response: Response, db: Reads, caller: Reader) -> FamilyOut:
    """One family."""
    return await _answer(db, caller, family_id, response)


@router.patch("/{family_id}", operation_id="changeInstrumentFamily")
async def change_family(
    family_id: UUID,
    changes: FamilyChange,
    version: IfMatch,
    response: Response,
    db: Writes,
    caller: Manager,
) -> FamilyOut:
    """Change what is given."""
    await service.change(db, caller=caller, family_id=family_id, version=version, changes=changes)
    return await _answer(db, caller, family_id, response)


@router.delete("/{family_id}", status_code=204, operation_id="removeInstrumentFamily")
async def remove_family(family_id: UUID, version: IfMatch, db: Writes, caller: Manager) -> None:
    """Dissolve a family that has no instruments any more."""
    await service.remove(db, caller=caller, family_id=family_id, version=version)


async def _answer(db: ReadSession, caller: Principal, family_id: UUID, response: Response) -> FamilyOut:
    known = await service.get(db, caller=caller, family_id=family_id)
    tag(response, known.family.version)
    return service.shown(known, caller)
