"""What an applicant does with an application."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, update

from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid, NotFound, Stale
from app.core.i18n import msg
from app.identity.appointments.queries import account_locked
from app.identity.joining import queries
from app.identity.joining.evidence import discard_all
from app.identity.joining.models import ApplicationEvidence, ApplicationStep, OrganisationApplication
from app.identity.joining.news import tell
from app.identity.joining.problems import RegisteredAlready, StepImpossible, TooManyApplications
from app.identity.joining.rules import EDITABLE, TRANSITIONS, Step, may
from app.identity.joining.schemas import ApplicationChange, ApplicationIn
from app.journal.public import record
from app.organisations.public import ensure_registrable, find_registered

SUBJECT = "organisation_application"
MOST_UNFINISHED = 10
"""Applications of one person that wait for something: each may hold 50 MB."""
PRIVATE = frozenset({"contact_name", "contact_phone"})
"""Personal data, which the journal does not keep."""
_EVENTS = {
    Step.SUBMIT: "organisation_application.submitted",
    Step.WITHDRAW: "organisation_application.withdrawn",
    Step.RETURN: "organisation_application.returned",
    Step.APPROVE: "organisation_application.approved",
    Step.REJECT: "organisation_application.rejected",
}


@dataclass(frozen=True, slots=True)
class File:
    """An application with all that belongs to it."""

    application: OrganisationApplication
    evidence: Sequence[ApplicationEvidence]
    history: Sequence[ApplicationStep]

    @property
    def faults(self) -> Mapping[str, str]:
        """What is to be corrected now."""
        last = self.history[-1] if self.history else None
        return last.faults if last and self.application.status == "returned" else {}


async def mine(db: ReadSession, *, caller: Principal) -> Sequence[OrganisationApplication]:
    """What the caller applied for, the latest first."""
    return (await db.scalars(queries.applications_of(caller.id))).all()


async def application_names(db: ReadSession, caller: Principal, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The names of organisations that apply, by application, by one statement."""
    return {row.id: row.name for row in await db.execute(queries.names_of(caller, ids))}


async def get(db: ReadSession, *, caller: Principal, application_id: UUID) -> File:
    """One application, for its applicant, and once submitted for the officers of the province.

    Raises:
        NotFound: there is none that the caller may see.
    """
    found = await db.scalar(queries.application(caller, application_id))
    if found is None:
        raise NotFound
    files = (await db.scalars(queries.evidence(application_id))).all()
    return File(found, files, (await db.scalars(queries.history(application_id))).all())


async def start(db: Session, *, caller: Principal, new: ApplicationIn) -> OrganisationApplication:
    """A new draft.

    Raises:
        Invalid: the code is doubtful without a reason, or the place is of another province.
        UsccTaken: the organisation is registered.
        TooManyApplications: the caller has as many unfinished ones as one may have.
    """
    await _ensure_possible(db, caller, new.model_dump())
    # Two at once must not both be the last one allowed.
    await db.execute(account_locked(caller.tenant_id, caller.id))
    if (await db.scalar(queries.unfinished_of(caller.id)) or 0) >= MOST_UNFINISHED:
        raise TooManyApplications
    values = {**new.model_dump(), "tenant_id": caller.tenant_id, "account_id": caller.id}
    made = insert(OrganisationApplication).values(**values).returning(OrganisationApplication)
    application: OrganisationApplication = (await db.scalars(made)).one()
    facts = new.model_dump(exclude=set(PRIVATE))
    await record(db, "organisation_application.drafted", subject=(SUBJECT, application.id), after=facts)
    return application


async def change(
    db: Session, *, caller: Principal, application_id: UUID, version: int, changes: ApplicationChange
) -> OrganisationApplication:
    """Correct a draft, or an application that was returned.

    Raises:
        NotFound: it is not the caller's.
        StepImpossible: it is being reviewed, or decided.
        Stale: `version` is no longer current.
        Invalid, UsccTaken: as `start`.
    """
    application = await own_locked(db, caller=caller, application_id=application_id)
    if application.status not in EDITABLE:
        raise StepImpossible
    given = changes.model_dump(exclude_unset=True)
    after = {name: value for name, value in given.items() if value != getattr(application, name)}
    current = {name: getattr(application, name) for name in ApplicationIn.model_fields} | after
    await _ensure_possible(db, caller, current)
    before = {name: getattr(application, name) for name in after}
    changed = await _write(db, application, version, after)
    await record(
        db,
        "organisation_application.changed",
        subject=(SUBJECT, application_id),
        before={name: value for name, value in before.items() if name not in PRIVATE},
        after={name: value for name, value in after.items() if name not in PRIVATE},
    )
    return changed


