"""A province's admins set its providers up. Changes lock the province's providers, so that two at once see each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import Conflict, FieldError, Invalid, NotFound, Stale, on_violation
from app.core.i18n import msg
from app.identity.appointments.news import tell
from app.identity.appointments.queries import admins
from app.identity.federation import queries
from app.identity.federation.models import SELF, IdentityProvider
from app.identity.federation.policy import ensure_in_charge
from app.identity.federation.schemas import ProviderIn
from app.identity.federation.secrets import keep_client_secret
from app.identity.federation.soundness import ensure_sound
from app.journal.public import record
from app.settings import Settings

SUBJECT = "identity_provider"


class ProviderExists(Conflict):
    """The province has this client at this issuer already."""

    code = "identity.provider_exists"
    title = msg("本省已有此发行者和客户端的身份提供方")


class ProviderInUse(Conflict):
    """Accounts are linked with it: disabled it can be, deleted it cannot."""

    code = "identity.provider_in_use"
    title = msg("已有账号关联了此身份提供方，只能停用，不能删除")


class LastWay(Conflict):
    """No admin of the province could sign in any more."""

    code = "identity.last_way_to_sign_in"
    title = msg("停用之后本省的省级管理员将无法登录；请先启用另一个管理员已关联的身份提供方")


class BuiltIn(Conflict):
    """The built-in provider is what it is; it can be disabled and moved."""

    code = "identity.provider_built_in"
    title = msg("内置的平台账号只能启用、停用和调整顺序")


on_violation("uq_identity_provider_tenant_id_issuer_client_id", ProviderExists)
on_violation("fk_external_identity_tenant_id_identity_provider_id", ProviderInUse)


@dataclass(frozen=True, slots=True)
class Links:
    """How many active accounts of the province a provider signs in, and how many of them are admins."""

    people: int
    admins: int


async def listed(db: ReadSession, *, caller: Principal) -> list[tuple[IdentityProvider, Links]]:
    """The province's providers in their order, each with whom it signs in."""
    providers = (await db.scalars(queries.of_province(str(caller.tenant_id)))).all()
    links = await _links(db)
    return [(provider, links[provider.id]) for provider in providers]


async def get(db: ReadSession, *, caller: Principal, provider_id: UUID) -> IdentityProvider:
    """A provider of the caller's province.

    Raises:
        NotFound: there is none.
    """
    provider: IdentityProvider | None = await db.scalar(queries.provider(provider_id))
    if provider is None or provider.tenant_id != caller.tenant_id:
        raise NotFound
    return provider


async def links_of(db: ReadSession, provider: IdentityProvider) -> Links:
    """Whom a provider of the caller's province signs in."""
    return (await _links(db))[provider.id]


async def live_sessions(db: ReadSession, provider: IdentityProvider) -> int:
    """How many browsers of the caller's province are signed in through a provider."""
    return int(await db.scalar(select(func.identity_live_sessions_through(provider.id))))


async def create(db: Session, settings: Settings, *, caller: Principal, new: ProviderIn) -> IdentityProvider:
    """Add a provider, disabled until it has been tried.

    Raises:
        Forbidden, ReauthenticationRequired: as `ensure_in_charge`.
        Invalid: what is said does not fit together.
        ProviderExists: the province has it already (by the constraint's name, at the statement).
    """
    await ensure_in_charge(db, caller=caller)
    ensure_sound(settings, new, has_secret=False)
    last = select(func.coalesce(func.max(IdentityProvider.position), 0) + 1).where(
        IdentityProvider.tenant_id == caller.tenant_id
    )
    values = new.columns() | {
        "client_secret": _kept(settings, new),
        "enabled": False,
        "tenant_id": caller.tenant_id,
    }
    added = (
        insert(IdentityProvider).values(**values, position=last.scalar_subquery()).returning(IdentityProvider)
    )
    provider = (await db.scalars(added)).one()
    await _note(db, caller, "created", provider.id, after=new.columns())
    return provider


async def change(
    db: Session, settings: Settings, *, caller: Principal, provider_id: UUID, version: int, said: ProviderIn
) -> IdentityProvider:
    """Say anew how a provider is reached, trusted and asked.

    Raises:
        Forbidden, ReauthenticationRequired: as `ensure_in_charge`.
        NotFound: as `get`.
        BuiltIn: it is the built-in one.
        Stale: `version` is no longer current.
        Invalid, ProviderExists: as `create`; or the issuer is another, whose subjects would be other people.
    """
    await ensure_in_charge(db, caller=caller)
    provider = await get(db, caller=caller, provider_id=provider_id)
    if provider.issuer == SELF:
        raise BuiltIn
    ensure_sound(settings, said, has_secret=provider.client_secret is not None)
    if said.issuer != provider.issuer:
        raise Invalid(
            errors=[
                FieldError("issuer", "identity.issuer_changed", msg("发行者不能更改；请新增一个身份提供方"))
            ]
        )
    after = {name: value for name, value in said.columns().items() if value != getattr(provider, name)}
    before = {name: getattr(provider, name) for name in after}
    secret: dict[str, Any] = {}
    if said.token_auth_method == "none":  # noqa: S105 - a method's name
        secret = {"client_secret": None}
    elif said.client_secret is not None:
        secret = {"client_secret": _kept(settings, said)}
        after["client_secret"] = "***"  # noqa: S105 - that it was changed, not to what
    if not after and not secret:
        if provider.version != version:
            raise Stale
        return provider
    values = {name: value for name, value in after.items() if name != "client_secret"} | secret
    changed = await _write(db, provider, version, values)
    await _note(db, caller, "changed", provider.id, before=before, after=after)
    return changed


