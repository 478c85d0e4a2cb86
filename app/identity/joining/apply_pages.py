"""The applicant's pages: fill in, add evidence, hand in, correct, withdraw."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response, UploadFile
from pydantic import Field

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.noting import personal
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.i18n import msg
from app.core.problems import locale_of
from app.core.schema import Input, RowVersion
from app.identity.context import settings_of
from app.identity.joining import applications, evidence, labels
from app.identity.joining.models import OrganisationApplication
from app.identity.joining.rules import EDITABLE, MOST_BYTES, MOST_FILES, Step, may
from app.identity.joining.schemas import ApplicationChange, ApplicationIn
from app.identity.joining.serving import attachment
from app.organisations.public import KINDS, place_choices, place_names
from app.web.public import Form, Pages, render, see_other

pages = Pages(prefix="/organisations/apply")
Applicant = Annotated[Principal, requires(Permission.ORGANISATIONS_JOIN)]


class ChangeForm(ApplicationIn):
    """All fields, and the version they were read at."""

    version: RowVersion


class VersionForm(Input):
    """The version something is done with."""

    version: RowVersion


class EvidenceForm(Input):
    """Files to add."""

    files: list[UploadFile] = Field(default_factory=list)


@pages.get("")
async def list_page(request: Request, db: Reads, caller: Applicant) -> Response:
    """My applications, or how to begin."""
    found = await applications.mine(db, caller=caller)
    return render(request, "joining/applications.html", applications=found, labels=labels)


@pages.get("/new")
async def new_page(request: Request, db: Reads, caller: Applicant) -> Response:
    """The empty form."""
    return await _form_page(request, db, caller, Form.filled({"contact_name": caller.name}))


@pages.post("/new")
async def new_submit(request: Request, db: Writes, caller: Applicant) -> Response:
    """Keep the draft, then ask for evidence."""
    form: Form[ApplicationIn] = await Form.read(request, ApplicationIn)
    made = await form.submit(db, lambda typed: applications.start(db, caller=caller, new=typed))
    if made is None:
        return await _form_page(request, db, caller, form)
    return see_other(request, _url(made.id), notice=msg("草稿已保存，请上传证明材料后提交"))


@pages.get("/{application_id}")
async def show_page(application_id: UUID, request: Request, db: Reads, caller: Applicant) -> Response:
    """Where it stands, what was said, its evidence."""
    return await _page(request, db, caller, application_id, Form({}))


@pages.get("/{application_id}/edit")
async def edit_page(application_id: UUID, request: Request, db: Reads, caller: Applicant) -> Response:
    """The form with what is there."""
    file = await _own(db, caller, application_id)
    values = {name: getattr(file.application, name) for name in ChangeForm.model_fields}
    return await _form_page(request, db, caller, Form.filled(values), file=file)


@pages.post("/{application_id}/edit")
async def edit_submit(application_id: UUID, request: Request, db: Writes, caller: Applicant) -> Response:
    """Keep the corrections."""
    file = await _own(db, caller, application_id)
    form: Form[ChangeForm] = await Form.read(request, ChangeForm)

    async def change(typed: ChangeForm) -> OrganisationApplication:
        changes = ApplicationChange(**typed.model_dump(exclude={"version"}))
        return await applications.change(
            db, caller=caller, application_id=application_id, version=typed.version, changes=changes
        )

    if await form.submit(db, change) is None:
        return await _form_page(request, db, caller, form, file=file)
    return see_other(request, _url(application_id), notice=msg("已保存"))


@pages.post("/{application_id}/evidence")
async def add_evidence(application_id: UUID, request: Request, db: Writes, caller: Applicant) -> Response:
    """Add files."""
    form: Form[EvidenceForm] = await Form.read(request, EvidenceForm)
    application = await applications.own_locked(db, caller=caller, application_id=application_id)

    async def add(typed: EvidenceForm) -> bool:
        sent = [(file.filename or "", file.file) for file in typed.files]
        await evidence.add(db, settings_of(request), application, sent)
        return True

    if await form.submit(db, add) is None:
        return await _page(request, db, caller, application_id, form)
    return see_other(request, _url(application_id), notice=msg("材料已上传"))


@pages.get(
    "/{application_id}/evidence/{evidence_id}", dependencies=[personal("read.evidence", "application_id")]
)
async def download(
    application_id: UUID, evidence_id: UUID, request: Request, db: Reads, caller: Applicant
) -> Response:
    """One file, for the applicant and the officers of the province."""
    await applications.get(db, caller=caller, application_id=application_id)
    return attachment(*await evidence.read(db, settings_of(request), application_id, evidence_id))


@pages.post("/{application_id}/evidence/{evidence_id}/remove")
async def remove_evidence(
    application_id: UUID, evidence_id: UUID, request: Request, db: Writes, caller: Applicant
) -> Response:
    """Take a file away."""
    application = await applications.own_locked(db, caller=caller, application_id=application_id)
    await evidence.remove(db, application, evidence_id)
    return see_other(request, _url(application_id), notice=msg("材料已移除"))


@pages.post("/{application_id}/submit")
async def submit(application_id: UUID, request: Request, db: Writes, caller: Applicant) -> Response:
    """Hand it in."""
    form: Form[VersionForm] = await Form.read(request, VersionForm)

    async def hand_in(typed: VersionForm) -> OrganisationApplication:
        return await applications.submit(
            db, caller=caller, application_id=application_id, version=typed.version
        )

    if await form.submit(db, hand_in) is None:
        return await _page(request, db, caller, application_id, form)
    return see_other(request, _url(application_id), notice=msg("申请已提交，审核结果会通知您"))


@pages.get("/{application_id}/withdraw")
async def withdraw_page(application_id: UUID, request: Request, db: Reads, caller: Applicant) -> Response:
    """What withdrawing means, before it is done."""
    file = await _own(db, caller, application_id)
    return render(
        request,
        "joining/confirm.html",
        title=msg("撤回申请"),
        text=msg("「{name}」的入驻申请将被撤回，已上传的证明材料会删除。", name=file.application.name),
        trail=[(msg("单位入驻申请"), "/organisations/apply"), (file.application.name, _url(application_id))],
        action=f"{_url(application_id)}/withdraw",
        label=msg("确认撤回"),
        back=_url(application_id),
        version=file.application.version,
    )


@pages.post("/{application_id}/withdraw")
async def withdraw(application_id: UUID, request: Request, db: Writes, caller: Applicant) -> Response:
    """Take it back after the confirmation."""
    form: Form[VersionForm] = await Form.read(request, VersionForm)
    version = form.value.version
    await applications.withdraw(db, caller=caller, application_id=application_id, version=version)
    return see_other(request, _url(application_id), notice=msg("申请已撤回"))


def _url(application_id: UUID) -> str:
    return f"/organisations/apply/{application_id}"


async def _own(db: ReadSession, caller: Principal, application_id: UUID) -> applications.File:
    """The caller's own application, not one they oversee."""
    file = await applications.get(db, caller=caller, application_id=application_id)
    if file.application.account_id != caller.id:
        raise NotFound
    return file


