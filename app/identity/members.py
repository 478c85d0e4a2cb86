"""Appointing and dismissing the members of an organisation."""

from collections.abc import Sequence
from uuid import UUID

from app.access.guards import ensure
from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.i18n import msg
from app.identity import queries
from app.identity.accounts import add_membership, remove_membership
from app.identity.policy import may_appoint
from app.organisations.public import Organisation, get


class LastManager(Conflict):
    """Somebody must answer for the organisation: another manager comes first."""

    code = "identity.last_manager"
    title = msg("这是该单位唯一的管理员，请先任命另一位")


def no_such_account() -> Invalid:
    """The province has no active account of this login name; another province's looks the same."""
    reason = msg("本省没有使用该登录名的账号")
    return Invalid(errors=[FieldError("login_name", "identity.account_unknown", reason)])


async def ensure_new(db: ReadSession, *, organisation: Organisation, account_id: UUID) -> None:
    """Who is a member already is not added again; their role is changed in the list.

    Raises:
        Invalid: the account is a member.
    """
    if await db.scalar(queries.member_role(organisation.id, account_id)):
        reason = msg("对方已是本单位成员；要更改角色，请用列表中的按钮")
        raise Invalid(errors=[FieldError("login_name", "identity.already_member", reason)])


async def ensure_meant(db: ReadSession, *, caller: Principal, account_id: UUID) -> None:
    """To add oneself, or an officer of the province, is to be confirmed.

    Raises:
        Invalid: it is so.
    """
    if account_id == caller.id:
        reason = msg("这是您自己的账号；确实要加入该单位的，请勾选确认")
    elif (await db.scalars(queries.roles_of([account_id]))).first():
        reason = msg("对方是本省的省级管理员或审计员；确实要加入该单位的，请勾选确认")
    else:
        return
    raise Invalid(errors=[FieldError("confirmed", "identity.membership_unconfirmed", reason)])


async def account_named(session: Session, *, tenant_id: str, login_name: str) -> UUID | None:
    """The account of a province that signs in with this name. Runs in the sign-in context, which alone sees the names."""
    account_id: UUID | None = await session.scalar(queries.account_named(tenant_id, login_name.lower()))
    return account_id


async def add(db: Session, *, caller: Principal, organisation_id: UUID, account_id: UUID, role: Role) -> None:
    """Make an account of the organisation's province a member or manager of it; who is one stays what they are.

    Raises:
        NotFound: no such organisation, or no such account in its province.
        Forbidden: the caller does not appoint here, or not to this role.
        AlreadyMember: the account belongs to the organisation.
    """
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    await _ensure_may_change(db, caller, organisation, account_id, role)
    await add_membership(
        db,
        tenant_id=organisation.tenant_id,
        account_id=account_id,
        organisation_id=organisation_id,
        role=role,
        new=True,
    )


async def change_role(
    db: Session, *, caller: Principal, organisation_id: UUID, account_id: UUID, role: Role
) -> None:
    """Make a member the manager of the organisation, or a manager its member.

    Raises:
        NotFound: no such organisation, or the account is no member of it.
        Forbidden: the caller does not appoint here, or not to this role.
        LastManager: the only manager would become a member.
    """
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    present = await present_role(
        db, caller=caller, organisation=organisation, account_id=account_id, wanted=role
    )
    if present is role:
        return
    if present is Role.MANAGER:
        await _ensure_another_manager(db, organisation_id, account_id)
    await add_membership(
        db,
        tenant_id=organisation.tenant_id,
        account_id=account_id,
        organisation_id=organisation_id,
        role=role,
    )


async def present_role(
    db: ReadSession,
    *,
    caller: Principal,
    organisation: Organisation,
    account_id: UUID,
    wanted: Role = Role.MEMBER,
) -> Role:
    """What a member is whom the caller may dismiss, or give the role `wanted`.

    Raises:
        NotFound: the account is no member of the organisation.
        Forbidden: the caller does not appoint here, or not a member of this role or to the wanted one.
    """
    present = await _ensure_may_change(db, caller, organisation, account_id, wanted)
    if present is None:
        raise NotFound
    return present


async def dismiss(db: Session, *, caller: Principal, organisation_id: UUID, account_id: UUID) -> None:
    """End a membership.

    Raises:
        NotFound: no such organisation, or the account is no member of it.
        Forbidden: the caller does not dismiss here, or not a member of this role.
        LastManager: nobody would manage the organisation.
    """
    organisation = await get(db, caller=caller, organisation_id=organisation_id)
    if (
        await present_role(db, caller=caller, organisation=organisation, account_id=account_id)
        is Role.MANAGER
    ):
        await _ensure_another_manager(db, organisation_id, account_id)
    await remove_membership(db, account_id=account_id, organisation_id=organisation_id)


async def leave(db: Session, *, caller: Principal, organisation_id: UUID) -> None:
    """End one's own membership.

    Raises:
        NotFound: the caller is no member.
        LastManager: nobody would manage the organisation.
    """
    assert caller.id is not None  # the guard let no visitor in
    if await db.scalar(queries.member_role(organisation_id, caller.id)) == Role.MANAGER:
        await _ensure_another_manager(db, organisation_id, caller.id)
    await remove_membership(db, account_id=caller.id, organisation_id=organisation_id)


async def managers_held(db: Session, organisation_id: UUID) -> Sequence[UUID]:
    """An organisation's active managers, none of whom is dismissed or closes their account before this transaction ends."""
    await db.execute(queries.managers_locked(organisation_id))
    return (await db.scalars(queries.managers(organisation_id))).all()


async def _ensure_another_manager(db: Session, organisation_id: UUID, account_id: UUID) -> None:
    if await managers_held(db, organisation_id) == [account_id]:
        raise LastManager


async def _ensure_may_change(
    db: ReadSession, caller: Principal, organisation: Organisation, account_id: UUID, role: Role
) -> Role | None:
    """The account's present role; a manager is made, changed and dismissed only by whom may make one."""
    ensure(may_appoint(caller, organisation, role))
    present = await db.scalar(queries.member_role(organisation.id, account_id))
    if present is None:
        return None
    ensure(may_appoint(caller, organisation, Role(present)))
    return Role(present)
