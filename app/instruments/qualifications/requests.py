"""Requests for qualifications: asked with evidence, withdrawn, decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, insert, select, update

from app.access.guards import Refusal, Verdict, ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.core.i18n import Message, msg
from app.core.keyset import Part, Slice, fetch
from app.instruments.qualifications import evidence, policy, queries, visibility
from app.instruments.qualifications.granting import Granted, holder_of, term_of, write
from app.instruments.qualifications.models import QualificationEvidence, QualificationRequest
from app.instruments.qualifications.news import tell
from app.instruments.qualifications.problems import NotGrantable, NotGranted, RequestClosed
from app.instruments.qualifications.schemas import MOST_AT_ONCE, ApproveIn, RequestIn, RequestQuery
from app.instruments.qualifications.service import Kind, get
from app.instruments.rules.qualified import GRANTED
from app.journal.public import record
from app.organisations import public as organisations

SUBJECT = "qualification_request"
ORGANISATION_LENGTH = 200
REFUSED: dict[str, Message] = {
    "higher_held": msg("对方已有更高级别的资格，仍在有效期内"),
    "suspended": msg("对方的该资格被暂停，请先恢复或撤销"),
}


@dataclass(frozen=True, slots=True)
class File:
    """A request with its evidence, its type, and whether the caller may decide."""

    request: QualificationRequest
    evidence: Sequence[QualificationEvidence]
    kind: Kind | None
    """None where the type is no longer shared with its requester."""
    verdict: Verdict


async def find(
    db: ReadSession, *, caller: Principal, wanted: RequestQuery, part: Part
) -> Slice[QualificationRequest]:
    """A page of requests: what waits the oldest first, all else the newest first."""
    waits = wanted.side == "received" and wanted.status == "open"
    order = queries.REQUESTS_OLDEST_FIRST if waits else queries.REQUESTS_NEWEST_FIRST
    bound_to = [SUBJECT, caller.id, wanted.filters()]
    return await fetch(db, queries.requests(caller, wanted), order, part, bound_to=bound_to)


async def waiting(db: ReadSession, *, caller: Principal, type_id: UUID) -> Sequence[QualificationRequest]:
    """The open requests for a type that the caller decides, the oldest first: as many as are granted at once."""
    wanted = RequestQuery(side="received", type_id=type_id, status="open")
    rows = queries.requests(caller, wanted).order_by(QualificationRequest.id).limit(MOST_AT_ONCE)
    return (await db.scalars(rows)).all()


async def file(db: ReadSession, *, caller: Principal, request_id: UUID) -> File:
    """A request the caller may read, with all that belongs to it.

    Raises:
        NotFound: there is none.
    """
    request = await _read(db, caller, request_id)
    files = (await db.scalars(queries.evidence(request_id))).all()
    try:
        kind: Kind | None = await get(db, caller=caller, type_id=request.type_id)
    except NotFound:
        kind = None
    return File(request, files, kind, _verdict(caller, request, kind))


def _verdict(caller: Principal, request: QualificationRequest, kind: Kind | None) -> Verdict:
    if kind is None:
        return Refusal(msg("该资格类型未向您开放"))
    return policy.may_grant(caller, request.holder_id, request.level, runs=kind.runs, trains=kind.trains)


async def ask(db: Session, *, caller: Principal, new: RequestIn) -> QualificationRequest:
    """Ask for a qualification; the name and organisations of whoever asks are disclosed to the other side.

    Raises:
        NotFound: no such type is shared with the caller.
        NotGranted: it is no longer granted.
        RequestedAlready: (by the index's name) an earlier request waits.
    """
    kind = await get(db, caller=caller, type_id=new.type_id)
    if not kind.type.active:
        raise NotGranted
    names = await organisations.names(db, caller, list(caller.organisations))
    found = kind.type
    made = insert(QualificationRequest).values(
        tenant_id=found.tenant_id,
        type_id=found.id,
        organisation_id=found.organisation_id,
        holder_tenant_id=caller.tenant_id,
        holder_id=caller.id,
        holder_name=caller.name,
        holder_organisation="、".join(sorted(names.values()))[:ORGANISATION_LENGTH],
        type_name=found.name_zh,
        type_name_en=found.name_en,
        issuer_name=kind.organisation_name,
        level=new.level,
        message=new.message,
    )
    request: QualificationRequest = (await db.scalars(made.returning(QualificationRequest))).one()
    await _note(db, "sent", request, after={"level": new.level})
    await tell(db, "asked", request.id, tenant_id=request.tenant_id)
    return request


async def withdraw(db: Session, *, caller: Principal, request_id: UUID) -> QualificationRequest:
    """Take one's own request back; its evidence is discarded.

    Raises:
        NotFound: it is not the caller's.
        RequestClosed: it was decided.
    """
    withdrawn = await _close(
        db, request_id, visibility.held_by(caller, QualificationRequest), status="withdrawn"
    )
    await evidence.discard(db, withdrawn)
    await _note(db, "withdrawn", withdrawn)
    return withdrawn


async def approve(db: Session, *, caller: Principal, request_id: UUID, terms: ApproveIn) -> Granted:
    """Grant what was asked for, on these terms; over an earlier revocation too, which the page has shown.

    Raises:
        NotFound: the caller may not read it.
        Forbidden: they may not grant this, or it is their own.
        RequestClosed: somebody decided, or it was withdrawn.
        NotGranted, Invalid: as `granting.term_of`.
        NotGrantable: the holder has a higher level, or is suspended.
    """
    request = await _read(db, caller, request_id)
    kind = await get(db, caller=caller, type_id=request.type_id)
    level = terms.level or request.level
    ensure(policy.may_grant(caller, request.holder_id, level, runs=kind.runs, trains=kind.trains))
    decided = await _close(db, request_id, status="approved", decided_by=caller.id)
    proven = bool(await db.scalar(select(exists().where(QualificationEvidence.request_id == request_id))))
    term = term_of(kind, terms, level, proven=proven)
    granted = await write(
        db, caller=caller, kind=kind, holder=holder_of(decided), term=term, over_revoked=True
    )
    if granted.outcome in REFUSED:
        raise NotGrantable(REFUSED[granted.outcome])
    await _note(db, "approved", decided, after={"level": level})
    if granted.outcome not in GRANTED:
        await tell(db, "decided", request_id, tenant_id=decided.holder_tenant_id)
    return granted


async def decline(db: Session, *, caller: Principal, request_id: UUID, reason: str) -> QualificationRequest:
    """Refuse what was asked for.

    Raises:
        NotFound, Forbidden, RequestClosed: as `approve`.
    """
    request = await _read(db, caller, request_id)
    kind = await get(db, caller=caller, type_id=request.type_id)
    # Whoever may grant nothing but less than what was asked for may still decline it.
    ensure(policy.may_grant(caller, request.holder_id, "observer", runs=kind.runs, trains=kind.trains))
    decided = await _close(db, request_id, status="declined", reason=reason, decided_by=caller.id)
    await _note(db, "declined", decided, after={"reason": reason})
    await tell(db, "decided", request_id, tenant_id=decided.holder_tenant_id)
    return decided


async def own_open(db: Session, *, caller: Principal, request_id: UUID) -> QualificationRequest:
    """The caller's own request, locked while it is open.

    Raises:
        NotFound: it is not the caller's.
        RequestClosed: it was decided.
    """
    mine = select(QualificationRequest).where(
        QualificationRequest.id == request_id, visibility.held_by(caller, QualificationRequest)
    )
    request: QualificationRequest | None = await db.scalar(mine.with_for_update())
    if request is None:
        raise NotFound
    if request.status != "open":
        raise RequestClosed
    return request


async def _read(db: ReadSession, caller: Principal, request_id: UUID) -> QualificationRequest:
    request: QualificationRequest | None = await db.scalar(queries.request(caller, request_id))
    if request is None:
        raise NotFound
    return request


async def _close(db: Session, request_id: UUID, *conditions: Any, **values: Any) -> QualificationRequest:
    """Of two who decide at once one finds it open."""
    here = (QualificationRequest.id == request_id, *conditions)
    closed: QualificationRequest | None = await db.scalar(
        update(QualificationRequest)
        .where(*here, QualificationRequest.status == "open")
        .values(**values, decided_at=func.clock_timestamp())
        .returning(QualificationRequest)
        .execution_options(populate_existing=True)
    )
    if closed is None:
        raise RequestClosed if await db.scalar(select(exists().where(*here))) else NotFound
    return closed


async def _note(db: Session, event: str, request: QualificationRequest, **facts: Any) -> None:
    subject = (SUBJECT, request.id)
    kind = f"qualification_request.{event}"
    await record(db, kind, subject=subject, tenant_id=request.tenant_id, **facts)
