"""A province's providers over the API, for its admins."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.db import Database
from app.core.etag import IfMatch, tag
from app.core.problems import locale_of
from app.identity.context import settings_of
from app.identity.federation import service, trial
from app.identity.federation.models import IdentityProvider
from app.identity.federation.schemas import OrderIn, ProviderIn, ProviderOut, StepOut
from app.identity.federation.service import Links

router = Router(prefix="/identity-providers", tags=["identity-providers"])
Admin = Annotated[Principal, requires(Permission.IDENTITY_PROVIDERS_MANAGE)]


@router.get("", operation_id="listIdentityProviders")
async def list_providers(db: Reads, caller: Admin) -> list[ProviderOut]:
    """The province's identity providers, in the order in which its people are offered them."""
    return [_shown(provider, links) for provider, links in await service.listed(db, caller=caller)]


@router.post("", status_code=201, operation_id="createIdentityProvider")
async def create_provider(
    new: ProviderIn, request: Request, response: Response, db: Writes, caller: Admin
) -> ProviderOut:
    """Add an identity provider; it is disabled until it has been tried and enabled."""
    provider = await service.create(db, settings_of(request), caller=caller, new=new)
    response.headers["Location"] = f"/api/v1/identity-providers/{provider.id}"
    return await _tagged(db, response, provider)


@router.put("/order", status_code=204, operation_id="orderIdentityProviders")
async def order_providers(order: OrderIn, db: Writes, caller: Admin) -> None:
    """Offer the province's identity providers in this order."""
    await service.reorder(db, caller=caller, ids=order.ids)


@router.get("/{provider_id}", operation_id="getIdentityProvider")
async def get_provider(provider_id: UUID, response: Response, db: Reads, caller: Admin) -> ProviderOut:
    """One identity provider; its ETag is what changes name in If-Match."""
    return await _tagged(db, response, await service.get(db, caller=caller, provider_id=provider_id))


@router.put("/{provider_id}", operation_id="changeIdentityProvider")
async def change_provider(
    provider_id: UUID,
    said: ProviderIn,
    version: IfMatch,
    request: Request,
    response: Response,
    db: Writes,
    caller: Admin,
) -> ProviderOut:
    """Say anew how an identity provider is reached, trusted and asked; without `client_secret` that stays."""
    provider = await service.change(
        db, settings_of(request), caller=caller, provider_id=provider_id, version=version, said=said
    )
    return await _tagged(db, response, provider)


@router.post("/{provider_id}/enable", operation_id="enableIdentityProvider")
async def enable_provider(
    provider_id: UUID, version: IfMatch, response: Response, db: Writes, caller: Admin
) -> ProviderOut:
    """Offer an identity provider to the province's people."""
    provider = await service.set_enabled(
        db, caller=caller, provider_id=provider_id, version=version, enabled=True
    )
    return await _tagged(db, response, provider)


@router.post("/{provider_id}/disable", operation_id="disableIdentityProvider")
async def disable_provider(
    provider_id: UUID, version: IfMatch, response: Response, db: Writes, caller: Admin
) -> ProviderOut:
    """Offer it no longer, and end what is signed in through it; refused where no admin could sign in any more."""
    provider = await service.set_enabled(
        db, caller=caller, provider_id=provider_id, version=version, enabled=False
    )
    return await _tagged(db, response, provider)


@router.delete("/{provider_id}", status_code=204, operation_id="deleteIdentityProvider")
async def delete_provider(provider_id: UUID, version: IfMatch, db: Writes, caller: Admin) -> None:
    """Delete an identity provider with which no account is linked."""
    await service.remove(db, caller=caller, provider_id=provider_id, version=version)


@router.post("/{provider_id}/test", operation_id="testIdentityProvider")
async def test_provider(provider_id: UUID, request: Request, caller: Admin) -> list[StepOut]:
    """Ask the provider what a sign-in asks first, and tell of each step."""
    provider = await own_provider(request, caller, provider_id)
    locale = locale_of(request)
    return [
        StepOut(
            step=step.step,
            outcome=step.outcome,
            label=step.label.text(locale),
            detail=step.detail.text(locale) if step.detail else None,
        )
        for step in await trial.steps(request.app, provider)
    ]


async def own_provider(request: Request, caller: Principal, provider_id: UUID) -> IdentityProvider:
    """A provider of the caller's province, in a transaction that is over before anybody is asked over the network.

    Raises:
        NotFound: there is none.
    """
    database: Database = request.app.state.database
    async with database.transaction(caller.context(read_only=True).info()) as session:
        return await service.get(session, caller=caller, provider_id=provider_id)


async def _tagged(db: Reads, response: Response, provider: IdentityProvider) -> ProviderOut:
    tag(response, provider.version)
    return _shown(provider, await service.links_of(db, provider))


def _shown(provider: IdentityProvider, links: Links) -> ProviderOut:
    fields = {
        name: getattr(provider, name)
        for name in ProviderOut.model_fields
        if name not in {"has_secret", "people"}
    }
    return ProviderOut.model_validate(
        fields | {"has_secret": provider.client_secret is not None, "people": links.people}
    )
