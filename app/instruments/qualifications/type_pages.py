"""The pages of types: what a qualification is, which instruments require it, whom it recognises, and a session's list."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.i18n import Message, msg, named
from app.core.schema import Input, RowVersion
from app.core.text import Prose
from app.instruments.qualifications import policy, queries, service, words
from app.instruments.qualifications.schemas import (
    English,
    Months,
    Name,
    Recognised,
    Scope,
    TypeChange,
    TypeIn,
)
from app.instruments.rules.qualified import Level
from app.web.public import Form, Pages, province_name, render, see_other

pages = Pages(prefix="/qualifications/types")
Reader = Annotated[Principal, requires(Permission.QUALIFICATIONS_READ)]
Manager = Annotated[Principal, requires(Permission.INSTRUMENTS_MANAGE)]
Granter = Annotated[Principal, requires(Permission.QUALIFICATIONS_GRANT)]


class TypeForm(Input):
    """What a type is."""

    name_zh: Name
    name_en: English = ""
    description: Annotated[str, Prose(2000)] = ""
    scope: Scope = "region"
    validity_months: Months | None = None
    needs_evidence: bool = False


class NewTypeForm(TypeForm):
    """Whose it is, too."""

    organisation_id: UUID


class ChangeTypeForm(TypeForm):
    """The version it was read at, and whether it is still granted."""

    version: RowVersion
    active: bool = False


class RequirementForm(Input):
    """An instrument that is to require it."""

    instrument_id: UUID
    level: Level


class RecognitionForm(Input):
    """Another type that is to count."""

    other_type_id: UUID
    at_most: Recognised


@pages.get("/new")
async def new_page(request: Request, db: Reads, caller: Manager) -> Response:
    """The empty form."""
    return await _new_page(request, db, caller, Form({}))


@pages.post("/new")
async def new_submit(request: Request, db: Writes, caller: Manager) -> Response:
    """Define a type."""
    form: Form[NewTypeForm] = await Form.read(request, NewTypeForm)
    made = await form.submit(
        db, lambda typed: service.create(db, caller=caller, new=TypeIn(**typed.model_dump()))
    )
    if made is None:
        return await _new_page(request, db, caller, form)
    return see_other(request, _url(made), notice=msg("资格类型已建立；请选择哪些仪器要求它"))


async def _new_page(request: Request, db: ReadSession, caller: Principal, form: Form[Any]) -> Response:
    organisations = (await db.execute(queries.teaching(caller))).all()
    return render(
        request,
        "qualifications/type_form.html",
        status_code=form.status,
        form=form,
        kind=None,
        organisations=[(str(row.id), row.name) for row in organisations],
        words=words,
    )


@pages.get("/{type_id}")
async def type_page(type_id: UUID, request: Request, db: Reads, caller: Reader) -> Response:
    """One type: what it takes, where it is required, and what counts in its place."""
    return await _type_page(request, db, caller, type_id, Form({}))


@pages.get("/{type_id}/edit")
async def edit_page(type_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """The form with what is there."""
    kind = await service.defined(db, caller=caller, type_id=type_id)
    values = {name: getattr(kind.type, name) for name in ChangeTypeForm.model_fields}
    return _edit_page(request, kind, Form.filled(values))


@pages.post("/{type_id}/edit")
async def edit_submit(type_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Keep the changes."""
    kind = await service.defined(db, caller=caller, type_id=type_id)
    form: Form[ChangeTypeForm] = await Form.read(request, ChangeTypeForm)

    async def change(typed: ChangeTypeForm) -> bool:
        changes = TypeChange(**typed.model_dump(exclude={"version"}))
        await service.change(db, caller=caller, type_id=type_id, version=typed.version, changes=changes)
        return True

    if await form.submit(db, change) is None:
        return _edit_page(request, kind, form)
    return see_other(request, _url(type_id), notice=msg("已保存"))


def _edit_page(request: Request, kind: service.Kind, form: Form[Any]) -> Response:
    return render(
        request,
        "qualifications/type_form.html",
        status_code=form.status,
        form=form,
        kind=kind,
        organisations=[],
        words=words,
    )


@pages.post("/{type_id}/requirements")
async def require(type_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Let an instrument require it."""
    form: Form[RequirementForm] = await Form.read(request, RequirementForm)

    async def add(typed: RequirementForm) -> bool:
        given = typed.model_dump()
        await service.require(db, caller=caller, type_id=type_id, **given)
        return True

    return await _added(request, db, caller, type_id, form, add)


@pages.post("/{type_id}/requirements/{instrument_id}/remove")
async def release(
    type_id: UUID, instrument_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Let an instrument require it no more."""
    await service.release(db, caller=caller, type_id=type_id, instrument_id=instrument_id)
    return see_other(request, _url(type_id), notice=msg("已取消上机要求"))


@pages.post("/{type_id}/recognitions")
async def recognise(type_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Let another organisation's type count."""
    form: Form[RecognitionForm] = await Form.read(request, RecognitionForm)

    async def add(typed: RecognitionForm) -> bool:
        other, level = typed.other_type_id, typed.at_most
        await service.recognise(db, caller=caller, type_id=type_id, other_type_id=other, level=level)
        return True

    return await _added(request, db, caller, type_id, form, add)


@pages.post("/{type_id}/recognitions/{other_type_id}/remove")
async def unrecognise(
    type_id: UUID, other_type_id: UUID, request: Request, db: Writes, caller: Manager
) -> Response:
    """Let another type count no more."""
    await service.unrecognise(db, caller=caller, type_id=type_id, other_type_id=other_type_id)
    return see_other(request, _url(type_id), notice=msg("已取消互认"))


async def _added(
    request: Request, db: Session, caller: Principal, type_id: UUID, form: Form[Any], add: Any
) -> Response:
    if await form.submit(db, add) is None:
        return await _type_page(request, db, caller, type_id, form)
    return see_other(request, _url(type_id), notice=msg("已保存"))


async def _type_page(
    request: Request, db: ReadSession, caller: Principal, type_id: UUID, form: Form[Any]
) -> Response:
    kind = await service.get(db, caller=caller, type_id=type_id)
    found = kind.type
    defines = policy.defines(caller, organisation_id=found.organisation_id, tenant_id=found.tenant_id)
    to_require = (await db.execute(queries.to_require(caller, found))).all() if kind.runs else []
    to_recognise = (await db.execute(queries.to_recognise(caller, found))).all() if defines else []
    return render(
        request,
        "qualifications/type.html",
        status_code=form.status,
        kind=kind,
        name=named(found.name_zh, found.name_en),
        form=form,
        defines=defines,
        requirements=(await db.execute(queries.requirements(caller, type_id))).all(),
        recognitions=(await db.execute(queries.recognitions(caller, type_id))).all(),
        to_require=[(row.id, f"{row.name_zh} · {row.inner_id}") for row in to_require],
        to_recognise=[
            (
                row.id,
                msg(
                    "{province} · {organisation} · {name}",
                    province=_province(row.tenant_id),
                    organisation=row.organisation_name,
                    name=named(row.name_zh, row.name_en),
                ),
            )
            for row in to_recognise
        ],
        words=words,
    )


def _province(code: str) -> Message:
    name = province_name(code)
    return named(name.zh, name.en)


def _url(type_id: UUID) -> str:
    return f"/qualifications/types/{type_id}"
