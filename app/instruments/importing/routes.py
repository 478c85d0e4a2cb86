"""Imports over the API."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import File, Form, Query, Request, Response, UploadFile

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.keyset import ListQuery, Part, link_next
from app.core.problems import locale_of, understood
from app.core.schema import PageOf
from app.files import public as files
from app.instruments.importing import report, service
from app.instruments.importing.schemas import (
    Cause,
    ImportApply,
    ImportItem,
    ImportMapping,
    ImportOut,
    Reading,
    RowOut,
    RowQuery,
)
from app.instruments.importing.views import item, out

router = Router(prefix="/instrument-imports", tags=["instrument imports"])
Importer = Annotated[Principal, requires(Permission.INSTRUMENTS_IMPORT)]
CSV = "text/csv"


@router.post("", status_code=201, operation_id="createInstrumentImport")
async def create_import(
    request: Request,
    response: Response,
    db: Writes,
    caller: Importer,
    file: Annotated[UploadFile, File(description="CSV、TSV 或 XLSX")],
    encoding: Annotated[str | None, Form(max_length=40, description="文字编码，无法自动判断时必填")] = None,
    sheet: Annotated[str | None, Form(max_length=100, description="工作表名称")] = None,
    header_row: Annotated[int | None, Form(ge=1, le=1_000, description="表头所在行")] = None,
) -> ImportOut:
    """Send a file; the answer has its columns with samples and a guess of what they mean. Nothing is imported yet."""
    stored = await asyncio.to_thread(files.store, request.app.state.settings, file.file)
    options = understood(Reading, encoding=encoding, sheet=sheet, header_row=header_row)
    import_id = await service.upload(
        db, caller=caller, stored=stored, file_name=file.filename or "", options=options
    )
    response.headers["Location"] = f"/api/v1/instrument-imports/{import_id}"
    return await _answer(db, caller, import_id, request)


@router.get("", operation_id="listInstrumentImports")
async def list_imports(
    request: Request, response: Response, db: Reads, caller: Importer, wanted: Annotated[ListQuery, Query()]
) -> PageOf[ImportItem]:
    """The imports the caller sent, the latest first."""
    found = await service.sent(db, caller=caller, part=Part.of(request, wanted))
    link_next(request, response, found.next)
    return PageOf(items=[item(file) for file in found.items], next=found.next)


@router.get("/{import_id}", operation_id="getInstrumentImport")
async def get_import(import_id: UUID, request: Request, db: Reads, caller: Importer) -> ImportOut:
    """How far an import is: poll it while `state` is checking or applying."""
    return await _answer(db, caller, import_id, request)


@router.post("/{import_id}/reading", operation_id="rereadInstrumentImport")
async def reread_import(
    import_id: UUID, body: Reading, request: Request, db: Writes, caller: Importer
) -> ImportOut:
    """Read the file another way: another encoding, sheet or header row. What was checked must be checked anew."""
    settings = request.app.state.settings
    await service.reread(db, caller=caller, import_id=import_id, settings=settings, options=body)
    return await _answer(db, caller, import_id, request)


@router.post("/{import_id}/check", status_code=202, operation_id="checkInstrumentImport")
async def check_import(
    import_id: UUID, body: ImportMapping, request: Request, db: Writes, caller: Importer
) -> ImportOut:
    """Check every row under this mapping, in the background; nothing is imported."""
    await service.start_check(db, caller=caller, import_id=import_id, mapping=body)
    return await _answer(db, caller, import_id, request)


@router.post("/{import_id}/apply", status_code=202, operation_id="applyInstrumentImport")
async def apply_import(
    import_id: UUID, body: ImportApply, request: Request, db: Writes, caller: Importer
) -> ImportOut:
    """Write a checked file into the register, in the background and in one transaction."""
    await service.start_apply(db, caller=caller, import_id=import_id, mode=body.mode)
    return await _answer(db, caller, import_id, request)


@router.get("/{import_id}/rows", operation_id="listInstrumentImportRows")
async def list_rows(
    import_id: UUID,
    request: Request,
    response: Response,
    db: Reads,
    caller: Importer,
    wanted: Annotated[RowQuery, Query()],
) -> PageOf[RowOut]:
    """What becomes of the file's rows, all or only those with errors, warnings or changes."""
    part = Part.of(request, wanted)
    found = await service.rows(db, caller=caller, import_id=import_id, wanted=wanted, part=part)
    link_next(request, response, found.next)
    locale = locale_of(request)
    return PageOf(items=[RowOut.of(row, locale) for row in found.items], next=found.next)


@router.get("/{import_id}/causes", operation_id="listInstrumentImportCauses")
async def list_causes(import_id: UUID, request: Request, db: Reads, caller: Importer) -> PageOf[Cause]:
    """Why rows are faulty, each reason once with how many rows it keeps out, most first; all on one page."""
    found = await service.causes(db, caller=caller, import_id=import_id)
    locale = locale_of(request)
    return PageOf(items=[Cause.of(row, locale) for row in found], next=None)


@router.get(
    "/{import_id}/errors.csv",
    operation_id="getInstrumentImportErrors",
    response_class=Response,
    responses={200: {"content": {CSV: {}}}},
)
async def get_errors(import_id: UUID, request: Request, db: Reads, caller: Importer) -> Response:
    """The faulty rows in the file's own columns, with the reasons: correct and send it again."""
    entry = await service.get(db, caller=caller, import_id=import_id)
    content = await report.errors_csv(db, request.app.state.settings, entry, locale_of(request))
    attachment = f'attachment; filename="errors-{import_id}.csv"'
    return Response(content, media_type=CSV, headers={"Content-Disposition": attachment})


async def _answer(db: ReadSession, caller: Principal, import_id: UUID, request: Request) -> ImportOut:
    return out(await service.get(db, caller=caller, import_id=import_id), locale_of(request))
