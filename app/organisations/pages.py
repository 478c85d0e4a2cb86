"""The pages of organisations: list, detail, register, change, suspend."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel

from app.access.entry import Reads, Writes
from app.access.guards import ensure, requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import Stale
from app.core.i18n import msg
from app.core.keyset import Part
from app.core.problems import locale_of
from app.core.schema import RowVersion
from app.organisations import export, labels, service
from app.organisations.models import Organisation
from app.organisations.places import place_choices, place_names
from app.organisations.policy import may_manage, may_register, oversees
from app.organisations.rules.uscc import Standing, examine
from app.organisations.schemas import OrganisationChange, OrganisationCreate, OrganisationQuery
from app.web.public import Entry, Form, Pages, province_name, provinces, render, see_other

pages = Pages(
    prefix="/organisations",
    entries=[
        Entry(msg("单位"), "/organisations", Permission.ORGANISATIONS_READ, icon="building-2", position=40)
    ],
)
Reader = Annotated[Principal, requires(Permission.ORGANISATIONS_READ)]
Manager = Annotated[Principal, requires(Permission.ORGANISATIONS_MANAGE)]


class ChangeForm(OrganisationCreate):
    """All fields of an organisation, and the version they were read at."""

    version: RowVersion


class StatusForm(BaseModel):
    """The version whose status is to change."""

    version: RowVersion


@pages.get("")
async def list_page(
    request: Request, db: Reads, caller: Reader, wanted: Annotated[OrganisationQuery, Query()]
) -> Response:
    """The organisations one may see, with filters; htmx asks for the results alone."""
    found = await service.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    asked = [wanted.adcode] if wanted.adcode else []
    places = await place_names(db, [*asked, *(row.adcode for row in found.items)], locale_of(request))
    return render(
        request,
        "organisations/list.html",
        fragment="organisations/_results.html",
        organisations=found.items,
        next_cursor=found.next,
        wanted=wanted,
        active=_active_filters(wanted, places),
        exports={kind: _export_url(request, kind) for kind in export.MEDIA_TYPES},
        places=places,
        provinces=[(row.code, province_name(row.code)) for row in await provinces(db)],
        may_register=bool(may_register(caller)),
        may_apply=caller.may(Permission.ORGANISATIONS_JOIN),
        labels=labels,
    )


@pages.get("/export.{kind}")
async def export_file(
    kind: export.Format,
    request: Request,
    db: Reads,
    caller: Reader,
    wanted: Annotated[OrganisationQuery, Query()],
) -> Response:
    """The whole filtered list as CSV or XLSX.

    Raises:
        ExportTooLarge: it has more rows than a file holds.
    """
    found = await service.every(db, caller=caller, wanted=wanted)
    headers = {"Content-Disposition": f'attachment; filename="{export.file_name(kind)}"'}
    body = export.file_of(found, kind, locale_of(request))
    return Response(body, media_type=export.MEDIA_TYPES[kind], headers=headers)


@pages.get("/new")
async def new_page(request: Request, db: Reads, caller: Manager) -> Response:
    """The empty form; refused before one types in vain."""
    ensure(may_register(caller))
    form: Form[OrganisationCreate] = Form.filled({"scope": "public"})
    return await _form_page(request, db, form, caller=caller)


@pages.post("/new")
async def new_submit(request: Request, db: Writes, caller: Manager) -> Response:
    """Register, then show the organisation."""
    form: Form[OrganisationCreate] = await Form.read(request, OrganisationCreate)
    organisation = await form.submit(db, lambda typed: service.register(db, caller=caller, new=typed))
    if organisation is None:
        return await _form_page(request, db, form, caller=caller)
    notice = msg("已登记「{name}」", name=organisation.name)
    return see_other(request, f"/organisations/{organisation.id}", notice=notice)


@pages.get("/{organisation_id}")
async def detail_page(organisation_id: UUID, request: Request, db: Reads, caller: Reader) -> Response:
    """One organisation."""
    organisation = await service.get(db, caller=caller, organisation_id=organisation_id)
    return render(
        request,
        "organisations/detail.html",
        organisation=organisation,
        places=await place_names(db, [organisation.adcode], locale_of(request)),
        valid=examine(organisation.uscc) is Standing.VALID,
        overseen=oversees(caller, organisation),
        manages=bool(may_manage(caller, organisation)),
        may_ask_to_join=caller.kind == "person"
        and caller.tenant_id == organisation.tenant_id
        and organisation.status == "active"
        and organisation.id not in caller.organisations,
        shows_members=caller.manages(organisation.id) or oversees(caller, organisation),
        labels=labels,
    )


@pages.get("/{organisation_id}/edit")
async def edit_page(organisation_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """The form with what is there."""
    organisation = await service.get_to_manage(db, caller=caller, organisation_id=organisation_id)
    values = {name: getattr(organisation, name) for name in ChangeForm.model_fields}
    return await _form_page(request, db, Form.filled(values), caller=caller, organisation=organisation)


@pages.post("/{organisation_id}/edit")
async def edit_submit(organisation_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Change, then show the organisation."""
    organisation = await service.get_to_manage(db, caller=caller, organisation_id=organisation_id)
    form: Form[ChangeForm] = await Form.read(request, ChangeForm)

    async def change(typed: ChangeForm) -> Organisation:
        changes = OrganisationChange(**typed.model_dump(exclude={"version"}))
        return await service.change(
            db, caller=caller, organisation_id=organisation_id, version=typed.version, changes=changes
        )

    try:
        changed = await form.submit(db, change)
    except Stale as problem:
        form.blame(problem)
        changed = None
    if changed is None:
        return await _form_page(request, db, form, caller=caller, organisation=organisation)
    return see_other(request, f"/organisations/{organisation_id}", notice=msg("已保存"))


