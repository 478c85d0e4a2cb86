"""Qualifications as they are held: read, suspended, reinstated and revoked."""

from uuid import UUID

from sqlalchemy import func, update

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import NotFound, Stale
from app.core.keyset import Part, Slice, fetch, fetch_all
from app.instruments.qualifications import policy, queries
from app.instruments.qualifications.models import Qualification
from app.instruments.qualifications.news import tell
from app.instruments.qualifications.problems import StepImpossible
from app.instruments.qualifications.schemas import QualificationQuery
from app.instruments.rules.qualified import TRANSITIONS, Step
from app.journal.public import record

SUBJECT = "qualification"
_EVENTS: dict[Step, str] = {
    "suspend": "qualification.suspended",
    "reinstate": "qualification.reinstated",
    "revoke": "qualification.revoked",
}


async def find(
    db: ReadSession, *, caller: Principal, wanted: QualificationQuery, part: Part
) -> Slice[Qualification]:
    """A page of qualifications, the newest first."""
    bound_to = [SUBJECT, caller.id, wanted.filters()]
    return await fetch(
        db, queries.qualifications(caller, wanted), queries.NEWEST_FIRST, part, bound_to=bound_to
    )


async def every(db: ReadSession, *, caller: Principal, wanted: QualificationQuery) -> list[Qualification]:
    """All that are asked for.

    Raises:
        ExportTooLarge: they are more than a file holds.
    """
    return await fetch_all(db, queries.qualifications(caller, wanted), queries.NEWEST_FIRST)


async def one(db: ReadSession, *, caller: Principal, qualification_id: UUID) -> tuple[Qualification, bool]:
    """A qualification the caller may read, and whether they run its type.

    Raises:
        NotFound: there is none.
    """
    row = (await db.execute(queries.qualification(caller, qualification_id))).one_or_none()
    if row is None:
        raise NotFound
    return row.Qualification, row.runs


async def step(
    db: Session, *, caller: Principal, qualification_id: UUID, version: int, step: Step, reason: str
) -> Qualification:
    """Suspend, reinstate or revoke; bookings that were made stay, and cannot be begun: `standing.bookings_affected`.

    Raises:
        NotFound: the caller may not read it.
        Forbidden: they do not run its type, or it is their own.
        StepImpossible: it is in another state.
        Stale: `version` is no longer current.
    """
    row, runs = await one(db, caller=caller, qualification_id=qualification_id)
    ensure(policy.may_take(caller, row.holder_id, runs=runs))
    from_, to = TRANSITIONS[step]
    if row.status not in from_:
        raise StepImpossible
    changed: Qualification | None = await db.scalar(
        update(Qualification)
        .where(
            Qualification.id == qualification_id,
            Qualification.version == version,
            Qualification.status == row.status,
        )
        .values(
            status=to,
            status_reason="" if to == "active" else reason,
            version=Qualification.version + 1,
            updated_at=func.clock_timestamp(),
        )
        .returning(Qualification)
        .execution_options(populate_existing=True)
    )
    if changed is None:
        raise Stale
    facts = {"holder_id": row.holder_id, "reason": reason}
    subject = (SUBJECT, qualification_id)
    await record(db, _EVENTS[step], subject=subject, tenant_id=changed.tenant_id, after=facts)
    await tell(db, step, qualification_id, tenant_id=changed.holder_tenant_id)
    return changed
