"""A province's identity providers: list, order, add, change, enable, disable, delete."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel

from app.access.entry import Reads, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.errors import Stale
from app.core.i18n import msg
from app.core.schema import RowVersion
from app.identity import labels
from app.identity.context import settings_of
from app.identity.federation import service
from app.identity.federation.models import SELF, IdentityProvider
from app.identity.federation.policy import ensure_in_charge
from app.identity.federation.relying_party import CALLBACK
from app.identity.federation.schemas import ProviderIn
from app.identity.pages.sign_out import DONE
from app.web.public import Entry, Form, Pages, render, see_other

ADDRESS = "/identity-providers"
LISTS = ("scopes", "two_factor_acrs", "verified_assurances")
pages = Pages(
    prefix=ADDRESS,
    entries=[
        Entry(msg("身份提供方"), ADDRESS, Permission.IDENTITY_PROVIDERS_MANAGE, "manage", "key-round", 62)
    ],
)
Admin = Annotated[Principal, requires(Permission.IDENTITY_PROVIDERS_MANAGE)]
Deed = Literal["enable", "disable", "delete"]


class ChangeForm(ProviderIn):
    """All there is to say of a provider, and the version it was read at."""

    version: RowVersion


class VersionForm(BaseModel):
    """The version that is meant."""

    version: RowVersion


class MoveForm(BaseModel):
    """Where to."""

    direction: Literal["up", "down"]


@pages.get("")
async def list_page(request: Request, db: Reads, caller: Admin) -> Response:
    """Where the province's people sign in, in the order they are offered it."""
    found = await service.listed(db, caller=caller)
    return render(request, "identity/providers.html", caller=caller, providers=found, builtin=SELF)


@pages.get("/new")
async def new_page(request: Request, db: Reads, caller: Admin) -> Response:
    """The empty form, for whoever showed of late who they are: nothing typed is lost to being asked."""
    await ensure_in_charge(db, caller=caller)
    filled = {
        "scopes": "openid profile",
        "token_auth_method": "client_secret_basic",
        "clock_skew_seconds": "60",
    }
    form: Form[ProviderIn] = Form.filled(filled | {"first_sign_in": "refuse"})
    return _form_page(request, form)


@pages.post("/new")
async def new_submit(request: Request, db: Writes, caller: Admin) -> Response:
    """Add it, then let it be tried."""
    form: Form[ProviderIn] = await Form.read(request, ProviderIn)
    settings = settings_of(request)
    provider = await form.submit(db, lambda typed: service.create(db, settings, caller=caller, new=typed))
    if provider is None:
        return _form_page(request, form)
    return see_other(request, f"{ADDRESS}/{provider.id}/test", notice=msg("已新增，请先测试，再启用"))


@pages.get("/{provider_id}")
async def edit_page(provider_id: UUID, request: Request, db: Reads, caller: Admin) -> Response:
    """The form with what is there, and what the provider's operator must know of us."""
    provider = await service.get(db, caller=caller, provider_id=provider_id)
    if provider.issuer == SELF:
        return see_other(request, ADDRESS)
    await ensure_in_charge(db, caller=caller)
    values: dict[str, Any] = {
        name: getattr(provider, name) for name in ChangeForm.model_fields if name != "client_secret"
    }
    values |= {name: " ".join(values[name]) for name in LISTS}
    return _form_page(request, Form.filled(values), provider)


@pages.post("/{provider_id}")
async def edit_submit(provider_id: UUID, request: Request, db: Writes, caller: Admin) -> Response:
    """Change it."""
    provider = await service.get(db, caller=caller, provider_id=provider_id)
    form: Form[ChangeForm] = await Form.read(request, ChangeForm)

    async def change(typed: ChangeForm) -> IdentityProvider:
        said = ProviderIn(**typed.model_dump(exclude={"version"}))
        return await service.change(
            db, settings_of(request), caller=caller, provider_id=provider_id, version=typed.version, said=said
        )

    try:
        changed = await form.submit(db, change)
    except Stale as problem:
        form.blame(problem)
        changed = None
    if changed is None:
        return _form_page(request, form, provider)
    return see_other(request, f"{ADDRESS}/{provider_id}/test", notice=msg("已保存，建议再测试一次"))


@pages.get("/{provider_id}/{deed}")
async def confirm_page(provider_id: UUID, deed: Deed, request: Request, db: Reads, caller: Admin) -> Response:
    """What enabling, disabling or deleting means, before it is done."""
    provider = await service.get(db, caller=caller, provider_id=provider_id)
    await ensure_in_charge(db, caller=caller)
    return render(
        request,
        "identity/provider_confirm.html",
        caller=caller,
        provider=provider,
        deed=deed,
        links=await service.links_of(db, provider),
        sessions=await service.live_sessions(db, provider),
    )


@pages.post("/{provider_id}/enable")
async def enable(provider_id: UUID, request: Request, db: Writes, caller: Admin) -> Response:
    """Enable after the confirmation."""
    version = (await Form.read(request, VersionForm)).value.version
    await service.set_enabled(db, caller=caller, provider_id=provider_id, version=version, enabled=True)
    return see_other(request, ADDRESS, notice=msg("已启用"))


@pages.post("/{provider_id}/disable")
async def disable(provider_id: UUID, request: Request, db: Writes, caller: Admin) -> Response:
    """Disable after the confirmation."""
    version = (await Form.read(request, VersionForm)).value.version
    await service.set_enabled(db, caller=caller, provider_id=provider_id, version=version, enabled=False)
    return see_other(request, ADDRESS, notice=msg("已停用"))


@pages.post("/{provider_id}/delete")
async def delete(provider_id: UUID, request: Request, db: Writes, caller: Admin) -> Response:
    """Delete after the confirmation."""
    version = (await Form.read(request, VersionForm)).value.version
    await service.remove(db, caller=caller, provider_id=provider_id, version=version)
    return see_other(request, ADDRESS, notice=msg("已删除"))


@pages.post("/{provider_id}/move")
async def move(provider_id: UUID, request: Request, db: Writes, caller: Admin) -> Response:
    """Offer it one place earlier or later."""
    direction = (await Form.read(request, MoveForm)).value.direction
    await service.get(db, caller=caller, provider_id=provider_id)
    ids = [provider.id for provider, _ in await service.listed(db, caller=caller)]
    here = ids.index(provider_id)
    there = max(0, min(len(ids) - 1, here + (1 if direction == "down" else -1)))
    ids.insert(there, ids.pop(here))
    await service.reorder(db, caller=caller, ids=ids)
    return see_other(request, ADDRESS, notice=msg("顺序已更改"))


def _form_page(request: Request, form: Form[Any], provider: IdentityProvider | None = None) -> Response:
    base = settings_of(request).base_url
    ours = {
        "callback": base + CALLBACK,
        "signed_out": base + DONE,
        "logout": f"{base}/sign-in/{provider.tenant_id}/{provider.id}/logout" if provider else None,
    }
    return render(
        request,
        "identity/provider_form.html",
        status_code=form.status,
        form=form,
        provider=provider,
        ours=ours,
        labels=labels,
    )
