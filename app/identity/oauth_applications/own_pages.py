"""A developer's own applications, and how to build one."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import Session
from app.core.i18n import msg
from app.core.schema import Input, RowVersion
from app.identity.context import settings_of
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.oauth_applications import labels, service
from app.identity.oauth_applications.schemas import OAuthApplicationChange, OAuthApplicationIn, RotateIn
from app.identity.provider.consent import WORDS
from app.identity.provider.models import OAuthClient
from app.identity.provider.tokens import audience
from app.web.public import Entry, Form, Pages, render, see_other

pages = Pages(
    prefix="/developer",
    entries=[
        Entry(
            msg("我开发的应用"),
            "/developer/applications",
            Permission.APPLICATIONS_OWN,
            "account",
            "settings",
            95,
        )
    ],
)
HOME = "/developer/applications"
Developer = Annotated[Principal, requires(Permission.APPLICATIONS_OWN)]
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]


class VersionForm(Input):
    """A deed on the application as it was shown."""

    version: RowVersion


class ChangeForm(OAuthApplicationChange, VersionForm):
    """The application's form."""


class RotateForm(RotateIn, VersionForm):
    """A new secret is wanted."""


@pages.get("")
async def guide(request: Request, caller: Visitor) -> Response:
    """How to sign people in and call the API, with this deployment's addresses."""
    settings = settings_of(request)
    return render(
        request,
        "oauth_applications/guide.html",
        caller=caller,
        base=settings.base_url,
        api=audience(settings),
        scopes=WORDS,
    )


@pages.get("/applications")
async def list_page(request: Request, db: Reads, caller: Developer) -> Response:
    """The applications I registered."""
    found = await service.own(db, caller=caller)
    return render(
        request,
        "oauth_applications/own.html",
        caller=caller,
        applications=[(row, *labels.state(row)) for row in found],
        labels=labels,
        most=service.MOST_OWN,
    )


@pages.get("/applications/new")
async def new_page(request: Request, db: Reads, caller: Developer) -> Response:
    """The form of a new application, for whoever showed of late who they are: nothing typed is lost to being asked."""
    await ensure_recently_authenticated(db, caller=caller)
    return _new(request, caller, Form({}))


@pages.post("/applications/new")
async def register(request: Request, db: Writes, caller: Developer) -> Response:
    """Register it, and show its secret this once."""
    form: Form[OAuthApplicationIn] = await Form.read(request, OAuthApplicationIn)
    made = await form.submit(db, lambda typed: service.register_own(db, caller=caller, new=typed))
    if made is None:
        return _new(request, caller, form)
    return told_once(request, caller, made.client, made.secret, back=f"{HOME}/{made.client.id}")


@pages.get("/applications/{application_id}")
async def show(application_id: UUID, request: Request, db: Reads, caller: Developer) -> Response:
    """One application: how it stands, its form, its secret's renewal, its end."""
    client = await service.get(db, caller=caller, application_id=application_id)
    return _page(request, caller, client, _filled(client))


@pages.post("/applications/{application_id}")
async def change(application_id: UUID, request: Request, db: Writes, caller: Developer) -> Response:
    """Change it; what was approved waits for an admin again."""
    form: Form[ChangeForm] = await Form.read(request, ChangeForm)
    changed = await form.submit(db, lambda typed: _change(db, caller, application_id, typed))
    if changed is None:
        client = await service.get(db, caller=caller, application_id=application_id)
        return _page(request, caller, client, form)
    notice = msg("已提交审核，批准前仍按原来的内容运行") if changed.proposed else msg("已保存")
    return see_other(request, f"{HOME}/{application_id}", notice=notice)


async def _change(db: Writes, caller: Principal, application_id: UUID, typed: ChangeForm) -> OAuthClient:
    changes = OAuthApplicationChange(**typed.model_dump(exclude={"version"}))
    return await service.change(
        db, caller=caller, application_id=application_id, version=typed.version, changes=changes
    )


@pages.post("/applications/{application_id}/rotate")
async def rotate(application_id: UUID, request: Request, db: Writes, caller: Developer) -> Response:
    """A new secret, shown this once."""
    form: Form[RotateForm] = await Form.read(request, RotateForm)
    client, secret = await rotated(db, caller, application_id, form.value)
    return told_once(request, caller, client, secret, back=f"{HOME}/{application_id}")


@pages.get("/applications/{application_id}/close")
async def close_page(application_id: UUID, request: Request, db: Reads, caller: Developer) -> Response:
    """Ask whether it is meant."""
    client = await service.get(db, caller=caller, application_id=application_id)
    return render(
        request, "oauth_applications/close.html", caller=caller, client=client, here=f"{HOME}/{client.id}"
    )


@pages.post("/applications/{application_id}/close")
async def close(application_id: UUID, request: Request, db: Writes, caller: Developer) -> Response:
    """End it, with every token it has."""
    form: Form[VersionForm] = await Form.read(request, VersionForm)
    typed = form.value
    await service.set_status(
        db, caller=caller, application_id=application_id, version=typed.version, status="disabled"
    )
    return see_other(request, HOME, notice=msg("应用已停用，其令牌立即失效"))


async def rotated(
    db: Session, caller: Principal, application_id: UUID, typed: RotateForm
) -> tuple[OAuthClient, str]:
    """The application with its new secret."""
    secret = await service.rotate(
        db, caller=caller, application_id=application_id, version=typed.version, keep_old=typed.keep_old
    )
    return await service.get(db, caller=caller, application_id=application_id), secret


def told_once(
    request: Request, caller: Principal, client: OAuthClient, secret: str | None, *, back: str
) -> Response:
    """The page that shows a secret, which nothing shows again."""
    return render(
        request, "oauth_applications/secret.html", caller=caller, client=client, secret=secret, back=back
    )


def _new(request: Request, caller: Principal, form: Form[OAuthApplicationIn]) -> Response:
    return render(
        request,
        "oauth_applications/new.html",
        status_code=form.status,
        caller=caller,
        form=form,
        kinds=labels.KINDS_EXPLAINED,
        scopes=list(WORDS.items()),
    )


def _filled(client: OAuthClient) -> Form[Any]:
    """The form with what the developer last asked for."""
    wanted = {name: getattr(client, name) for name in OAuthApplicationChange.model_fields} | (
        client.proposed or {}
    )
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        wanted[name] = "\n".join(wanted[name])
    return Form.filled({name: value for name, value in wanted.items() if value is not None})


def _page(request: Request, caller: Principal, client: OAuthClient, form: Form[Any]) -> Response:
    return render(
        request,
        "oauth_applications/application.html",
        status_code=form.status,
        caller=caller,
        client=client,
        state=labels.state(client),
        form=form,
        labels=labels,
        scopes=list(WORDS.items()),
        here=f"{HOME}/{client.id}",
    )