@pages.get("/{organisation_id}/status")
async def status_page(organisation_id: UUID, request: Request, db: Reads, caller: Manager) -> Response:
    """What suspending means, before it is done; or reactivating."""
    organisation = await service.get_to_manage(db, caller=caller, organisation_id=organisation_id)
    return render(request, "organisations/status.html", organisation=organisation)


@pages.post("/{organisation_id}/suspend")
async def suspend_submit(organisation_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Suspend after the confirmation."""
    form: Form[StatusForm] = await Form.read(request, StatusForm)
    organisation = await service.set_status(
        db, caller=caller, organisation_id=organisation_id, version=form.value.version, status="suspended"
    )
    notice = msg("已停用「{name}」", name=organisation.name)
    return see_other(request, f"/organisations/{organisation_id}", notice=notice)


@pages.post("/{organisation_id}/reactivate")
async def reactivate_submit(organisation_id: UUID, request: Request, db: Writes, caller: Manager) -> Response:
    """Reactivate after the confirmation."""
    form: Form[StatusForm] = await Form.read(request, StatusForm)
    organisation = await service.set_status(
        db, caller=caller, organisation_id=organisation_id, version=form.value.version, status="active"
    )
    notice = msg("已恢复「{name}」", name=organisation.name)
    return see_other(request, f"/organisations/{organisation_id}", notice=notice)


async def _form_page(
    request: Request,
    db: ReadSession,
    form: Form[Any],
    *,
    caller: Principal,
    organisation: Organisation | None = None,
) -> Response:
    return render(
        request,
        "organisations/form.html",
        status_code=form.status,
        form=form,
        caller=caller,
        organisation=organisation,
        places=await place_choices(db, str(caller.tenant_id), locale_of(request)),
        scopes=list(labels.SCOPES.items()),
        doubtful=bool(form.typed("uscc_override_reason") or form.errors_of("uscc_override_reason")),
        labels=labels,
    )


def _export_url(request: Request, kind: export.Format) -> str:
    query = request.url.remove_query_params(["cursor", "limit"]).query
    return f"/organisations/export.{kind}" + (f"?{query}" if query else "")


def _active_filters(wanted: OrganisationQuery, places: Mapping[str, str]) -> list[tuple[str, Any]]:
    """Each filter that is set: its parameter's name and what it asks for, in words."""
    shown: list[tuple[str, Any]] = []
    if wanted.q:
        shown.append(("q", f"“{wanted.q}”"))
    if wanted.province:
        shown.append(("province", province_name(wanted.province)))
    if wanted.kind:
        shown.append(("kind", labels.KINDS[wanted.kind]))
    if wanted.status:
        shown.append(("status", labels.STATUSES[wanted.status]))
    if wanted.adcode:
        shown.append(("adcode", places.get(wanted.adcode, wanted.adcode)))
    return shown
