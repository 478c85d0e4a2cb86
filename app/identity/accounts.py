"""Accounts, and who they are in their province."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, insert, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.permissions import WHOLE, Role
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import Conflict, FieldError, Invalid, NotFound, on_violation
from app.core.i18n import msg
from app.identity import queries
from app.identity.models import (
    SELF,
    Account,
    ExternalIdentity,
    LocalCredential,
    Membership,
    RoleGrant,
    Stewardship,
)
from app.journal.public import record
from app.notify.public import ADDRESS

_LOGIN_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,253}")
MEMBER_ROLES = frozenset({Role.MEMBER, Role.MANAGER})


class LoginNameTaken(Conflict):
    """Another account signs in with this name."""

    code = "identity.login_name_taken"
    title = msg("该登录名已被使用")


class AlreadyMember(Conflict):
    """Adding changes no role: that is asked for by itself."""

    code = "identity.already_member"
    title = msg("对方已是本单位成员；角色须另行更改")


class NoSuchOrganisation(Invalid):
    """A membership must stay inside one province."""

    code = "identity.organisation_unknown"
    title = msg("单位不存在，或不属于该账号所在省份")


on_violation("uq_local_credential_login_name", LoginNameTaken)
on_violation("fk_membership_tenant_id_organisation_id", NoSuchOrganisation)
on_violation("fk_membership_tenant_id_account_id", NotFound)
on_violation("fk_role_grant_tenant_id_account_id", NotFound)


async def create_account(
    session: Session,
    *,
    tenant_id: str,
    display_name: str,
    login_name: str | None = None,
    password_hash: str | None = None,
) -> UUID:
    """A new account; with a login name and the hash of a password it signs in at the built-in provider.

    Runs in the sign-in context.

    Raises:
        Invalid: the login name is no address, and has other characters than small letters, digits and . _ @ + -.
        Conflict: the login name is taken (when the transaction is flushed).
    """
    insert_account = insert(Account).values(tenant_id=tenant_id, display_name=display_name)
    account_id = (await session.scalars(insert_account.returning(Account.id))).one()
    if login_name is not None and password_hash is not None:
        if not (_LOGIN_NAME.fullmatch(login_name) or ADDRESS.fullmatch(login_name)):
            reason = msg("登录名须为 3–254 个小写字母、数字或 . _ @ + -")
            raise Invalid(errors=[FieldError("login_name", "login_name_malformed", reason)])
        mine = {"tenant_id": tenant_id, "account_id": account_id}
        await session.execute(
            insert(LocalCredential).values(**mine, login_name=login_name, password_hash=password_hash)
        )
        await session.execute(insert(ExternalIdentity).values(**mine, issuer=SELF, subject=str(account_id)))
    await record(session, "account.created", subject=("account", account_id), tenant_id=tenant_id)
    return account_id


async def add_membership(
    session: Session,
    *,
    tenant_id: str,
    account_id: UUID,
    organisation_id: UUID,
    role: Role = Role.MEMBER,
    new: bool = False,
) -> None:
    """Make an account a member or manager of an organisation of its province, or change which; `new`: only make.

    Raises:
        ValueError: the role is not MEMBER or MANAGER.
        AlreadyMember: it is a member, and only a new one is wanted.
    """
    if role not in MEMBER_ROLES:
        raise ValueError(f"{role} is not a role in an organisation")
    values = {"tenant_id": tenant_id, "account_id": account_id, "organisation_id": organisation_id}
    before = await session.scalar(
        upsert(Membership)
        .values(**values, role=role.value)
        .on_conflict_do_update(
            index_elements=[Membership.account_id, Membership.organisation_id], set_={"role": role.value}
        )
        .returning(literal_column("old.role"))
    )
    if before is not None and new:
        raise AlreadyMember  # its transaction, or savepoint, undoes what was just written
    if before == role:
        return
    about = {"organisation_id": organisation_id}
    await record(
        session,
        "membership.changed" if before else "membership.added",
        subject=("account", account_id),
        tenant_id=tenant_id,
        before={**about, "role": before} if before else None,
        after={**about, "role": role.value},
    )


async def remove_membership(session: Session, *, account_id: UUID, organisation_id: UUID) -> None:
    """End a membership.

    Raises:
        NotFound: there is none.
    """
    remove = (
        delete(Membership)
        .where(Membership.account_id == account_id, Membership.organisation_id == organisation_id)
        .returning(Membership.role)
    )
    role = await session.scalar(remove)
    if role is None:
        raise NotFound
    await record(
        session,
        "membership.removed",
        subject=("account", account_id),
        before={"organisation_id": organisation_id, "role": role},
    )


async def grant_role(
    session: Session,
    *,
    tenant_id: str,
    account_id: UUID,
    role: Role,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Give an account a role in its whole province; nothing changes when it has it. `about` is told in the journal.

    Raises:
        ValueError: the role is not one in a whole province.
        Conflict: the account has another such role (when the statement runs).
    """
    if role not in WHOLE:
        raise ValueError(f"{role} is not a role in a province")
    values = {"tenant_id": tenant_id, "account_id": account_id, "role": role.value}
    held = [RoleGrant.account_id, RoleGrant.role]
    given = upsert(RoleGrant).values(**values).on_conflict_do_nothing(index_elements=held)
    if await session.scalar(given.returning(RoleGrant.account_id)) is None:
        return
    await record(
        session,
        "role.granted",
        subject=("account", account_id),
        tenant_id=tenant_id,
        after={"role": role.value, **(about or {})},
    )