async def set_enabled(
    db: Session, *, caller: Principal, provider_id: UUID, version: int, enabled: bool
) -> IdentityProvider:
    """Offer a provider to the province's people, or no longer: then whom it signed in is signed out, but for the caller.

    Raises:
        Forbidden, ReauthenticationRequired: as `ensure_in_charge`.
        NotFound, Stale: as `change`.
        LastWay: no admin of the province could sign in any more.
    """
    await ensure_in_charge(db, caller=caller)
    await _lock(db, caller)
    provider = await get(db, caller=caller, provider_id=provider_id)
    if provider.version != version:
        raise Stale
    if provider.enabled == enabled:
        return provider
    if not enabled:
        others = [
            links
            for other, links in await listed(db, caller=caller)
            if other.enabled and other.id != provider_id
        ]
        if not any(links.admins for links in others):
            raise LastWay
    changed = await _write(db, provider, version, {"enabled": enabled})
    if enabled:
        await _note(db, caller, "enabled", provider.id)
    else:
        ended = await db.scalar(select(func.identity_end_sessions_through(provider.id, caller.session_id)))
        await _note(db, caller, "disabled", provider.id, after={"sessions_ended": ended})
    return changed


async def reorder(db: Session, *, caller: Principal, ids: Sequence[UUID]) -> None:
    """Offer the province's providers in this order.

    Raises:
        Forbidden, ReauthenticationRequired: as `ensure_in_charge`.
        Invalid: these are not all of them, each once.
    """
    await ensure_in_charge(db, caller=caller)
    present = await _lock(db, caller)
    if sorted(ids) != sorted(present):
        reason = msg("须列出本省的全部身份提供方，每个一次")
        raise Invalid(errors=[FieldError("ids", "identity.providers_incomplete", reason)])
    if list(ids) == present:
        return
    for position, provider_id in enumerate(ids, start=1):
        await db.execute(
            update(IdentityProvider).where(IdentityProvider.id == provider_id).values(position=position)
        )
    subject = ("province", str(caller.tenant_id))
    await record(
        db, "identity_provider.ordered", subject=subject, before={"ids": present}, after={"ids": list(ids)}
    )


async def remove(db: Session, *, caller: Principal, provider_id: UUID, version: int) -> None:
    """Delete a provider that nobody is linked with.

    Raises:
        Forbidden, ReauthenticationRequired: as `ensure_in_charge`.
        NotFound, Stale, BuiltIn: as `change`.
        ProviderInUse: accounts are linked with it (by the constraint's name, at the statement).
    """
    await ensure_in_charge(db, caller=caller)
    provider = await get(db, caller=caller, provider_id=provider_id)
    if provider.issuer == SELF:
        raise BuiltIn
    gone = delete(IdentityProvider).where(
        IdentityProvider.id == provider_id, IdentityProvider.version == version
    )
    if await db.scalar(gone.returning(IdentityProvider.id)) is None:
        raise Stale
    before = {"issuer": provider.issuer, "client_id": provider.client_id}
    await _note(db, caller, "deleted", provider_id, before=before)


async def _note(
    db: Session,
    caller: Principal,
    deed: str,
    provider_id: UUID,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """In the journal, and by mail to the other admins: who sets up a provider alone could let it vouch for anybody."""
    subject = (SUBJECT, provider_id)
    await record(db, f"identity_provider.{deed}", subject=subject, before=before, after=after)
    others = set(await db.scalars(admins(caller.tenant_id))) - {caller.id}
    await tell(db, "provider_changed", others, tenant_id=caller.tenant_id)


async def _links(db: ReadSession) -> dict[UUID, Links]:
    rows = await db.execute(queries.LINKS)
    return {row.identity_provider_id: Links(row.people, row.admins) for row in rows}


async def _lock(db: Session, caller: Principal) -> list[UUID]:
    """The province's providers in their order, locked by their ids."""
    locked = select(IdentityProvider.id).where(IdentityProvider.tenant_id == caller.tenant_id)
    await db.execute(locked.order_by(IdentityProvider.id).with_for_update())
    return [provider.id for provider in await db.scalars(queries.of_province(str(caller.tenant_id)))]


async def _write(
    db: Session, provider: IdentityProvider, version: int, values: Mapping[str, Any]
) -> IdentityProvider:
    changed = (
        update(IdentityProvider)
        .where(IdentityProvider.id == provider.id, IdentityProvider.version == version)
        .values(**values, version=IdentityProvider.version + 1)
        .returning(IdentityProvider)
        .execution_options(populate_existing=True)
    )
    current: IdentityProvider | None = await db.scalar(changed)
    if current is None:
        raise Stale
    return current


def _kept(settings: Settings, said: ProviderIn) -> bytes | None:
    if said.client_secret is None or said.token_auth_method == "none":  # noqa: S105 - a method's name
        return None
    return keep_client_secret(settings, said.client_secret)