async def _page(
    request: Request, db: ReadSession, caller: Principal, application_id: UUID, form: Form[Any]
) -> Response:
    file = await _own(db, caller, application_id)
    application = file.application
    return render(
        request,
        "joining/application.html",
        status_code=form.status,
        file=file,
        application=application,
        form=form,
        editable=application.status in EDITABLE,
        withdrawable=may(Step.WITHDRAW, application.status),  # type: ignore[arg-type] # as the CHECK says
        places=await place_names(db, [application.adcode], locale_of(request)),
        kinds=KINDS,
        most_files=MOST_FILES,
        most_megabytes=MOST_BYTES // 2**20,
        url=_url(application_id),
        evidence_url=f"{_url(application_id)}/evidence",
        labels=labels,
    )


async def _form_page(
    request: Request,
    db: ReadSession,
    caller: Principal,
    form: Form[Any],
    *,
    file: applications.File | None = None,
) -> Response:
    return render(
        request,
        "joining/application_form.html",
        status_code=form.status,
        form=form,
        file=file,
        url=_url(file.application.id) if file else None,
        places=await place_choices(db, str(caller.tenant_id), locale_of(request)),
        kinds=KINDS,
        doubtful=bool(form.typed("uscc_override_reason") or form.errors_of("uscc_override_reason")),
        joinable=getattr(form.problem, "joinable", None),
        labels=labels,
    )
