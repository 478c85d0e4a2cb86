"""The import wizard: upload, say what the columns mean, see what would happen, apply, see the result."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.errors import Conflict
from app.core.i18n import Message, msg
from app.core.keyset import ListQuery, Part
from app.core.problems import locale_of, understood
from app.core.tabular import ENCODINGS
from app.files import public as files
from app.instruments.importing import report, sent_back, service
from app.instruments.importing.drafts import REQUIRED
from app.instruments.importing.forms import (
    FIXABLE,
    NAMES,
    ApplyForm,
    MappingForm,
    RereadForm,
    UploadForm,
    required_when_open,
    shown,
    sourced,
)
from app.instruments.importing.schemas import Cause, Reading, RowOut, RowQuery
from app.instruments.importing.service import Entry
from app.instruments.importing.views import item, out
from app.instruments.models import ImportOutcome
from app.instruments.registry import choices
from app.instruments.rules.columns import COLUMNS
from app.organisations import public as organisations
from app.tasks.public import TaskOut
from app.web.public import Entry as MenuEntry
from app.web.public import Form, Pages, render, see_other, wants_fragment

pages = Pages(
    prefix="/instruments/imports",
    entries=[
        MenuEntry(
            msg("导入仪器"),
            "/instruments/imports",
            Permission.INSTRUMENTS_IMPORT,
            place="manage",
            icon="upload",
            position=20,
        )
    ],
)
Importer = Annotated[Principal, requires(Permission.INSTRUMENTS_IMPORT)]
OUTCOMES: Mapping[ImportOutcome, Message] = {
    "new": msg("新增"),
    "changed": msg("更新"),
    "unchanged": msg("未变"),
    "faulty": msg("有错误"),
}


SEEN_BY: Mapping[str, Message] = {
    "organisation": msg("只有本单位的人看得到"),
    "province": msg("本省的人看得到，其他省份看不到"),
    "region": msg("长三角各省市登录的人看得到"),
    "public": msg("所有人看得到，不必登录"),
}


def _address(import_id: UUID) -> str:
    return f"/instruments/imports/{import_id}"


@pages.get("")
async def start_page(
    request: Request, db: Reads, caller: Importer, wanted: Annotated[ListQuery, Query()]
) -> Response:
    """A file to choose, and the imports before."""
    return await _start_page(request, db, caller, Form({}), wanted)


@pages.post("")
async def upload(request: Request, db: Writes, caller: Importer) -> Response:
    """Take the file in, then ask what its columns mean."""
    form: Form[UploadForm] = await Form.read(request, UploadForm)

    async def take(typed: UploadForm) -> UUID:
        stored = await asyncio.to_thread(files.store, request.app.state.settings, typed.file.file)
        name = typed.file.filename or ""
        return await service.upload(
            db, caller=caller, stored=stored, file_name=name, options=Reading(), ask=True
        )

    import_id = await form.submit(db, take)
    if import_id is None:
        return await _start_page(request, db, caller, form, ListQuery())
    return see_other(request, _address(import_id))


async def _start_page(
    request: Request, db: ReadSession, caller: Principal, form: Form[Any], wanted: ListQuery
) -> Response:
    before = await service.sent(db, caller=caller, part=Part.of(request, wanted))
    return render(
        request,
        "instruments/imports/start.html",
        status_code=form.status,
        form=form,
        before=[item(file) for file in before.items],
        next_cursor=before.next,
        wanted=wanted,
        columns=COLUMNS,
        required=REQUIRED,
    )


@pages.get("/{import_id}")
async def import_page(
    import_id: UUID, request: Request, db: Reads, caller: Importer, wanted: Annotated[RowQuery, Query()]
) -> Response:
    """Where the import stands: what to do next, how far it is, or what came of it."""
    entry = await service.get(db, caller=caller, import_id=import_id)
    if entry.busy:
        return _progress_page(request, entry)
    if entry.state in {"checked", "applied"}:
        return await _rows_page(request, db, caller, entry, wanted)
    return await _mapping_page(request, db, caller, entry, Form({}))


def _progress_page(request: Request, entry: Entry) -> Response:
    assert entry.task is not None  # what is busy has a task
    task = TaskOut.of(entry.task, locale_of(request))
    return render(request, "instruments/imports/progress.html", entry=entry, task=task)


@pages.get("/{import_id}/progress")
async def progress(import_id: UUID, request: Request, db: Reads, caller: Importer) -> Response:
    """How far it is, asked for by htmx; when it has ended, the browser goes on to the result."""
    entry = await service.get(db, caller=caller, import_id=import_id)
    if not entry.busy or entry.task is None:
        return see_other(request, _address(import_id))
    task = TaskOut.of(entry.task, locale_of(request))
    fragment = "instruments/imports/_progress.html"
    name = fragment if wants_fragment(request) else "instruments/imports/progress.html"
    return render(request, name, entry=entry, task=task)


@pages.get("/{import_id}/mapping")
async def mapping_page(import_id: UUID, request: Request, db: Reads, caller: Importer) -> Response:
    """The mapping again, after a check."""
    entry = await service.get(db, caller=caller, import_id=import_id)
    if entry.busy or entry.file.state == "applied":
        return see_other(request, _address(import_id))
    return await _mapping_page(request, db, caller, entry, Form({}))


@pages.post("/{import_id}/mapping")
async def mapping_submit(import_id: UUID, request: Request, db: Writes, caller: Importer) -> Response:
    """Check every row under this mapping."""
    entry = await service.get(db, caller=caller, import_id=import_id)
    form: Form[MappingForm] = await Form.read(request, MappingForm, names=NAMES)

    async def check(typed: MappingForm) -> bool:
        mapping = typed.mapping(_names(entry))
        await service.start_check(db, caller=caller, import_id=import_id, mapping=mapping)
        return True

    if await form.submit(db, check):
        return see_other(request, _address(import_id))
    return await _mapping_page(request, db, caller, entry, form)


@pages.post("/{import_id}/reading")
async def reading_submit(import_id: UUID, request: Request, db: Writes, caller: Importer) -> Response:
    """Read the file in another encoding, another sheet, or from another row."""
    entry = await service.get(db, caller=caller, import_id=import_id)
    form: Form[RereadForm] = await Form.read(request, RereadForm)

    async def reread(typed: RereadForm) -> bool:
        settings = request.app.state.settings
        options = understood(Reading, **dict(typed))
        await service.reread(db, caller=caller, import_id=import_id, settings=settings, options=options)
        return True

    if await form.submit(db, reread):
        return see_other(request, _address(import_id))
    return await _mapping_page(request, db, caller, entry, form)


@pages.post("/{import_id}/apply")
async def apply_submit(import_id: UUID, request: Request, db: Writes, caller: Importer) -> Response:
    """Write the checked file into the register."""
    form: Form[ApplyForm] = await Form.read(request, ApplyForm)
    try:
        await service.start_apply(db, caller=caller, import_id=import_id, mode=form.value.mode)
    except Conflict as problem:
        notice = problem.detail or problem.title
        return see_other(request, _address(import_id), notice=notice, tone="warning")
    return see_other(request, _address(import_id))


@pages.get("/{import_id}/errors.csv")
async def errors_file(import_id: UUID, request: Request, db: Reads, caller: Importer) -> Response:
    """The faulty rows with their reasons."""
    entry = await service.get(db, caller=caller, import_id=import_id)
    content = await report.errors_csv(db, request.app.state.settings, entry, locale_of(request))
    attachment = f'attachment; filename="errors-{import_id}.csv"'
    return Response(content, media_type="text/csv", headers={"Content-Disposition": attachment})


def _names(entry: Entry) -> list[str]:
    return [str(column["name"]) for column in entry.file.reading["columns"]]


async def _mapping_page(
    request: Request, db: ReadSession, caller: Principal, entry: Entry, form: Form[Any]
) -> Response:
    locale = locale_of(request)
    tenant_id = str(caller.tenant_id)
    typed = form.was_sent and form.has("target")
    given = _typed(form) if typed else shown(entry.file.mapping, _names(entry))
    return render(
        request,
        "instruments/imports/mapping.html",
        status_code=form.status,
        entry=entry,
        file=out(entry, locale),
        candidates=entry.file.reading.get("candidates", []),
        encodings=ENCODINGS,
        form=form,
        given=given,
        sourced=sourced(given),
        required_when_open=required_when_open(given),
        added=sent_back.added(_names(entry)),
        fields=COLUMNS,
        required=REQUIRED,
        fixable=FIXABLE,
        options={
            "organisation": await choices.organisations(db, caller),
            "adcode": await organisations.place_choices(db, tenant_id, locale),
            "class_code": await choices.classes(db, locale),
            "service_status": _words(choices.IN_USE, "service_statuses"),
            "scope": _words(None, "scopes"),
            "booking_mode": _words(None, "booking_modes"),
        },
    )


def _words(codes: tuple[str, ...] | None, name: str) -> list[tuple[str, Message]]:
    labels = choices.WORDS[name]
    return [(code, labels[code]) for code in codes or labels]


def _typed(form: Form[Any]) -> dict[str, Any]:
    """What was typed, to be shown again."""
    return {
        "targets": form.chosen("target"),
        "fixed": dict(zip(form.chosen("fixed_field"), form.chosen("fixed_value"), strict=False)),
        "id_from": form.typed("id_from") or "column",
        "id_prefix": form.typed("id_prefix"),
        "id_columns": form.chosen("id_columns"),
    }


async def _rows_page(
    request: Request, db: ReadSession, caller: Principal, entry: Entry, wanted: RowQuery
) -> Response:
    locale = locale_of(request)
    part = Part.of(request, wanted)
    found = await service.rows(db, caller=caller, import_id=entry.file.id, wanted=wanted, part=part)
    causes = await service.causes(db, caller=caller, import_id=entry.file.id)
    return render(
        request,
        "instruments/imports/rows.html",
        entry=entry,
        file=out(entry, locale),
        rows=[RowOut.of(row, locale) for row in found.items],
        causes=[Cause.of(row, locale) for row in causes],
        owner=service.owner_of(caller, entry),
        next_cursor=found.next,
        wanted=wanted,
        outcomes=OUTCOMES,
        words=choices,
        seen_by=SEEN_BY,
    )
