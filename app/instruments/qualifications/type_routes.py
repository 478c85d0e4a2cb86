"""Types of qualification over the API: defined, required by instruments, recognised."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.etag import IfMatch, tag
from app.core.keyset import ListQuery, Part, link_next
from app.core.schema import PageOf
from app.instruments.qualifications import policy, queries, service
from app.instruments.qualifications.models import QualificationType
from app.instruments.qualifications.schemas import (
    RecognitionIn,
    RecognitionOut,
    RequirementIn,
    RequirementOut,
    TypeChange,
    TypeIn,
    TypeItem,
    TypeOut,
)

router = Router(prefix="/qualifications/types", tags=["qualifications"])
Reader = Annotated[Principal, requires(Permission.QUALIFICATIONS_READ)]
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]


@router.get("", operation_id="listQualificationTypes")
async def list_types(
    request: Request, response: Response, db: Reads, caller: Reader, wanted: Annotated[ListQuery, Query()]
) -> PageOf[TypeItem]:
    """The types the caller runs or trains, the newest first."""
    found = await service.find(db, caller=caller, part=Part.of(request, wanted))
    names = await service.issuers(db, caller=caller, types=found.items)
    link_next(request, response, found.next)
    items = [TypeItem(**_facts(row, names.get(row.organisation_id))) for row in found.items]
    return PageOf(items=items, next=found.next)


@router.post("", status_code=201, operation_id="createQualificationType")
async def create_type(new: TypeIn, response: Response, db: Writes, caller: Manager) -> TypeOut:
    """Define a type; for managers of its organisation and admins of its province."""
    type_id = await service.create(db, caller=caller, new=new)
    response.headers["Location"] = f"/api/v1/qualifications/types/{type_id}"
    return await _shown(db, response, caller, type_id)


@router.get("/{type_id}", operation_id="getQualificationType")
async def get_type(type_id: UUID, response: Response, db: Reads, caller: Reader) -> TypeOut:
    """One type, the instruments that require it, and what is recognised in its place."""
    return await _shown(db, response, caller, type_id)


@router.patch("/{type_id}", operation_id="changeQualificationType")
async def change_type(
    type_id: UUID, changes: TypeChange, version: IfMatch, response: Response, db: Writes, caller: Manager
) -> TypeOut:
    """Change what is given; who holds the qualification keeps it as it was granted."""
    await service.change(db, caller=caller, type_id=type_id, version=version, changes=changes)
    return await _shown(db, response, caller, type_id)


@router.put("/{type_id}/requirements/{instrument_id}", operation_id="requireQualification")
async def require(
    type_id: UUID, instrument_id: UUID, body: RequirementIn, response: Response, db: Writes, caller: Manager
) -> TypeOut:
    """Let an instrument require it, at a level or above."""
    await service.require(db, caller=caller, type_id=type_id, instrument_id=instrument_id, level=body.level)
    return await _shown(db, response, caller, type_id)


@router.delete(
    "/{type_id}/requirements/{instrument_id}", status_code=204, operation_id="releaseQualification"
)
async def release(type_id: UUID, instrument_id: UUID, db: Writes, caller: Manager) -> None:
    """Let an instrument require it no more."""
    await service.release(db, caller=caller, type_id=type_id, instrument_id=instrument_id)


@router.put("/{type_id}/recognitions/{other_type_id}", operation_id="recogniseQualification")
async def recognise(
    type_id: UUID, other_type_id: UUID, body: RecognitionIn, response: Response, db: Writes, caller: Manager
) -> TypeOut:
    """Let holders of another organisation's type count here, up to a level."""
    await service.recognise(db, caller=caller, type_id=type_id, other_type_id=other_type_id, level=body.level)
    return await _shown(db, response, caller, type_id)


@router.delete(
    "/{type_id}/recognitions/{other_type_id}", status_code=204, operation_id="unrecogniseQualification"
)
async def unrecognise(type_id: UUID, other_type_id: UUID, db: Writes, caller: Manager) -> None:
    """Let holders of another type count here no more."""
    await service.unrecognise(db, caller=caller, type_id=type_id, other_type_id=other_type_id)


def _facts(row: QualificationType, organisation_name: str | None) -> dict[str, object]:
    names = TypeItem.model_fields.keys() - {"province", "organisation_name"}
    return {
        **{name: getattr(row, name) for name in names},
        "province": row.tenant_id,
        "organisation_name": organisation_name or None,
    }


async def _shown(db: ReadSession, response: Response, caller: Principal, type_id: UUID) -> TypeOut:
    kind = await service.get(db, caller=caller, type_id=type_id)
    found = kind.type
    tag(response, found.version)
    requirements = (await db.execute(queries.requirements(caller, type_id))).all()
    recognitions = (await db.execute(queries.recognitions(caller, type_id))).all()
    return TypeOut(
        **_facts(found, kind.organisation_name),
        description=found.description,
        requirements=[
            RequirementOut(instrument_id=row.instrument_id, instrument_name=row.name_zh, level=row.level)
            for row in requirements
        ],
        recognitions=[
            RecognitionOut(
                type_id=row.other_type_id, name=row.name_zh, province=row.other_tenant_id, level=row.level
            )
            for row in recognitions
        ],
        may_grant=kind.grants,
        may_define=policy.defines(caller, organisation_id=found.organisation_id, tenant_id=found.tenant_id),
    )