async def submit(
    db: Session, *, caller: Principal, application_id: UUID, version: int
) -> OrganisationApplication:
    """Hand an application in, for the first time or again.

    Raises:
        NotFound, Stale, StepImpossible: as `change`.
        Invalid: no evidence is there, or as `start`.
        ApplicationPending: another one for the same code is being reviewed (by the index's name, at the statement).
    """
    application = await own_locked(db, caller=caller, application_id=application_id)
    current = {name: getattr(application, name) for name in ApplicationIn.model_fields}
    await _ensure_possible(db, caller, current)
    if not (await db.scalars(queries.evidence(application_id))).all():
        reason = msg("请至少上传一份证明材料")
        raise Invalid(errors=[FieldError("files", "identity.evidence_missing", reason)])
    return await advance(
        db, caller, application, Step.SUBMIT, version=version, submitted_at=func.clock_timestamp()
    )


async def withdraw(
    db: Session, *, caller: Principal, application_id: UUID, version: int
) -> OrganisationApplication:
    """Take an application back; its evidence is discarded.

    Raises:
        NotFound, Stale, StepImpossible: as `change`.
    """
    application = await own_locked(db, caller=caller, application_id=application_id)
    withdrawn = await advance(db, caller, application, Step.WITHDRAW, version=version)
    await discard_all(db, application_id)
    return withdrawn


async def own_locked(db: Session, *, caller: Principal, application_id: UUID) -> OrganisationApplication:
    """The caller's own application, which nobody else changes meanwhile.

    Raises:
        NotFound: it is not the caller's.
    """
    found: OrganisationApplication | None = await db.scalar(
        queries.application(caller, application_id).with_for_update()
    )
    if found is None or found.account_id != caller.id:
        raise NotFound
    return found


async def advance(
    db: Session,
    caller: Principal,
    application: OrganisationApplication,
    step: Step,
    *,
    version: int,
    reason: str | None = None,
    faults: Mapping[str, str] | None = None,
    **values: Any,
) -> OrganisationApplication:
    """Take a step with a locked application, and note it in its history.

    Raises:
        StepImpossible: it is in another state.
        Stale: `version` is no longer current.
    """
    if not may(step, application.status):  # type: ignore[arg-type] # the CHECK holds it to the states
        raise StepImpossible
    before, (_, target) = application.status, TRANSITIONS[step]
    changed = await _write(db, application, version, {**values, "status": target})
    await db.execute(
        insert(ApplicationStep).values(
            tenant_id=application.tenant_id,
            application_id=application.id,
            account_id=caller.id,
            status=target,
            reason=reason,
            faults=dict(faults or {}),
        )
    )
    await record(
        db,
        _EVENTS[step],
        subject=(SUBJECT, application.id),
        before={"status": before},
        after={"status": target},
    )
    if step is Step.SUBMIT:
        await tell(db, "application_submitted", application.id, tenant_id=application.tenant_id)
    if step in {Step.APPROVE, Step.RETURN, Step.REJECT}:
        await tell(db, "application_decided", application.id, tenant_id=application.tenant_id)
    return changed


async def _write(
    db: Session, application: OrganisationApplication, version: int, values: Mapping[str, Any]
) -> OrganisationApplication:
    changed = await db.scalar(
        update(OrganisationApplication)
        .where(
            OrganisationApplication.id == application.id,
            OrganisationApplication.status == application.status,
            OrganisationApplication.version == version,
        )
        .values(**values, version=OrganisationApplication.version + 1, updated_at=func.clock_timestamp())
        .returning(OrganisationApplication)
        .execution_options(populate_existing=True)
    )
    if changed is None:
        raise Stale
    return changed


async def _ensure_possible(db: Session, caller: Principal, values: Mapping[str, Any]) -> None:
    await ensure_registrable(
        db,
        tenant_id=str(caller.tenant_id),
        uscc=values["uscc"],
        adcode=values["adcode"],
        override_reason=values["uscc_override_reason"],
    )
    if organisation := await find_registered(db, caller=caller, uscc=values["uscc"]):
        raise RegisteredAlready(organisation, joinable=organisation.tenant_id == caller.tenant_id)
