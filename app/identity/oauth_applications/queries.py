"""Every select of applications."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from app.access.principal import Principal
from app.core.keyset import Order
from app.identity.models import Account
from app.identity.oauth_applications.schemas import OAuthApplicationQuery
from app.identity.provider.models import OAuthClient
from app.organisations.public import Organisation

NEWEST_FIRST = Order((OAuthClient.id,), descending=True)


def application(caller: Principal, application_id: UUID) -> Select[OAuthClient]:
    """One's own application, or for an admin one of the province's; ours is nobody's."""
    return select(OAuthClient).where(
        OAuthClient.id == application_id, OAuthClient.first_party.is_(False), _visible_to(caller)
    )


def _visible_to(caller: Principal) -> ColumnElement[bool]:
    own = OAuthClient.owner_id == caller.id
    if caller.tenant_id is not None and caller.administers(caller.tenant_id):
        return or_(own, OAuthClient.tenant_id == caller.tenant_id)
    return own


def of_province(caller: Principal, wanted: OAuthApplicationQuery) -> Select[OAuthClient]:
    """The applications registered in a province."""
    found = select(OAuthClient).where(
        OAuthClient.tenant_id == caller.tenant_id, OAuthClient.first_party.is_(False)
    )
    if wanted.q:
        found = found.where(OAuthClient.name.icontains(wanted.q, autoescape=True))
    if wanted.kind:
        found = found.where(OAuthClient.kind == wanted.kind)
    if wanted.status:
        found = found.where(OAuthClient.status == wanted.status)
    if wanted.review == "pending":
        found = found.where(or_(OAuthClient.review == "pending", OAuthClient.proposed.is_not(None)))
    elif wanted.review:
        found = found.where(OAuthClient.review == wanted.review)
    return found


def waiting(caller: Principal) -> Select[int]:
    """How many applications and changes of a province wait for an admin."""
    return select(func.count()).where(
        OAuthClient.tenant_id == caller.tenant_id,
        or_(OAuthClient.review == "pending", OAuthClient.proposed.is_not(None)),
        OAuthClient.status == "active",
    )


def owned_by(account_id: UUID | None) -> Select[OAuthClient]:
    """What a person registered, the newest first."""
    return select(OAuthClient).where(OAuthClient.owner_id == account_id).order_by(OAuthClient.id.desc())


def number_owned_by(account_id: UUID | None) -> Select[int]:
    """How many applications a person has that are not closed."""
    return select(func.count()).where(OAuthClient.owner_id == account_id, OAuthClient.status == "active")


def locked_account(account_id: UUID | None) -> Select[UUID]:
    """The person's row, so that their registrations take turns."""
    return select(Account.id).where(Account.id == account_id).with_for_update()


def active_organisations(caller: Principal) -> Select[UUID, str]:
    """The organisations of a province that a system may act for."""
    return (
        select(Organisation.id, Organisation.name)
        .where(Organisation.tenant_id == caller.tenant_id, Organisation.status == "active")
        .order_by(Organisation.name_key, Organisation.id)
    )
