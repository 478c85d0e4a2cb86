"""Two people make an admin: one proposes, another decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, func, insert, text, update

from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import Conflict, Forbidden, NotFound, on_violation
from app.core.i18n import msg
from app.identity.accounts import account_names, grant_role
from app.identity.appointments import queries
from app.identity.appointments.models import OPEN_FOR, Appointment
from app.identity.appointments.news import tell
from app.identity.appointments.province_roles import account_held, admins_by_right, ensure_eligible
from app.identity.models import Delegation
from app.journal.public import record

Outcome = Literal["approved", "declined", "withdrawn"]
MOST_SHOWN = 100


class AlreadyProposed(Conflict):
    """One proposal for a person is open at a time."""

    code = "identity.already_proposed"
    title = msg("已有一份同样的提议等待决定")


class AppointmentClosed(Conflict):
    """It was decided, withdrawn, or nobody decided in time."""

    code = "identity.appointment_closed"
    title = msg("该提议已有结果或已过期")


class SecondAdminNeeded(Conflict):
    """Nobody could approve."""

    code = "identity.second_admin_needed"
    title = msg("本省目前只有一位省级管理员，没有人可以批准")


class ProposerLeft(Conflict):
    """Two admins decide; one of them is none any more."""

    code = "identity.proposer_left"
    title = msg("提议人已不是省级管理员；可以退回后重新提议")


on_violation("ex_appointment_open", AlreadyProposed)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as admins see it."""

    id: UUID
    account_id: UUID
    account_name: str
    role: str
    delegation_id: UUID | None
    reason: str
    proposed_by: UUID
    proposer_name: str
    proposed_at: datetime
    expires_at: datetime
    state: str
    """open, approved, declined, withdrawn or expired."""
    decided_by: UUID | None
    decider_name: str | None
    decided_at: datetime | None
    may_decide: bool
    may_withdraw: bool


async def listed(db: ReadSession, *, caller: Principal) -> list[Proposal]:
    """The province's latest proposals, the newest first: two statements."""
    return await _described(db, caller, queries.proposals(caller.tenant_id).limit(MOST_SHOWN))


async def get(db: ReadSession, *, caller: Principal, appointment_id: UUID) -> Proposal:
    """A proposal of the caller's province.

    Raises:
        NotFound: there is none.
    """
    wanted = queries.proposals(caller.tenant_id).where(Appointment.id == appointment_id)
    found = await _described(db, caller, wanted)
    if not found:
        raise NotFound
    return found[0]


async def _described(db: ReadSession, caller: Principal, wanted: Select[Appointment, str]) -> list[Proposal]:
    found = await db.execute(wanted)
    rows = [(row.Appointment, row.state) for row in found]
    people = {
        id_ for row, _ in rows for id_ in (row.account_id, row.proposed_by, row.decided_by) if id_ is not None
    }
    names = await account_names(db, people)
    return [
        Proposal(
            id=row.id,
            account_id=row.account_id,
            account_name=names[row.account_id],
            role=row.role,
            delegation_id=row.delegation_id,
            reason=row.reason,
            proposed_by=row.proposed_by,
            proposer_name=names[row.proposed_by],
            proposed_at=row.proposed_at,
            expires_at=row.expires_at,
            state=state,
            decided_by=row.decided_by,
            decider_name=names[row.decided_by] if row.decided_by else None,
            decided_at=row.decided_at,
            may_decide=state == "open" and caller.id not in {row.proposed_by, row.account_id},
            may_withdraw=state == "open" and caller.id == row.proposed_by,
        )
        for row, state in rows
    ]


async def propose(db: Session, *, caller: Principal, account_id: UUID, reason: str) -> UUID:
    """Propose an account of the caller's province for admin; another admin decides within 14 days.

    Raises:
        NotFound: the province has no such account.
        Forbidden: the caller is no admin in their own right, or means themselves.
        Conflict: nobody could approve, or the account is proposed, not active, or has a role already.
    """
    admins = await admins_by_right(db, caller=caller)
    account = await account_held(db, caller=caller, account_id=account_id)
    if account_id == caller.id:
        raise Forbidden(msg("不能任命自己"))
    await ensure_eligible(db, account=account, role=Role.PROVINCE_ADMIN)
    return await open_proposal(
        db, caller=caller, admins=admins, account_id=account_id, reason=reason, delegation_id=None
    )


