"""Pictures and manuals over the API."""

from typing import Annotated
from uuid import UUID

from fastapi import File, Request, Response, UploadFile

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.etag import IfMatch
from app.instruments.registry.files import service
from app.instruments.registry.files.receiving import receive
from app.instruments.registry.files.schemas import FileChange, FileOrder, FileRemoval
from app.instruments.registry.files.serving import served
from app.instruments.registry.routes import answer
from app.instruments.registry.service import managed
from app.instruments.registry.views import InstrumentOut

router = Router(prefix="/instruments/{instrument_id}", tags=["instruments"])
Reader = Annotated[Principal, requires(Permission.INSTRUMENTS_READ)]
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]


@router.post("/files", status_code=201, operation_id="addInstrumentFiles")
async def add_files(
    instrument_id: UUID,
    version: IfMatch,
    request: Request,
    response: Response,
    db: Writes,
    caller: Manager,
    files: Annotated[
        list[UploadFile],
        File(default_factory=list, description="图片（PNG、JPEG、WebP）或说明书（PDF），按内容判断"),
    ],
) -> InstrumentOut:
    """Add pictures of up to 10 MB and manuals of up to 20 MB; which of the two each is, its content decides."""
    await managed(db, caller=caller, instrument_id=instrument_id)
    received = await receive(request.app.state.settings, [(file.filename or "", file.file) for file in files])
    await service.add(db, caller=caller, instrument_id=instrument_id, version=version, received=received)
    return await answer(db, caller, instrument_id, request, response)


@router.get(
    "/files/{file_id}",
    operation_id="getInstrumentFile",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def get_file(
    instrument_id: UUID, file_id: UUID, request: Request, db: Reads, caller: Reader
) -> Response:
    """One picture or manual, for whoever sees the instrument."""
    settings = request.app.state.settings
    found = await service.read(db, settings, caller=caller, instrument_id=instrument_id, file_id=file_id)
    return served(request, *found)


@router.patch("/files/{file_id}", operation_id="changeInstrumentFile")
async def change_file(
    instrument_id: UUID,
    file_id: UUID,
    changes: FileChange,
    version: IfMatch,
    request: Request,
    response: Response,
    db: Writes,
    caller: Manager,
) -> InstrumentOut:
    """Give a file another title."""
    await service.rename(
        db,
        caller=caller,
        instrument_id=instrument_id,
        file_id=file_id,
        version=version,
        title=changes.title,
    )
    return await answer(db, caller, instrument_id, request, response)


@router.put("/file-order", operation_id="orderInstrumentFiles")
async def order_files(
    instrument_id: UUID,
    body: FileOrder,
    version: IfMatch,
    request: Request,
    response: Response,
    db: Writes,
    caller: Manager,
) -> InstrumentOut:
    """Show the files in this order."""
    await service.order(
        db, caller=caller, instrument_id=instrument_id, version=version, file_ids=body.file_ids
    )
    return await answer(db, caller, instrument_id, request, response)


@router.post("/files/{file_id}/remove", operation_id="removeInstrumentFile")
async def remove_file(
    instrument_id: UUID,
    file_id: UUID,
    body: FileRemoval,
    version: IfMatch,
    request: Request,
    response: Response,
    db: Writes,
    caller: Manager,
) -> InstrumentOut:
    """Take a file away, with the reason."""
    await service.remove(
        db,
        caller=caller,
        instrument_id=instrument_id,
        file_id=file_id,
        version=version,
        reason=body.reason,
    )
    return await answer(db, caller, instrument_id, request, response)
