"""The province's applications: system clients that admins register, and developers' applications that they review."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.i18n import msg
from app.core.keyset import Part
from app.identity.accounts import account_names
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.oauth_applications import labels, service
from app.identity.oauth_applications import review as reviewing
from app.identity.oauth_applications.own_pages import RotateForm, VersionForm, rotated, told_once
from app.identity.oauth_applications.policy import may_review
from app.identity.oauth_applications.schemas import (
    OAuthApplicationChange,
    OAuthApplicationQuery,
    ReviewIn,
    SystemApplicationIn,
)
from app.identity.provider.consent import SYSTEM_SCOPES, WORDS
from app.identity.provider.models import OAuthClient
from app.organisations.public import names
from app.web.public import Entry, Form, Pages, render, see_other

HOME = "/applications"
pages = Pages(
    prefix=HOME,
    entries=[Entry(msg("应用与接口"), HOME, Permission.APPLICATIONS_MANAGE, "manage", "server", 64)],
)
Admin = Annotated[Principal, requires(Permission.APPLICATIONS_MANAGE)]


class ReviewForm(ReviewIn, VersionForm):
    """An admin's word on the application as it was shown."""


class StatusForm(VersionForm):
    """Whether the application may be used."""

    status: Literal["active", "disabled"]


class ChangeForm(OAuthApplicationChange, VersionForm):
    """A system's form."""


@pages.get("")
async def list_page(
    request: Request, db: Reads, caller: Admin, wanted: Annotated[OAuthApplicationQuery, Query()]
) -> Response:
    """The applications of the province, the newest first, under filters."""
    found = await service.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    return render(
        request,
        "oauth_applications/list.html",
        fragment="oauth_applications/_list.html",
        applications=[(row, *labels.state(row)) for row in found.items],
        next_cursor=found.next,
        waiting=await reviewing.number_waiting(db, caller=caller),
        owners=await account_names(db, {row.owner_id for row in found.items if row.owner_id}),
        organisations=await names(
            db, caller, {row.organisation_id for row in found.items if row.organisation_id}
        ),
        wanted=wanted,
        active=_active(wanted),
        labels=labels,
    )


def _active(wanted: OAuthApplicationQuery) -> list[tuple[str, Any]]:
    shown: list[tuple[str, Any]] = []
    if wanted.q:
        shown.append(("q", f"“{wanted.q}”"))
    if wanted.kind:
        shown.append(("kind", labels.KINDS[wanted.kind]))
    if wanted.review:
        shown.append(("review", labels.REVIEWS[wanted.review]))
    if wanted.status:
        shown.append(("status", labels.STATUSES[wanted.status]))
    return shown


@pages.get("/new")
async def new_page(request: Request, db: Reads, caller: Admin) -> Response:
    """The form of a new system, for whoever showed of late who they are: nothing typed is lost to being asked."""
    await ensure_recently_authenticated(db, caller=caller)
    return await _new(request, db, caller, Form({}))


@pages.post("/new")
async def register(request: Request, db: Writes, caller: Admin) -> Response:
    """Register a system, and show its secret this once."""
    form: Form[SystemApplicationIn] = await Form.read(request, SystemApplicationIn)
    made = await form.submit(db, lambda typed: service.register_system(db, caller=caller, new=typed))
    if made is None:
        return await _new(request, db, caller, form)
    return told_once(request, caller, made.client, made.secret, back=f"{HOME}/{made.client.id}")


@pages.get("/{application_id}")
async def show(application_id: UUID, request: Request, db: Reads, caller: Admin) -> Response:
    """One application: what it is, what waits, and what an admin may do."""
    client = await service.get(db, caller=caller, application_id=application_id)
    return await _page(request, db, caller, client, Form.filled({"scopes": reviewing.wanted_scopes(client)}))


@pages.post("/{application_id}/review")
async def review(application_id: UUID, request: Request, db: Writes, caller: Admin) -> Response:
    """Approve or refuse."""
    form: Form[ReviewForm] = await Form.read(request, ReviewForm)
    done = await form.submit(
        db,
        lambda typed: reviewing.review(
            db,
            caller=caller,
            application_id=application_id,
            version=typed.version,
            decision=typed.decision,
            reason=typed.reason,
            scopes=typed.scopes or [],
        ),
    )
    if done is None:
        client = await service.get(db, caller=caller, application_id=application_id)
        return await _page(request, db, caller, client, form)
    approved = form.value.decision == "approve"
    return see_other(
        request,
        HOME,
        notice=msg("「{name}」已批准", name=done.name)
        if approved
        else msg("「{name}」未予批准，开发者看得到理由", name=done.name),
    )