async def add_steward(session: Session, *, tenant_id: str, account_id: UUID, instrument_id: UUID) -> None:
    """Make an account the steward of an instrument of its province; nothing changes when it is."""
    values = {"tenant_id": tenant_id, "account_id": account_id, "instrument_id": instrument_id}
    await session.execute(upsert(Stewardship).values(**values).on_conflict_do_nothing())
    await record(
        session,
        "stewardship.added",
        subject=("instrument", instrument_id),
        tenant_id=tenant_id,
        after={"account_id": account_id},
    )


async def account_names(session: ReadSession, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Display names of the own province's people; strangers are left out."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = await session.execute(queries.ACCOUNT_NAMES, {"ids": wanted})
    return {row.id: row.name for row in rows}


def accounts_called(caller: Principal, text: str) -> Select[UUID]:
    """The own province's people with a text in their name."""
    return queries.accounts_called(str(caller.tenant_id), text)


async def remove_steward(session: Session, *, account_id: UUID, instrument_id: UUID) -> None:
    """End a stewardship.

    Raises:
        NotFound: there is none.
    """
    mine = (Stewardship.account_id == account_id, Stewardship.instrument_id == instrument_id)
    tenant_id = await session.scalar(delete(Stewardship).where(*mine).returning(Stewardship.tenant_id))
    if tenant_id is None:
        raise NotFound
    await record(
        session,
        "stewardship.removed",
        subject=("instrument", instrument_id),
        tenant_id=tenant_id,
        before={"account_id": account_id},
    )


async def set_primary_steward(session: Session, *, account_id: UUID, instrument_id: UUID) -> None:
    """Make one of an instrument's stewards the one who answers for it; nothing changes when it is.

    Raises:
        NotFound: the account is not its steward.
    """
    its = Stewardship.instrument_id == instrument_id
    # Locked in one order: of two who are made it at once, the later one is it.
    rows = select(Stewardship).where(its).order_by(Stewardship.account_id).with_for_update()
    found = {
        row.account_id: row for row in await session.scalars(rows.execution_options(populate_existing=True))
    }
    if account_id not in found:
        raise NotFound
    before = next((row.account_id for row in found.values() if row.is_primary), None)
    if before == account_id:
        return
    for which, is_primary in ((before, False), (account_id, True)):
        one = update(Stewardship).where(its, Stewardship.account_id == which)
        await session.execute(one.values(is_primary=is_primary))
    await record(
        session,
        "stewardship.primary_set",
        subject=("instrument", instrument_id),
        tenant_id=found[account_id].tenant_id,
        before={"account_id": before} if before else None,
        after={"account_id": account_id},
    )


@dataclass(frozen=True, slots=True)
class Steward:
    """A steward of an instrument; of several, one may be the primary, who answers for it."""

    account_id: UUID
    name: str
    is_primary: bool


async def stewards_of(session: ReadSession, instrument_id: UUID) -> list[Steward]:
    """The stewards of an instrument of the caller's province, the primary one first."""
    rows = await session.execute(queries.stewards(instrument_id))
    return [Steward(row.id, row.display_name, row.is_primary) for row in rows]


async def managers_of(session: ReadSession, organisation_id: UUID) -> dict[UUID, str]:
    """The active managers of an organisation of the caller's province, by account."""
    found = await session.execute(queries.members(organisation_id, Role.MANAGER))
    return {row.id: row.display_name for row in found}


async def members_of(session: ReadSession, organisation_id: UUID) -> dict[UUID, str]:
    """The active members of an organisation of the caller's province, by account."""
    return {row.id: row.display_name for row in await session.execute(queries.members(organisation_id))}
