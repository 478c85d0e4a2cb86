"""Lending a role to a deputy until a day, and ending that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, update

from app.access.permissions import OVERSEERS, Role
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, on_violation
from app.core.i18n import msg
from app.identity.accounts import account_names
from app.identity.appointments import queries
from app.identity.appointments.news import tell
from app.identity.appointments.proposals import open_proposal, withdraw_for_loan
from app.identity.appointments.province_roles import OneRoleEach, admins_by_right
from app.identity.factors.recency import ensure_recently_authenticated
from app.identity.models import Account, Delegation
from app.journal.public import record
from app.organisations.public import names as organisation_names

MOST_SHOWN = 100


class AlreadyLent(Conflict):
    """The same role to the same person over the same days."""

    code = "identity.already_lent"
    title = msg("这段时间里已委托对方代理该角色")


def _term(reason_code: str) -> Invalid:
    reason = msg("代理须从现在或以后开始，在开始之后结束，最长 366 天")
    return Invalid(errors=[FieldError("ends_at", reason_code, reason)])


def _of_another_kind() -> Invalid:
    reason = msg("单位管理员须指明单位，机组管理员须指明仪器，其他角色两者都不填")
    return Invalid(errors=[FieldError("role", "identity.office_malformed", reason)])


on_violation("ex_delegation_once", AlreadyLent)
on_violation("ck_delegation_role", _of_another_kind)
on_violation("ck_delegation_term", lambda: _term("identity.delegation_term"))
on_violation("ck_delegation_start", lambda: _term("identity.delegation_start"))


@dataclass(frozen=True, slots=True)
class Office:
    """A role somebody has in their own right: which, and of what."""

    role: Role
    organisation_id: UUID | None = None
    instrument_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Loan:
    """A delegation as the people in it see it."""

    id: UUID
    account_id: UUID
    account_name: str
    deputy_id: UUID
    deputy_name: str
    office: Office
    organisation_name: str | None
    reason: str
    starts_at: datetime
    ends_at: datetime
    state: str
    """waiting for a second admin, coming, live or ended."""


async def offices(db: ReadSession, *, caller: Principal) -> list[Office]:
    """What the caller may lend: three statements."""
    roles, organisations, instruments = queries.holdings(caller.id)
    return [
        *(Office(Role(role)) for role in await db.scalars(roles)),
        *(Office(Role.MANAGER, organisation_id=id_) for id_ in await db.scalars(organisations)),
        *(Office(Role.STEWARD, instrument_id=id_) for id_ in await db.scalars(instruments)),
    ]


async def loans_of(db: ReadSession, *, caller: Principal, account_id: UUID | None) -> list[Loan]:
    """What an account of the caller's province lent and was lent, the newest first: three statements."""
    found = await db.execute(queries.delegations_of(account_id).limit(MOST_SHOWN))
    return await _told(db, caller, [(row.Delegation, row.state) for row in found])


async def _told(db: ReadSession, caller: Principal, rows: Sequence[tuple[Delegation, str]]) -> list[Loan]:
    people = await account_names(db, {id_ for row, _ in rows for id_ in (row.account_id, row.deputy_id)})
    wanted = {row.organisation_id for row, _ in rows if row.organisation_id is not None}
    organisations = await organisation_names(db, caller, wanted)
    return [
        Loan(
            id=row.id,
            account_id=row.account_id,
            account_name=people[row.account_id],
            deputy_id=row.deputy_id,
            deputy_name=people[row.deputy_id],
            office=Office(Role(row.role), row.organisation_id, row.instrument_id),
            organisation_name=organisations.get(row.organisation_id) if row.organisation_id else None,
            reason=row.reason,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            state=state,
        )
        for row, state in rows
    ]


