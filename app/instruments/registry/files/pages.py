"""The page by which managers keep pictures and manuals, and the files themselves."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request, Response, UploadFile
from pydantic import BaseModel, Field

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.i18n import msg
from app.core.schema import RowVersion
from app.instruments.registry import service as registry
from app.instruments.registry.files import queries, service
from app.instruments.registry.files.receiving import MANUAL, receive
from app.instruments.registry.files.schemas import MOST_MANUALS, MOST_PICTURES, Reason, Title
from app.instruments.registry.files.serving import served
from app.web.public import Form, Pages, render, see_other

pages = Pages(prefix="/instruments/{instrument_id}/files")
Reader = Annotated[Principal, requires(Permission.INSTRUMENTS_READ)]
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]


class AddForm(BaseModel):
    """Files to add."""

    version: RowVersion
    files: list[UploadFile] = Field(default_factory=list)


class TitleForm(BaseModel):
    """A file's title."""

    version: RowVersion
    title: Title


class MoveForm(BaseModel):
    """Which way a file goes in its row."""

    version: RowVersion
    towards: Literal["front", "back"]


class RemoveForm(BaseModel):
    """Why a file is removed."""

    version: RowVersion
    reason: Reason


def _address(instrument_id: UUID) -> str:
    return f"/instruments/{instrument_id}/files"


@pages.get("")
async def files_page(instrument_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """The pictures and manuals to keep."""
    return await _files_page(request, db, caller, instrument_id, Form({}))


@pages.post("")
async def add(instrument_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Add files."""
    await registry.managed(db, caller=caller, instrument_id=instrument_id)
    form: Form[AddForm] = await Form.read(request, AddForm)

    async def take(typed: AddForm) -> bool:
        sent = [(file.filename or "", file.file) for file in typed.files]
        received = await receive(request.app.state.settings, sent)
        await service.add(
            db, caller=caller, instrument_id=instrument_id, version=typed.version, received=received
        )
        return True

    if await form.submit(db, take):
        return see_other(request, _address(instrument_id), notice=msg("已上传"))
    return await _files_page(request, db, caller, instrument_id, form)


@pages.get("/{file_id}")
async def file_itself(
    instrument_id: UUID, file_id: UUID, request: Request, db: Reads, caller: Reader
) -> Response:
    """One picture or manual."""
    settings = request.app.state.settings
    found = await service.read(db, settings, caller=caller, instrument_id=instrument_id, file_id=file_id)
    return served(request, *found)


@pages.post("/{file_id}")
async def rename(
    instrument_id: UUID, file_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Give a file another title."""
    form: Form[TitleForm] = await Form.read(request, TitleForm)
    which: dict[str, Any] = {"caller": caller, "instrument_id": instrument_id, "file_id": file_id}

    async def change(typed: TitleForm) -> bool:
        await service.rename(db, **which, version=typed.version, title=typed.title)
        return True

    if await form.submit(db, change):
        return see_other(request, _address(instrument_id), notice=msg("已保存"))
    return await _files_page(request, db, caller, instrument_id, form, file_id)


@pages.post("/{file_id}/move")
async def move(instrument_id: UUID, file_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Let a file change places with the one beside it."""
    form: Form[MoveForm] = await Form.read(request, MoveForm)
    which: dict[str, Any] = {"caller": caller, "instrument_id": instrument_id, "file_id": file_id}

    async def go(typed: MoveForm) -> bool:
        await service.move(db, **which, version=typed.version, towards=typed.towards)
        return True

    if await form.submit(db, go):
        return see_other(request, _address(instrument_id))
    return await _files_page(request, db, caller, instrument_id, form, file_id)


@pages.get("/{file_id}/remove")
async def remove_page(
    instrument_id: UUID, file_id: UUID, request: Request, db: Reads, caller: Manager
) -> Response:
    """What is to be removed, before it is."""
    return await _remove_page(request, db, caller, instrument_id, file_id, Form({}))


@pages.post("/{file_id}/remove")
async def remove(
    instrument_id: UUID, file_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Remove after the confirmation."""
    form: Form[RemoveForm] = await Form.read(request, RemoveForm)
    which: dict[str, Any] = {"caller": caller, "instrument_id": instrument_id, "file_id": file_id}

    async def go(typed: RemoveForm) -> bool:
        await service.remove(db, **which, version=typed.version, reason=typed.reason)
        return True

    if await form.submit(db, go):
        return see_other(request, _address(instrument_id), notice=msg("已移除"))
    return await _remove_page(request, db, caller, instrument_id, file_id, form)


async def _files_page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    instrument_id: UUID,
    form: Form[Any],
    file_id: UUID | None = None,
) -> Response:
    instrument = await registry.managed(db, caller=caller, instrument_id=instrument_id)
    files = await queries.of_instrument(db, instrument_id)
    return render(
        request,
        "instruments/files/keep.html",
        status_code=form.status,
        instrument=instrument,
        pictures=[file for file in files if file.media_type != MANUAL],
        manuals=[file for file in files if file.media_type == MANUAL],
        most_pictures=MOST_PICTURES,
        most_manuals=MOST_MANUALS,
        form=form,
        typed_file=file_id,
    )


async def _remove_page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    instrument_id: UUID,
    file_id: UUID,
    form: Form[Any],
) -> Response:
    instrument = await registry.managed(db, caller=caller, instrument_id=instrument_id)
    file = await queries.visible(db, caller, instrument_id, file_id)
    if file is None:
        raise NotFound
    return render(
        request,
        "instruments/files/remove.html",
        status_code=form.status,
        instrument=instrument,
        file=file,
        form=form,
    )
