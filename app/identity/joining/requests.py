"""Requests to join an organisation: asked, withdrawn, decided."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, insert, update

from app.access.guards import ensure
from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.identity import queries as people
from app.identity.accounts import AlreadyMember, add_membership
from app.identity.joining import queries
from app.identity.joining.models import JoinRequest
from app.identity.joining.news import tell
from app.identity.joining.policy import may_ask_to_join, takes_members
from app.identity.joining.problems import RequestClosed
from app.identity.policy import may_appoint
from app.journal.public import record
from app.organisations.public import Organisation, get

SUBJECT = "join_request"


async def mine(db: ReadSession, *, caller: Principal) -> Sequence[JoinRequest]:
    """What the caller asked for, the latest first."""
    return (await db.scalars(queries.requests_of(caller.id))).all()


async def joinable(db: ReadSession, *, caller: Principal, organisation_id: UUID) -> Organisation:
    """The organisation, where the caller can ask to join it.

    Raises:
        NotFound: no such organisation.
        Forbidden: it is another province's, or suspended.
        AlreadyMember: the caller belongs to it.
    """
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    ensure(may_ask_to_join(caller, organisation))
    assert caller.id is not None  # the guard let no visitor in
    if await db.scalar(people.member_role(organisation_id, caller.id)):
        raise AlreadyMember
    return organisation


async def ask(db: Session, *, caller: Principal, organisation_id: UUID, message: str | None) -> JoinRequest:
    """Ask to join.

    Raises:
        NotFound, Forbidden, AlreadyMember: as `joinable`.
        RequestedAlready: an earlier request waits (by the index's name, at the statement).
    """
    organisation = await joinable(db, caller=caller, organisation_id=organisation_id)
    values = {"tenant_id": organisation.tenant_id, "organisation_id": organisation_id, "message": message}
    made = insert(JoinRequest).values(**values, account_id=caller.id).returning(JoinRequest)
    request: JoinRequest = (await db.scalars(made)).one()
    await _note(db, "sent", request)
    await tell(db, "join_requested", request.id, tenant_id=request.tenant_id)
    return request


async def withdraw(db: Session, *, caller: Principal, request_id: UUID) -> JoinRequest:
    """Take one's own request back.

    Raises:
        NotFound: it is not the caller's.
        RequestClosed: it was decided.
    """
    mine_ = (JoinRequest.id == request_id, JoinRequest.account_id == caller.id)
    withdrawn: JoinRequest | None = await db.scalar(
        update(JoinRequest)
        .where(*mine_, JoinRequest.status == "open")
        .values(status="withdrawn", decided_at=func.clock_timestamp())
        .returning(JoinRequest)
    )
    if withdrawn is None:
        raise RequestClosed if await db.scalar(queries.exists(*mine_)) else NotFound
    await _note(db, "withdrawn", withdrawn)
    return withdrawn


async def waiting(db: ReadSession, *, caller: Principal, organisation_id: UUID) -> Sequence[JoinRequest]:
    """Who waits to be let in, the oldest first, for whoever appoints the organisation's members.

    Raises:
        NotFound: no such organisation.
        Forbidden: the caller does not appoint here.
    """
    ensure(may_appoint(caller, await get(db, caller=caller, organisation_id=organisation_id), Role.MEMBER))
    return (await db.scalars(queries.open_requests(organisation_id))).all()


async def waiting_one(
    db: ReadSession, *, caller: Principal, organisation_id: UUID, request_id: UUID
) -> JoinRequest:
    """One request that waits.

    Raises:
        NotFound, Forbidden: as `waiting`; there is no such request, or it was decided.
    """
    rows = await waiting(db, caller=caller, organisation_id=organisation_id)
    found = next((row for row in rows if row.id == request_id), None)
    if found is None:
        raise NotFound
    return found


async def approve(db: Session, *, caller: Principal, organisation_id: UUID, request_id: UUID) -> JoinRequest:
    """Let somebody in as a member.

    Raises:
        NotFound: no such organisation or request.
        Forbidden: the caller does not appoint here, or the organisation is suspended.
        RequestClosed: it was decided or withdrawn.
        AlreadyMember: they came in another way.
    """
    request = await _decide(db, caller, organisation_id, request_id, status="approved")
    await add_membership(
        db,
        tenant_id=request.tenant_id,
        account_id=request.account_id,
        organisation_id=organisation_id,
        new=True,
    )
    return request


async def decline(
    db: Session, *, caller: Principal, organisation_id: UUID, request_id: UUID, reason: str | None
) -> JoinRequest:
    """Keep somebody out.

    Raises:
        NotFound, Forbidden, RequestClosed: as `approve`.
    """
    return await _decide(db, caller, organisation_id, request_id, status="declined", reason=reason)


async def _decide(
    db: Session, caller: Principal, organisation_id: UUID, request_id: UUID, **values: object
) -> JoinRequest:
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    ensure(may_appoint(caller, organisation, Role.MEMBER))
    if values["status"] == "approved":
        ensure(takes_members(organisation))
    here = (JoinRequest.id == request_id, JoinRequest.organisation_id == organisation_id)
    decided: JoinRequest | None = await db.scalar(
        update(JoinRequest)
        .where(*here, JoinRequest.status == "open")
        .values(**values, decided_by=caller.id, decided_at=func.clock_timestamp())
        .returning(JoinRequest)
    )
    if decided is None:
        raise RequestClosed if await db.scalar(queries.exists(*here)) else NotFound
    await _note(db, str(values["status"]), decided)
    await tell(db, "join_request_decided", decided.id, tenant_id=decided.tenant_id)
    return decided


async def _note(db: Session, event: str, request: JoinRequest) -> None:
    facts = {"organisation_id": request.organisation_id, "account_id": request.account_id}
    await record(db, f"join_request.{event}", subject=(SUBJECT, request.id), after=facts)