async def open_proposal(
    db: Session,
    *,
    caller: Principal,
    admins: Sequence[UUID],
    account_id: UUID,
    reason: str,
    delegation_id: UUID | None,
) -> UUID:
    """Let another admin decide; `admins` are the locked ones.

    Raises:
        SecondAdminNeeded: there is none.
        AlreadyProposed: the same is open (when the transaction is flushed).
    """
    if not set(admins) - {caller.id, account_id}:
        raise SecondAdminNeeded(
            msg("请平台运行方在服务器上执行 commons admin appoint，为本省补足第二位省级管理员")
        )
    at = func.statement_timestamp()
    appointment_id: UUID = (
        await db.scalars(
            insert(Appointment)
            .values(
                tenant_id=caller.tenant_id,
                account_id=account_id,
                role=Role.PROVINCE_ADMIN.value,
                delegation_id=delegation_id,
                reason=reason,
                proposed_by=caller.id,
                proposed_at=at,
                expires_at=at + text(f"interval '{OPEN_FOR}'"),
            )
            .returning(Appointment.id)
        )
    ).one()
    await record(
        db,
        "appointment.proposed",
        subject=("appointment", appointment_id),
        after={"account_id": account_id, "role": Role.PROVINCE_ADMIN.value, "reason": reason},
    )
    await tell(db, "proposed", set(admins) - {caller.id, account_id}, tenant_id=caller.tenant_id)
    return appointment_id


async def decide(db: Session, *, caller: Principal, appointment_id: UUID, outcome: Outcome) -> None:
    """Approve or decline another admin's proposal, or withdraw one's own; an approval takes effect with it.

    Raises:
        NotFound: the province has no such proposal.
        Forbidden: the caller is no admin in their own right, or not the one to decide this.
        AppointmentClosed: it was decided before, or is past its time.
        Conflict: the proposer is no admin any more, or the candidate cannot have the role.
    """
    admins = await admins_by_right(db, caller=caller)
    asked: Appointment | None = await db.scalar(queries.proposal(caller.tenant_id, appointment_id))
    if asked is None:
        raise NotFound
    _ensure_theirs_to_decide(caller, asked, outcome)
    account = await account_held(db, caller=caller, account_id=asked.account_id)
    close = (
        update(Appointment)
        .where(Appointment.id == appointment_id, *queries.OPEN)
        .values(outcome=outcome, decided_by=caller.id, decided_at=func.clock_timestamp())
        .returning(Appointment.id)
        .execution_options(synchronize_session=False)
    )
    if await db.scalar(close) is None:
        raise AppointmentClosed
    await record(
        db,
        f"appointment.{outcome}",
        subject=("appointment", appointment_id),
        after={"account_id": asked.account_id, "role": asked.role},
    )
    if outcome != "withdrawn":
        await tell(db, "decided", [asked.proposed_by], tenant_id=asked.tenant_id)
    if outcome != "approved":
        if asked.delegation_id is not None:
            await _drop_loan(db, caller, asked.delegation_id)
        return
    if asked.proposed_by not in admins:
        raise ProposerLeft
    await ensure_eligible(db, account=account, role=Role.PROVINCE_ADMIN)
    if asked.delegation_id is not None:
        await _confirm_loan(db, asked.delegation_id)
        await tell(db, "lent", [asked.account_id], tenant_id=asked.tenant_id)
    else:
        about = {"appointment_id": appointment_id}
        await grant_role(
            db,
            tenant_id=asked.tenant_id,
            account_id=asked.account_id,
            role=Role(asked.role),
            about=about,
        )
        await tell(db, "appointed", [asked.account_id], tenant_id=asked.tenant_id)


def _ensure_theirs_to_decide(caller: Principal, asked: Appointment, outcome: Outcome) -> None:
    if outcome == "withdrawn":
        if caller.id != asked.proposed_by:
            raise Forbidden(msg("只有提议人可以撤回提议"))
    elif caller.id in {asked.proposed_by, asked.account_id}:
        raise Forbidden(msg("须由提议人和候选人以外的另一位省级管理员决定"))


async def _confirm_loan(db: Session, delegation_id: UUID) -> None:
    confirm = (
        update(Delegation)
        .where(Delegation.id == delegation_id, Delegation.confirmed_at.is_(None), *queries.LENT)
        .values(confirmed_at=func.clock_timestamp())
        .returning(Delegation.id)
    )
    if await db.scalar(confirm) is None:
        raise AppointmentClosed
    await record(db, "delegation.confirmed", subject=("delegation", delegation_id))


async def _drop_loan(db: Session, caller: Principal, delegation_id: UUID) -> None:
    """What the second admin did not confirm is not left waiting."""
    await db.execute(
        update(Delegation)
        .where(Delegation.id == delegation_id, Delegation.revoked_at.is_(None))
        .values(revoked_at=func.clock_timestamp(), revoked_by=caller.id)
    )


async def withdraw_for_loan(db: Session, delegation_id: UUID) -> None:
    """A loan that ended needs no second person's word any more."""
    await db.execute(
        update(Appointment)
        .where(Appointment.delegation_id == delegation_id, *queries.OPEN)
        .values(outcome="withdrawn", decided_by=Appointment.proposed_by, decided_at=func.clock_timestamp())
    )
