"""The pages of families: all of them, one with its instruments, and the forms that keep it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import Forbidden
from app.core.i18n import msg
from app.core.keyset import Part
from app.core.problems import locale_of
from app.core.schema import RowVersion
from app.instruments.registry import choices, listing
from app.instruments.registry.families import queries, service
from app.instruments.registry.families.schemas import FamilyChange, FamilyIn, FamilyQuery, Name, Note
from app.instruments.registry.policy import registers
from app.instruments.registry.views import InstrumentItem
from app.organisations import public as organisations
from app.web.public import Form, Pages, province_name, provinces, render, see_other

pages = Pages(prefix="/instruments/families")
Reader = Annotated[Principal, requires(Permission.INSTRUMENTS_READ)]
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]


class ChangeForm(BaseModel):
    """A family's name and note, and the version they were read at."""

    version: RowVersion
    name: Name
    note: Note = ""


class RemoveForm(BaseModel):
    """That a family is to go."""

    version: RowVersion


def _address(family_id: UUID) -> str:
    return f"/instruments/families/{family_id}"


@pages.get("")
async def list_page(
    request: Request, db: Reads, caller: Reader, wanted: Annotated[FamilyQuery, Query()]
) -> Response:
    """The families one knows, all or an organisation's."""
    found = await service.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    owner = await organisations.names(db, caller, [wanted.organisation] if wanted.organisation else [])
    return render(
        request,
        "instruments/families/list.html",
        families=[service.shown(known, caller) for known in found.items],
        owner=next(iter(owner.values()), None),
        provinces=[(row.code, province_name(row.code)) for row in await provinces(db)],
        next_cursor=found.next,
        wanted=wanted,
        may_register=registers(caller),
    )


@pages.get("/new")
async def new_page(request: Request, db: Reads, caller: Manager) -> Response:
    """The empty form; refused before one types in vain."""
    if not registers(caller):
        raise Forbidden(msg("只有单位管理员和本省的省级管理员可以建立仪器族"))
    return await _form_page(request, db, caller, Form({}))


@pages.post("/new")
async def new_submit(request: Request, db: Writes, caller: Manager) -> Response:
    """Make the family, then show it."""
    form: Form[FamilyIn] = await Form.read(request, FamilyIn)
    family_id = await form.submit(db, lambda typed: service.create(db, caller=caller, new=typed))
    if family_id is None:
        return await _form_page(request, db, caller, form)
    return see_other(request, _address(family_id), notice=msg("已建立仪器族"))


@pages.get("/{family_id}")
async def family_page(family_id: UUID, request: Request, db: Reads, caller: Reader) -> Response:
    """One family, and those of its instruments that the caller sees."""
    known = await service.get(db, caller=caller, family_id=family_id)
    locale = locale_of(request)
    wanted = queries.members(family_id)
    found = await listing.find(
        db, await listing.search(db, caller=caller, wanted=wanted), Part.of(request, wanted)
    )
    instruments = [InstrumentItem.of(row, locale) for row in found.items]
    return render(
        request,
        "instruments/families/family.html",
        family=service.shown(known, caller),
        instruments=instruments,
        places=await organisations.place_names(db, {item.adcode for item in instruments}, locale),
        words=choices,
    )


@pages.get("/{family_id}/edit")
async def edit_page(family_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """The form with what is there."""
    family = await service.kept(db, caller=caller, family_id=family_id)
    shown: dict[str, Any] = {name: getattr(family, name) for name in ("name", "note", "version")}
    return await _form_page(request, db, caller, Form.filled(shown), family)


@pages.post("/{family_id}/edit")
async def edit_submit(family_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Change, then show the family."""
    family = await service.kept(db, caller=caller, family_id=family_id)
    form: Form[ChangeForm] = await Form.read(request, ChangeForm)

    async def change(typed: ChangeForm) -> bool:
        changes = FamilyChange(name=typed.name, note=typed.note)
        await service.change(db, caller=caller, family_id=family_id, version=typed.version, changes=changes)
        return True

    if await form.submit(db, change):
        return see_other(request, _address(family_id), notice=msg("已保存"))
    return await _form_page(request, db, caller, form, family)


@pages.get("/{family_id}/remove")
async def remove_page(family_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """What dissolving means, before it is done."""
    family = await service.kept(db, caller=caller, family_id=family_id)
    return _remove_page(request, family, Form.filled({"version": family.version}))


@pages.post("/{family_id}/remove")
async def remove_submit(family_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Dissolve the family after the confirmation."""
    family = await service.kept(db, caller=caller, family_id=family_id)
    form: Form[RemoveForm] = await Form.read(request, RemoveForm)

    async def remove(typed: RemoveForm) -> bool:
        await service.remove(db, caller=caller, family_id=family_id, version=typed.version)
        return True

    if await form.submit(db, remove):
        return see_other(request, "/instruments/families", notice=msg("已解散仪器族"))
    return _remove_page(request, family, form)


async def _form_page(
    request: Request, db: ReadSession, caller: Principal, form: Form[Any], family: Any = None
) -> Response:
    return render(
        request,
        "instruments/families/form.html",
        status_code=form.status,
        form=form,
        family=family,
        organisations=[] if family else await choices.organisations(db, caller),
    )


def _remove_page(request: Request, family: Any, form: Form[Any]) -> Response:
    return render(
        request, "instruments/families/remove.html", status_code=form.status, form=form, family=family
    )
