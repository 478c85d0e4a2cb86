"""Every select of providers and of the identities they vouch for."""

from uuid import UUID

from sqlalchemy import Select, and_, select

from app.identity.federation.models import SELF, ExternalIdentity, IdentityProvider
from app.organisations.public import Organisation
from app.tenancy.models import Province


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
