"""What the officers of a province do with applications."""

from collections.abc import Mapping
from uuid import UUID

from app.access.guards import ensure
from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.core.keyset import Part, Slice, fetch, fetch_all
from app.identity.accounts import add_membership
from app.identity.joining import queries
from app.identity.joining.applications import SUBJECT, advance
from app.identity.joining.models import OrganisationApplication
from app.identity.joining.policy import may_decide
from app.identity.joining.problems import ApplicantGone, StepImpossible
from app.identity.joining.rules import Step, may
from app.identity.joining.schemas import ApplicationQuery
from app.organisations.public import OrganisationCreate, register


async def find(
    db: ReadSession, *, caller: Principal, wanted: ApplicationQuery, part: Part
) -> Slice[OrganisationApplication]:
    """A page of the province's applications, the oldest first."""
    bound_to = [SUBJECT, caller.tenant_id, wanted.filters()]
    return await fetch(db, queries.submitted(caller, wanted), queries.OLDEST_FIRST, part, bound_to=bound_to)


async def every(
    db: ReadSession, *, caller: Principal, wanted: ApplicationQuery
) -> list[OrganisationApplication]:
    """All applications that are asked for.

    Raises:
        ExportTooLarge: they are more than a file holds.
    """
    return await fetch_all(db, queries.submitted(caller, wanted), queries.OLDEST_FIRST)


async def counts(db: ReadSession, *, caller: Principal) -> dict[str, int]:
    """How many of the province's applications are in each state."""
    return {row.status: row.number for row in await db.execute(queries.counts(caller))}


async def approve(
    db: Session, *, caller: Principal, application_id: UUID, version: int
) -> OrganisationApplication:
    """Register the organisation and make the applicant its manager.

    Raises:
        NotFound: no such application in the province.
        Forbidden: the caller is no admin of the province, or the applicant.
        StepImpossible: somebody decided already.
        Stale: `version` is no longer current.
        ApplicantGone: the applicant's account is not active.
        UsccTaken: the code was registered meanwhile.
    """
    application = await _locked(db, caller, application_id, Step.APPROVE)
    if not await db.scalar(queries.is_active(application.account_id)):
        raise ApplicantGone
    new = OrganisationCreate(
        uscc=application.uscc,
        name=application.name,
        kind=application.kind,
        adcode=application.adcode,
        website=application.website,
        uscc_override_reason=application.uscc_override_reason,
    )
    organisation = await register(db, caller=caller, new=new)
    await add_membership(
        db,
        tenant_id=application.tenant_id,
        account_id=application.account_id,
        organisation_id=organisation.id,
        role=Role.MANAGER,
    )
    return await advance(
        db, caller, application, Step.APPROVE, version=version, organisation_id=organisation.id
    )


async def send_back(
    db: Session,
    *,
    caller: Principal,
    application_id: UUID,
    version: int,
    reason: str,
    faults: Mapping[str, str],
) -> OrganisationApplication:
    """Let the applicant correct it.

    Raises:
        NotFound, Forbidden, StepImpossible, Stale: as `approve`.
    """
    application = await _locked(db, caller, application_id, Step.RETURN)
    return await advance(db, caller, application, Step.RETURN, version=version, reason=reason, faults=faults)


async def reject(
    db: Session, *, caller: Principal, application_id: UUID, version: int, reason: str
) -> OrganisationApplication:
    """Turn it down for good.

    Raises:
        NotFound, Forbidden, StepImpossible, Stale: as `approve`.
    """
    application = await _locked(db, caller, application_id, Step.REJECT)
    return await advance(db, caller, application, Step.REJECT, version=version, reason=reason)


async def _locked(
    db: Session, caller: Principal, application_id: UUID, step: Step
) -> OrganisationApplication:
    found: OrganisationApplication | None = await db.scalar(
        queries.application(caller, application_id).with_for_update()
    )
    if found is None:
        raise NotFound
    ensure(may_decide(caller, found))
    if not may(step, found.status):  # type: ignore[arg-type] # the CHECK holds it to the states
        raise StepImpossible
    return found
