"""Granting a qualification, to one person or to a training session's list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.guards import Refusal, ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import FieldError, Invalid
from app.core.i18n import msg
from app.identity import public as identity
from app.instruments.qualifications import policy, queries
from app.instruments.qualifications.models import Qualification, QualificationRequest
from app.instruments.qualifications.news import tell
from app.instruments.qualifications.problems import NotGranted
from app.instruments.qualifications.schemas import GrantIn, Terms
from app.instruments.qualifications.service import Kind, get
from app.instruments.rules.qualified import GRANTED, Held, Outcome, last_day, renewal
from app.journal.public import record

SUBJECT = "qualification"
MET = GRANTED | {"unchanged"}
"""What meets a request."""
LONG_AGO = timedelta(days=366)
"""A training that lies further back is taken again."""
Told = Outcome | Literal["oneself", "closed", "unknown"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is to hold a qualification, as their side discloses them."""

    tenant_id: str
    id: UUID
    name: str
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """What is granted: the level, from which day to which, and on what."""

    level: str
    valid_from: date
    valid_to: date | None
    basis: str


@dataclass(frozen=True, slots=True)
class Granted:
    """What became of one person of a list."""

    holder_id: UUID
    holder_name: str
    outcome: Told
    qualification_id: UUID | None = None


def term_of(kind: Kind, given: Terms, level: str, *, proven: bool) -> Term:
    """The term that is granted; `proven`: there is evidence beside the basis.

    Raises:
        NotGranted: the type is no longer granted.
        Invalid: the days are not possible, or nothing proves the training; all at once.
    """
    if not kind.type.active:
        raise NotGranted
    day = queries.today()
    since = given.valid_from or day
    longest = last_day(since, kind.type.validity_months)
    until = given.valid_to or longest
    found = []
    if not day - LONG_AGO <= since <= day:
        reason = msg("起始日期须在今天或以前，且不早于一年前")
        found.append(FieldError("valid_from", "qualifications.valid_from", reason))
    if until is not None and (until < max(since, day) or (longest is not None and until > longest)):
        reason = msg("截止日期须在今天或以后，且不超过该类型的有效期")
        found.append(FieldError("valid_to", "qualifications.valid_to", reason))
    if kind.type.needs_evidence and not (proven or given.basis):
        reason = msg("该资格须有证明：请填写依据，或由申请人上传材料")
        found.append(FieldError("basis", "qualifications.evidence_missing", reason))
    if found:
        raise Invalid(errors=found)
    return Term(level, since, until, given.basis)


async def write(
    db: Session, *, caller: Principal, kind: Kind, holder: Holder, term: Term, over_revoked: bool = False
) -> Granted:
    """Grant a term to somebody, on top of what they hold already; what forbids it is told, not raised.

    The caller has been allowed to. Two grants at once: the row's lock decides who comes second, and sees the first.
    """
    values = _values(caller, kind, holder, term)
    made = (
        upsert(Qualification)
        .values(**values)
        .on_conflict_do_nothing(index_elements=[Qualification.type_id, Qualification.holder_id])
        .returning(Qualification.id)
    )
    qualification_id: UUID | None = await db.scalar(made)
    outcome: Outcome = "granted"
    if qualification_id is None:
        row = (await db.scalars(queries.held_by_person(kind.type.id, holder.id).with_for_update())).one()
        qualification_id = row.id
        after = Held(term.level, term.valid_from, term.valid_to, "active")  # type: ignore[arg-type] # a level, as the schema says
        outcome = renewal(_held(row), after, today=queries.today(), over_revoked=over_revoked)
        if outcome in GRANTED:
            await _renew(db, row, values, whole=outcome == "renewed")
    if outcome in GRANTED:
        facts = {"holder_id": holder.id, "level": term.level, "valid_to": term.valid_to, "basis": term.basis}
        await _record(db, f"qualification.{outcome}", kind.type.tenant_id, qualification_id, after=facts)
        await tell(db, "granted", qualification_id, tenant_id=holder.tenant_id)
    return Granted(holder.id, holder.name, outcome, qualification_id)


def _values(caller: Principal, kind: Kind, holder: Holder, term: Term) -> dict[str, Any]:
    found = kind.type
    return {
        "tenant_id": found.tenant_id,
        "type_id": found.id,
        "organisation_id": found.organisation_id,
        "holder_tenant_id": holder.tenant_id,
        "holder_id": holder.id,
        "holder_name": holder.name,
        "holder_organisation": holder.organisation,
        "type_name": found.name_zh,
        "type_name_en": found.name_en,
        "issuer_name": kind.organisation_name,
        "level": term.level,
        "valid_from": term.valid_from,
        "valid_to": term.valid_to,
        "granted_by": caller.id,
        "basis": term.basis,
    }


