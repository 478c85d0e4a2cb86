"""Every select of providers and of the identities they vouch for."""

from uuid import UUID

from sqlalchemy import BigInteger, Select, Uuid, and_, column, or_, select, text

from app.identity.federation.models import SELF, ExternalIdentity, IdentityProvider
from app.identity.models import BrowserSession
from app.organisations.public import Organisation
from app.tenancy.models import Province

LINKS = text("SELECT * FROM identity_provider_links()").columns(
    column("identity_provider_id", Uuid), column("people", BigInteger), column("admins", BigInteger)
)
"""How many people of the own province each of its providers signs in, and how many of them are admins."""


def of_province(tenant_id: str) -> Select[IdentityProvider]:
    """A province's providers in their order."""
    found = select(IdentityProvider).where(IdentityProvider.tenant_id == tenant_id)
    return found.order_by(IdentityProvider.position, IdentityProvider.id)


def enabled_by_province() -> Select[Province, IdentityProvider | None]:
    """Every province, with its enabled providers."""
    enabled = and_(IdentityProvider.tenant_id == Province.code, IdentityProvider.enabled)
    return (
        select(Province, IdentityProvider)
        .outerjoin(IdentityProvider, enabled)
        .order_by(Province.position, Province.code, IdentityProvider.position, IdentityProvider.id)
    )


def provider(provider_id: UUID) -> Select[IdentityProvider]:
    """One provider, enabled or not."""
    return select(IdentityProvider).where(IdentityProvider.id == provider_id)


def built_in(tenant_id: str) -> Select[UUID]:
    """The province's built-in provider, while it is enabled."""
    ours = (IdentityProvider.tenant_id == tenant_id, IdentityProvider.issuer == SELF)
    return select(IdentityProvider.id).where(*ours, IdentityProvider.enabled)


def enabled_held(provider_id: UUID) -> Select[UUID]:
    """A provider that is enabled, and stays so until this transaction ends."""
    enabled = select(IdentityProvider.id).where(IdentityProvider.id == provider_id, IdentityProvider.enabled)
    return enabled.with_for_update(read=True, key_share=True)


def identity(asked: IdentityProvider, subject: str) -> Select[ExternalIdentity]:
    """What a provider calls a person; the built-in one is the same in every province."""
    same = (ExternalIdentity.issuer == asked.issuer, ExternalIdentity.subject == subject)
    if asked.issuer == SELF:
        return select(ExternalIdentity).where(*same)
    return select(ExternalIdentity).where(*same, ExternalIdentity.tenant_id == asked.tenant_id)


def active_organisation(tenant_id: str, uscc: str) -> Select[UUID]:
    """The active organisation of a province with this 统一社会信用代码."""
    return select(Organisation.id).where(
        Organisation.tenant_id == tenant_id, Organisation.uscc == uscc, Organisation.status == "active"
    )


def identities_of(
    account_id: UUID | None, tenant_id: str
) -> Select[ExternalIdentity, IdentityProvider | None]:
    """A person's identities, each with its provider."""
    through = or_(
        IdentityProvider.id == ExternalIdentity.identity_provider_id,
        and_(ExternalIdentity.issuer == SELF, IdentityProvider.issuer == SELF),
    )
    return (
        select(ExternalIdentity, IdentityProvider)
        .outerjoin(IdentityProvider, and_(IdentityProvider.tenant_id == tenant_id, through))
        .where(ExternalIdentity.account_id == account_id)
        .order_by(ExternalIdentity.id)
    )


def identities_locked(account_id: UUID | None) -> Select[UUID]:
    """A person's identities, locked."""
    mine = select(ExternalIdentity.id).where(ExternalIdentity.account_id == account_id)
    return mine.order_by(ExternalIdentity.id).with_for_update()


def linkable(account_id: UUID | None, tenant_id: str) -> Select[IdentityProvider]:
    """The enabled providers of a province at which a person has no identity, the built-in one aside."""
    linked = select(ExternalIdentity.id).where(
        ExternalIdentity.account_id == account_id, ExternalIdentity.issuer == IdentityProvider.issuer
    )
    return (
        select(IdentityProvider)
        .where(
            IdentityProvider.tenant_id == tenant_id,
            IdentityProvider.enabled,
            IdentityProvider.issuer != SELF,
            ~linked.exists(),
        )
        .order_by(IdentityProvider.position, IdentityProvider.id)
    )


def provider_of_session(session_id: UUID | None) -> Select[IdentityProvider]:
    """Where the person of a browser session signed in."""
    opened = BrowserSession.identity_provider_id == IdentityProvider.id
    return select(IdentityProvider).join(BrowserSession, opened).where(BrowserSession.id == session_id)