@pages.get("/{application_id}/change")
async def change_page(application_id: UUID, request: Request, db: Reads, caller: Admin) -> Response:
    """The form of a system."""
    client = await service.get(db, caller=caller, application_id=application_id)
    given = {name: getattr(client, name) for name in ("name", "purpose", "homepage", "scopes")}
    form: Form[Any] = Form.filled({name: value for name, value in given.items() if value is not None})
    return _change(request, caller, client, form)


@pages.post("/{application_id}/change")
async def change(application_id: UUID, request: Request, db: Writes, caller: Admin) -> Response:
    """Change a system."""
    form: Form[ChangeForm] = await Form.read(request, ChangeForm)
    changed = await form.submit(
        db,
        lambda typed: service.change(
            db,
            caller=caller,
            application_id=application_id,
            version=typed.version,
            changes=OAuthApplicationChange(**typed.model_dump(exclude={"version"})),
        ),
    )
    if changed is None:
        client = await service.get(db, caller=caller, application_id=application_id)
        return _change(request, caller, client, form)
    return see_other(request, f"{HOME}/{application_id}", notice=msg("已保存"))


@pages.post("/{application_id}/rotate")
async def rotate(application_id: UUID, request: Request, db: Writes, caller: Admin) -> Response:
    """A new secret, shown this once."""
    form: Form[RotateForm] = await Form.read(request, RotateForm)
    client, secret = await rotated(db, caller, application_id, form.value)
    return told_once(request, caller, client, secret, back=f"{HOME}/{application_id}")


@pages.get("/{application_id}/status")
async def status_page(application_id: UUID, request: Request, db: Reads, caller: Admin) -> Response:
    """Ask whether disabling, or enabling, is meant."""
    client = await service.get(db, caller=caller, application_id=application_id)
    return render(request, "oauth_applications/status.html", caller=caller, client=client, here=HOME)


@pages.post("/{application_id}/status")
async def set_status(application_id: UUID, request: Request, db: Writes, caller: Admin) -> Response:
    """Disable it with every token it has, or enable it again."""
    form: Form[StatusForm] = await Form.read(request, StatusForm)
    typed = form.value
    await service.set_status(
        db, caller=caller, application_id=application_id, version=typed.version, status=typed.status
    )
    disabled = typed.status == "disabled"
    notice = msg("应用已停用，其令牌立即失效") if disabled else msg("应用已恢复使用")
    return see_other(request, f"{HOME}/{application_id}", notice=notice)


async def _new(request: Request, db: Reads, caller: Principal, form: Form[SystemApplicationIn]) -> Response:
    return render(
        request,
        "oauth_applications/new_system.html",
        status_code=form.status,
        caller=caller,
        form=form,
        organisations=await service.organisations(db, caller=caller),
        scopes=SYSTEM_SCOPES,
    )


def _change(request: Request, caller: Principal, client: OAuthClient, form: Form[Any]) -> Response:
    return render(
        request,
        "oauth_applications/change_system.html",
        status_code=form.status,
        caller=caller,
        client=client,
        form=form,
        scopes=SYSTEM_SCOPES,
    )


async def _page(
    request: Request, db: Reads, caller: Principal, client: OAuthClient, form: Form[Any]
) -> Response:
    owners = await account_names(db, [client.owner_id] if client.owner_id else [])
    organisations = await names(db, caller, [client.organisation_id] if client.organisation_id else [])
    asked = reviewing.wanted_scopes(client)
    return render(
        request,
        "oauth_applications/desk.html",
        status_code=form.status,
        caller=caller,
        client=client,
        state=labels.state(client),
        owner=owners.get(client.owner_id) if client.owner_id else None,
        organisation=organisations.get(client.organisation_id) if client.organisation_id else None,
        verdict=may_review(caller, client),
        asked=[(scope, WORDS[scope]) for scope in asked],
        words=WORDS,
        form=form,
        labels=labels,
        here=f"{HOME}/{client.id}",
    )
