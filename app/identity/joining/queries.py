"""Every select of applications, invitations and requests."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, or_, select

from app.access.permissions import OVERSEERS
from app.access.principal import Principal
from app.core.keyset import Order
from app.identity.joining.models import (
    ApplicationEvidence,
    ApplicationStep,
    JoinRequest,
    OrganisationApplication,
    OrganisationInvitation,
)
from app.identity.joining.schemas import ApplicationQuery
from app.identity.models import Account, Membership, RoleGrant

Application = OrganisationApplication
Invitation = OrganisationInvitation
OLDEST_FIRST = Order((Application.submitted_at, Application.id))


def application(caller: Principal, application_id: UUID) -> Select[Application]:
    """One's own application, or for officers one that was submitted."""
    return select(Application).where(Application.id == application_id, _visible_to(caller))


def _visible_to(caller: Principal) -> ColumnElement[bool]:
    own = Application.account_id == caller.id
    if not caller.roles & OVERSEERS:
        return own
    return or_(own, and_(Application.tenant_id == caller.tenant_id, Application.submitted_at.is_not(None)))


def names_of(caller: Principal, ids: Collection[UUID]) -> Select[UUID, str]:
    """Ids and names of applications, as far as the caller may see them."""
    return select(Application.id, Application.name).where(Application.id.in_(ids), _visible_to(caller))


def applications_of(account_id: UUID | None) -> Select[Application]:
    """What a person applied for, the latest first."""
    return (
        select(Application)
        .where(Application.account_id == account_id)
        .order_by(Application.id.desc())
        .limit(100)
    )


def unfinished_of(account_id: UUID | None) -> Select[int]:
    """How many applications of a person wait for something."""
    return select(func.count()).where(
        Application.account_id == account_id, Application.status.in_(("draft", "submitted", "returned"))
    )


def submitted(caller: Principal, wanted: ApplicationQuery) -> Select[Application]:
    """The applications the officers of a province look at."""
    return select(Application).where(
        Application.tenant_id == caller.tenant_id, Application.submitted_at.is_not(None), *_conditions(wanted)
    )


def counts(caller: Principal) -> Select[*tuple[Any, ...]]:
    """How many applications there are of each state."""
    mine = (Application.tenant_id == caller.tenant_id, Application.submitted_at.is_not(None))
    return select(Application.status, func.count().label("number")).where(*mine).group_by(Application.status)


def _conditions(wanted: ApplicationQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status:
        conditions.append(Application.status == wanted.status)
    if wanted.kind:
        conditions.append(Application.kind == wanted.kind)
    if wanted.older_than_days:
        age = timedelta(days=wanted.older_than_days)
        conditions.append(Application.submitted_at < func.clock_timestamp() - age)
    return conditions


def history(application_id: UUID) -> Select[ApplicationStep]:
    """An application's steps in order."""
    return (
        select(ApplicationStep)
        .where(ApplicationStep.application_id == application_id)
        .order_by(ApplicationStep.id)
    )


def evidence(application_id: UUID) -> Select[ApplicationEvidence]:
    """An application's files in the order they came."""
    return (
        select(ApplicationEvidence)
        .where(ApplicationEvidence.application_id == application_id)
        .order_by(ApplicationEvidence.id)
    )


def one_evidence(application_id: UUID, evidence_id: UUID) -> Select[ApplicationEvidence]:
    """One file of an application."""
    return select(ApplicationEvidence).where(
        ApplicationEvidence.application_id == application_id, ApplicationEvidence.id == evidence_id
    )


def is_active(account_id: UUID) -> Select[bool]:
    """Whether an account still signs in."""
    return select(Account.status == "active").where(Account.id == account_id)


def invitations(organisation_id: UUID) -> Select[Invitation]:
    """The open invitations of an organisation, the latest first; expired ones too, which can be sent again."""
    return (
        select(Invitation)
        .where(Invitation.organisation_id == organisation_id, Invitation.status == "open")
        .order_by(Invitation.id.desc())
        .limit(200)
    )


def invitations_of(account_id: UUID | None) -> Select[Invitation]:
    """The invitations that wait for a person, by their sign-in name."""
    return (
        select(Invitation)
        .where(
            Invitation.account_id == account_id,
            Invitation.status == "open",
            Invitation.expires_at > func.clock_timestamp(),
        )
        .order_by(Invitation.id)
    )


def for_caller(caller: Principal) -> ColumnElement[bool]:
    """An invitation by e-mail is for whoever has the link; one by sign-in name for that person alone."""
    return and_(
        Invitation.tenant_id == caller.tenant_id,
        or_(Invitation.by_email, Invitation.account_id == caller.id),
    )


def invitation_by_digest(caller: Principal, digest: bytes) -> Select[Invitation]:
    """The invitation of a link, where it is for this caller."""
    return select(Invitation).where(Invitation.digest == digest, for_caller(caller))


def is_live(invitation_id: UUID) -> Select[UUID]:
    """An invitation that can still be answered."""
    return select(Invitation.id).where(
        Invitation.id == invitation_id,
        Invitation.status == "open",
        Invitation.expires_at > func.clock_timestamp(),
    )


def exists(*conditions: ColumnElement[bool]) -> Select[bool]:
    """Whether any row is so."""
    return select(select(1).where(*conditions).exists())


def open_requests(organisation_id: UUID) -> Select[JoinRequest]:
    """Who waits to be let into an organisation, the oldest first."""
    return (
        select(JoinRequest)
        .where(JoinRequest.organisation_id == organisation_id, JoinRequest.status == "open")
        .order_by(JoinRequest.id)
        .limit(200)
    )


def requests_of(account_id: UUID | None) -> Select[JoinRequest]:
    """What a person asked for, the latest first."""
    return (
        select(JoinRequest)
        .where(JoinRequest.account_id == account_id)
        .order_by(JoinRequest.id.desc())
        .limit(20)
    )


def deciders(tenant_id: str, organisation_id: UUID) -> CompoundSelect[UUID]:
    """Who decides about requests: the organisation's active managers, the province's admins where it has none."""
    active = select(Account.id).where(Account.tenant_id == tenant_id, Account.status == "active")
    managing = select(Membership.account_id).where(
        Membership.organisation_id == organisation_id, Membership.role == "manager"
    )
    admins = select(RoleGrant.account_id).where(RoleGrant.role == "province_admin")
    managers = active.where(Account.id.in_(managing))
    return managers.union_all(active.where(Account.id.in_(admins), ~managers.exists()))
