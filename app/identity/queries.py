"""Every select of accounts, sign-in and sessions."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, bindparam, false, func, select, true

from app.access.permissions import OVERSEERS, Role
from app.access.principal import Principal
from app.core.keyset import Order
from app.identity.models import (
    Account,
    BrowserSession,
    IdentityProvider,
    LocalCredential,
    Membership,
    RoleGrant,
    Stewardship,
)
from app.identity.schemas import PeopleQuery

ACCOUNT_NAMES = select(Account.id, Account.display_name.label("name")).where(
    Account.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)


def accounts_called(tenant_id: str, text: str) -> Select[UUID]:
    """The accounts of a province with a text in their name."""
    return select(Account.id).where(
        Account.tenant_id == tenant_id, Account.display_name.icontains(text, autoescape=True)
    )


def live_sessions(
    account_id: UUID | None, idle: timedelta
) -> Select[BrowserSession, IdentityProvider | None]:
    """An account's sessions that still sign in, and where they began."""
    return (
        select(BrowserSession, IdentityProvider)
        .outerjoin(IdentityProvider, IdentityProvider.id == BrowserSession.identity_provider_id)
        .where(
            BrowserSession.account_id == account_id,
            BrowserSession.revoked_at.is_(None),
            BrowserSession.awaiting_factor.is_(False),
            BrowserSession.expires_at > func.clock_timestamp(),
            BrowserSession.last_seen_at > func.clock_timestamp() - idle,
        )
        .order_by(BrowserSession.last_seen_at.desc(), BrowserSession.id)
    )


def stewards(instrument_id: UUID) -> Select[UUID, str, bool]:
    """Accounts that are stewards of an instrument, the primary one first."""
    named = select(Account.id, Account.display_name, Stewardship.is_primary)
    of_it = named.join(Stewardship, Stewardship.account_id == Account.id)
    return of_it.where(Stewardship.instrument_id == instrument_id).order_by(
        Stewardship.is_primary.desc(), Stewardship.created_at, Account.id
    )


def members(organisation_id: UUID, role: Role | None = None) -> Select[UUID, str]:
    """Active accounts that belong to an organisation, or have that role there."""
    named = select(Account.id, Account.display_name).join(Membership, Membership.account_id == Account.id)
    if role:
        named = named.where(Membership.role == role)
    return named.where(Membership.organisation_id == organisation_id, Account.status == "active").order_by(
        Account.display_name, Account.id
    )


PEOPLE_ORDERS = {
    "name": Order((Account.display_name, Account.id)),
    "-name": Order((Account.display_name, Account.id), descending=True),
    "created": Order((Account.id,)),
    "-created": Order((Account.id,), descending=True),
}


def people(caller: Principal, wanted: PeopleQuery) -> Select[Account]:
    """The people of the caller's province, or of the organisations they manage."""
    conditions: list[ColumnElement[bool]] = []
    # What a manager filters by is theirs too: else a filter would tell where else a member belongs.
    here: list[ColumnElement[bool]] = []
    if not caller.roles & OVERSEERS:
        here.append(Membership.organisation_id.in_(caller.managed))
    if wanted.q:
        conditions.append(Account.display_name.icontains(wanted.q, autoescape=True))
    if wanted.status:
        conditions.append(Account.status == wanted.status)
    if wanted.organisation:
        here.append(Membership.organisation_id == wanted.organisation)
    if wanted.role in OVERSEERS:
        granted = (RoleGrant.account_id == Account.id, RoleGrant.role == wanted.role)
        conditions.append(select(RoleGrant.role).where(*granted).exists())
    elif wanted.role == "steward":
        conditions.append(_cared_for(caller).where(Stewardship.account_id == Account.id).exists())
    elif wanted.role:
        here.append(Membership.role == wanted.role)
    if here:
        theirs = select(Membership.role).where(Membership.account_id == Account.id, *here)
        conditions.append(theirs.exists())
    return select(Account).where(Account.tenant_id == caller.tenant_id, *conditions)