async def lend(
    db: Session,
    *,
    caller: Principal,
    office: Office,
    deputy_id: UUID,
    starts_at: datetime | None,
    ends_at: datetime,
    reason: str,
) -> UUID:
    """Lend one of the caller's own roles to a colleague of the province; an admin's counts once another admin approves.

    Raises:
        Forbidden: the caller has not this role in their own right; what was lent is not lent on.
        ReauthenticationRequired: the caller showed who they are too long ago.
        Invalid: the deputy is unknown in the province or the caller themselves, or the term is too long or past.
        Conflict: it is lent already, the deputy may not have this role, or nobody could confirm.
    """
    admins = await _own(db, caller, office)
    if deputy_id == caller.id:
        raise Invalid(errors=[FieldError("deputy", "identity.deputy_oneself", msg("不能委托自己代理"))])
    deputy: Account | None = await db.scalar(queries.account_locked(caller.tenant_id, deputy_id))
    if deputy is None or deputy.status != "active":
        raise no_such_deputy()
    await _ensure_one_role(db, deputy_id, office.role)
    confirmed = None if office.role is Role.PROVINCE_ADMIN else func.clock_timestamp()
    given = insert(Delegation).values(
        tenant_id=caller.tenant_id,
        account_id=caller.id,
        deputy_id=deputy_id,
        role=office.role.value,
        organisation_id=office.organisation_id,
        instrument_id=office.instrument_id,
        reason=reason,
        starts_at=starts_at if starts_at is not None else func.clock_timestamp(),
        ends_at=ends_at,
        confirmed_at=confirmed,
    )
    delegation_id: UUID = (await db.scalars(given.returning(Delegation.id))).one()
    await record(
        db,
        "delegation.created",
        subject=("delegation", delegation_id),
        after={
            "account_id": caller.id,
            "deputy_id": deputy_id,
            "role": office.role.value,
            "organisation_id": office.organisation_id,
            "instrument_id": office.instrument_id,
            "ends_at": ends_at,
            "reason": reason,
        },
    )
    if office.role is Role.PROVINCE_ADMIN:
        await open_proposal(
            db,
            caller=caller,
            admins=admins,
            account_id=deputy_id,
            reason=reason,
            delegation_id=delegation_id,
        )
    else:
        await tell(db, "lent", [deputy_id], tenant_id=caller.tenant_id)
    return delegation_id


def no_such_deputy() -> Invalid:
    """The province has no such active account; another province's looks the same."""
    reason = msg("本省没有使用该登录名或标识的账号")
    return Invalid(errors=[FieldError("deputy", "identity.account_unknown", reason)])


async def _own(db: Session, caller: Principal, office: Office) -> Sequence[UUID]:
    """The caller's own right, held while it is lent; the province's admins where they matter."""
    if caller.kind != "person":
        raise Forbidden(msg("只有个人可以委托代理"))
    if office.role is Role.PROVINCE_ADMIN:
        return await admins_by_right(db, caller=caller)
    own = queries.holding(
        caller.id,
        office.role,
        organisation_id=office.organisation_id,
        instrument_id=office.instrument_id,
    )
    if await db.scalar(own) is None:
        raise Forbidden(msg("您本人没有这个角色；代理来的角色不能再委托"))
    await ensure_recently_authenticated(db, caller=caller)
    return ()


async def _ensure_one_role(db: Session, deputy_id: UUID, role: Role) -> None:
    if role not in OVERSEERS:
        return
    own = await db.scalar(queries.own_role(deputy_id))
    lent = set(await db.scalars(queries.lent_roles(deputy_id)))
    if own is not None or lent - {role}:
        raise OneRoleEach


async def end(db: Session, *, caller: Principal, delegation_id: UUID, of: UUID | None = None) -> None:
    """End a delegation at once: its holder revokes, its deputy declines; an admin ends one of the account `of`.

    Raises:
        NotFound: there is no such delegation for the caller to end, or it has ended.
    """
    found: Delegation | None = await db.scalar(queries.delegation(caller.tenant_id, delegation_id))
    ender = caller.id if of is None else of
    if found is None or ender not in {found.account_id, found.deputy_id}:
        raise NotFound
    await withdraw_for_loan(db, delegation_id)
    revoke = (
        update(Delegation)
        .where(Delegation.id == delegation_id, *queries.LENT)
        .values(revoked_at=func.clock_timestamp(), revoked_by=caller.id)
        .returning(Delegation.id)
        .execution_options(synchronize_session=False)
    )
    if await db.scalar(revoke) is None:
        raise NotFound
    await record(
        db,
        "delegation.declined" if caller.id == found.deputy_id else "delegation.revoked",
        subject=("delegation", delegation_id),
        before={"account_id": found.account_id, "deputy_id": found.deputy_id, "role": found.role},
    )
    others = {found.account_id, found.deputy_id} - {caller.id}
    await tell(db, "loan_ended", others, tenant_id=found.tenant_id)
