"""The identities that sign a person in: listed and unlinked by that person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, update

from app.access.principal import Principal
from app.core.db import Session
from app.core.errors import NotFound
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.federation import queries
from app.identity.federation.models import SELF, ExternalIdentity, IdentityProvider
from app.identity.federation.problems import LastIdentity
from app.identity.models import BrowserSession
from app.journal.public import record


@dataclass(frozen=True, slots=True)
class OwnIdentity:
    """A way the caller signs in, and what the provider said of them when they last did."""

    id: UUID
    provider_id: UUID | None
    name_zh: str
    name_en: str
    builtin: bool
    enabled: bool
    name: str | None
    unit: str | None
    uscc: str | None
    assurance: str | None
    verified: bool
    linked_at: datetime
    last_seen_at: datetime | None


async def own_identities(session: Session, *, caller: Principal) -> list[OwnIdentity]:
    """The caller's identities in the order they were linked. Runs in the sign-in context."""
    rows = await session.execute(queries.identities_of(caller.id, str(caller.tenant_id)))
    return [
        OwnIdentity(
            id=identity.id,
            provider_id=provider.id if provider else None,
            name_zh=provider.name_zh if provider else identity.issuer,
            name_en=provider.name_en if provider else identity.issuer,
            builtin=identity.issuer == SELF,
            enabled=provider is not None and provider.enabled,
            name=identity.name,
            unit=identity.unit,
            uscc=identity.uscc,
            assurance=identity.assurance,
            verified=identity.verified,
            linked_at=identity.created_at,
            last_seen_at=identity.last_seen_at,
        )
        for identity, provider in rows
    ]


async def linkable(session: Session, *, caller: Principal) -> list[IdentityProvider]:
    """The own province's providers at which the caller has no identity yet. Runs in the sign-in context.

    Raises:
        ReauthenticationRequired: the caller showed who they are too long ago.
    """
    await ensure_recently_authenticated(session, caller=caller)
    return list(await session.scalars(queries.linkable(caller.id, str(caller.tenant_id))))


async def own_identity(session: Session, *, caller: Principal, identity_id: UUID) -> OwnIdentity:
    """One of the caller's identities that may be unlinked: not that of the platform's own account.

    Raises:
        NotFound: the caller has no such identity.
        LastIdentity: the caller could not sign in without it.
        ReauthenticationRequired: they showed who they are too long ago.
    """
    await ensure_recently_authenticated(session, caller=caller)
    mine = await own_identities(session, caller=caller)
    found = next((one for one in mine if one.id == identity_id and not one.builtin), None)
    if found is None:
        raise NotFound
    if not any(other.enabled for other in mine if other.id != identity_id):
        raise LastIdentity
    return found


async def unlink(session: Session, *, caller: Principal, identity_id: UUID) -> None:
    """Let an identity sign the caller in no more, and end the sessions it opened but this one. Runs in the sign-in context.

    Raises:
        NotFound, LastIdentity, ReauthenticationRequired: as `own_identity`.
    """
    # Two at once must not each leave the other's as the last.
    await session.execute(queries.identities_locked(caller.id))
    found = await own_identity(session, caller=caller, identity_id=identity_id)
    gone = delete(ExternalIdentity).where(ExternalIdentity.id == identity_id).returning(ExternalIdentity.id)
    if await session.scalar(gone) is None:
        raise NotFound
    opened = update(BrowserSession).where(
        BrowserSession.account_id == caller.id,
        BrowserSession.identity_provider_id == found.provider_id,
        BrowserSession.id != caller.session_id,
        BrowserSession.revoked_at.is_(None),
    )
    await session.execute(opened.values(revoked_at=func.clock_timestamp()))
    await record(
        session,
        "identity.unlinked",
        subject=("account", str(caller.id)),
        tenant_id=caller.tenant_id,
        before={"identity_provider_id": found.provider_id},
    )