def _held(row: Qualification) -> Held:
    return Held(row.level, row.valid_from, row.valid_to, row.status)  # type: ignore[arg-type] # the CHECKs hold them


async def _renew(db: Session, row: Qualification, values: Mapping[str, Any], *, whole: bool) -> None:
    """The new term; `whole`: one unbroken time with the present one, which stays as it began."""
    since = min(row.valid_from, values["valid_from"]) if whole else values["valid_from"]
    await db.execute(
        update(Qualification)
        .where(Qualification.id == row.id)
        .values(
            **{**values, "valid_from": since},
            status="active",
            status_reason="",
            reminded_days=None,
            version=Qualification.version + 1,
            updated_at=func.clock_timestamp(),
        )
        .execution_options(synchronize_session=False)
    )


async def grant_all(db: Session, *, caller: Principal, type_id: UUID, order: GrantIn) -> list[Granted]:
    """Grant a training session's list; what became of each. Who cannot have it does not keep the others from it.

    People of the own province by account, anybody by their open request, which is approved with it. A suspended or
    revoked qualification is not touched.

    Raises:
        NotFound: the caller may not know of the type.
        Forbidden: they may not grant it, or not at this level.
        NotGranted, Invalid: as `term_of`; or nobody was named.
    """
    kind = await get(db, caller=caller, type_id=type_id)
    nobody = UUID(int=0)
    ensure(policy.may_grant(caller, nobody, order.level, runs=kind.runs, trains=kind.trains))
    if not (order.account_ids or order.request_ids):
        raise Invalid(errors=[FieldError("account_ids", "missing", msg("请选择授予给谁"))])
    term = term_of(kind, order, order.level, proven=False)
    told: list[Granted] = []
    holders = await _people(db, kind, order.account_ids, told)
    requests = await _open_requests(db, kind, order.request_ids, told)
    holders |= {row.holder_id: holder_of(row) for row in requests}
    met = set()
    for _, holder in sorted(holders.items()):
        verdict = policy.may_grant(caller, holder.id, order.level, runs=kind.runs, trains=kind.trains)
        if isinstance(verdict, Refusal):
            told.append(Granted(holder.id, holder.name, "oneself"))
            continue
        granted = await write(db, caller=caller, kind=kind, holder=holder, term=term)
        told.append(granted)
        if granted.outcome in MET:
            met.add(holder.id)
    await _approve(db, caller, kind, [row.id for row in requests if row.holder_id in met])
    return told


def holder_of(request: QualificationRequest) -> Holder:
    """Who asked."""
    return Holder(
        request.holder_tenant_id, request.holder_id, request.holder_name, request.holder_organisation
    )


async def _people(
    db: ReadSession, kind: Kind, ids: Sequence[UUID], told: list[Granted]
) -> dict[UUID, Holder]:
    """The own province's people by account; whom it does not have is told."""
    names = await identity.account_names(db, ids)
    members = await identity.members_of(db, kind.type.organisation_id) if ids else {}
    told += [Granted(one, "", "unknown") for one in sorted(set(ids) - names.keys())]
    tenant_id, organisation = kind.type.tenant_id, kind.organisation_name
    return {
        one: Holder(tenant_id, one, name, organisation if one in members else "")
        for one, name in names.items()
    }


async def _open_requests(
    db: Session, kind: Kind, ids: Sequence[UUID], told: list[Granted]
) -> list[QualificationRequest]:
    """The open ones of these requests, locked; what is none of them is told."""
    found = (await db.scalars(queries.requests_locked(kind.type.id, ids))).all() if ids else []
    told += [Granted(one, "", "unknown") for one in sorted(set(ids) - {row.id for row in found})]
    told += [Granted(row.holder_id, row.holder_name, "closed") for row in found if row.status != "open"]
    return [row for row in found if row.status == "open"]


async def _approve(db: Session, caller: Principal, kind: Kind, ids: Sequence[UUID]) -> None:
    await db.execute(
        update(QualificationRequest)
        .where(QualificationRequest.id.in_(ids))
        .values(status="approved", decided_by=caller.id, decided_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
    for one in ids:
        subject = ("qualification_request", one)
        await record(db, "qualification_request.approved", subject=subject, tenant_id=kind.type.tenant_id)


async def _record(db: Session, kind: str, tenant_id: str, qualification_id: UUID, **facts: Any) -> None:
    await record(db, kind, subject=(SUBJECT, qualification_id), tenant_id=tenant_id, **facts)