def memberships_of(caller: Principal, account_ids: Collection[UUID]) -> Select[Membership]:
    """The memberships of people, as far as the caller may list them."""
    found = select(Membership).where(Membership.account_id.in_(account_ids))
    if not caller.roles & OVERSEERS:
        found = found.where(Membership.organisation_id.in_(caller.managed))
    return found.order_by(Membership.created_at, Membership.organisation_id)


def roles_of(account_ids: Collection[UUID]) -> Select[RoleGrant]:
    """The province roles of people."""
    return select(RoleGrant).where(RoleGrant.account_id.in_(account_ids)).order_by(RoleGrant.role)


def stewardships_of(caller: Principal, account_ids: Collection[UUID]) -> Select[Stewardship]:
    """The instruments in people's care, as far as the caller may list them."""
    found = _cared_for(caller).where(Stewardship.account_id.in_(account_ids))
    return found.order_by(Stewardship.created_at, Stewardship.instrument_id)


def _cared_for(caller: Principal) -> Select[Stewardship]:
    # A manager sees stewards at each instrument; here they would see other organisations' too.
    return select(Stewardship).where(true() if caller.roles & OVERSEERS else false())


def managers_locked(organisation_id: UUID) -> Select[UUID]:
    """Who is a manager of an organisation, locked: what counts on their number happens one at a time.

    Only a statement after this one sees who of them is active: one that waited for an account's end still sees it so.
    """
    held = select(Membership.account_id).where(
        Membership.organisation_id == organisation_id, Membership.role == Role.MANAGER
    )
    return held.order_by(Membership.account_id).with_for_update()


def managers(organisation_id: UUID) -> Select[UUID]:
    """The active managers of an organisation."""
    held = select(Membership.account_id).join(Account, Account.id == Membership.account_id)
    return held.where(
        Membership.organisation_id == organisation_id,
        Membership.role == Role.MANAGER,
        Account.status == "active",
    )


def managed_by(account_id: UUID) -> Select[UUID]:
    """The organisations an account is a manager of, in the order in which they are locked."""
    theirs = select(Membership.organisation_id).where(
        Membership.account_id == account_id, Membership.role == Role.MANAGER
    )
    return theirs.order_by(Membership.organisation_id)


def account_named(tenant_id: str, login_name: str) -> Select[UUID]:
    """The active account of a province with this login name; only the sign-in role sees login names."""
    return (
        select(Account.id)
        .join(LocalCredential, LocalCredential.account_id == Account.id)
        .where(
            LocalCredential.login_name == login_name,
            Account.tenant_id == tenant_id,
            Account.status == "active",
        )
    )


def login_names(caller: Principal, account_ids: Collection[UUID]) -> Select[UUID, str]:
    """The login names of own people: for province admins of all, for managers of their members."""
    found = select(LocalCredential.account_id, LocalCredential.login_name).where(
        LocalCredential.tenant_id == caller.tenant_id, LocalCredential.account_id.in_(account_ids)
    )
    if Role.PROVINCE_ADMIN in caller.roles:
        return found
    theirs = select(Membership.role).where(
        Membership.account_id == LocalCredential.account_id, Membership.organisation_id.in_(caller.managed)
    )
    return found.where(theirs.exists())


def credential(login_name: str, address: str) -> Select[Account, str, bool]:
    """An account, its password hash, and whether it has signed in from `address`, by login name."""
    there = select(BrowserSession.id).where(
        BrowserSession.account_id == Account.id, BrowserSession.address == address
    )
    return (
        select(Account, LocalCredential.password_hash, there.exists().label("at_home"))
        .join(LocalCredential, LocalCredential.account_id == Account.id)
        .where(LocalCredential.login_name == login_name)
    )


def session_authenticated_at(session_id: UUID | None, account_id: UUID | None) -> Select[datetime]:
    """When the person of a browser session last showed who they are."""
    return select(BrowserSession.authenticated_at).where(
        BrowserSession.id == session_id, BrowserSession.account_id == account_id
    )


def member_role(organisation_id: UUID, account_id: UUID) -> Select[str]:
    """The role of an account in an organisation."""
    return select(Membership.role).where(
        Membership.organisation_id == organisation_id, Membership.account_id == account_id
    )
