"""The people of a province, for its officers; of an organisation, for its managers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.core.keyset import Order, Part, Slice, fetch, fetch_all
from app.identity import queries
from app.identity.models import Account
from app.identity.policy import may_list, may_see_login_names
from app.identity.schemas import PeopleQuery
from app.organisations.public import names


@dataclass(frozen=True, slots=True)
class PersonMembership:
    """A person belongs to an organisation, whose name is missing where it is hidden from the reader."""

    organisation_id: UUID
    organisation_name: str | None
    role: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """A person in the list."""

    id: UUID
    name: str
    status: str
    roles: list[str]
    memberships: list[PersonMembership]
    stewardships: list[UUID]
    created_at: datetime


async def find(db: ReadSession, *, caller: Principal, wanted: PeopleQuery, part: Part) -> Slice[PersonEntry]:
    """A page of the people the caller may see: five statements.

    Raises:
        Forbidden: the caller is no officer of the province and manages no organisation.
    """
    ensure(may_list(caller))
    found = await fetch(db, *_page(caller, wanted), part, bound_to=_bound_to(caller, wanted))
    return Slice(await _described(db, caller, found.items), found.next)


async def person(db: ReadSession, *, caller: Principal, account_id: UUID) -> PersonEntry:
    """One of the people the caller may see: five statements.

    Raises:
        Forbidden: as `find`.
        NotFound: there is none; another province's looks the same.
    """
    ensure(may_list(caller))
    wanted = queries.people(caller, PeopleQuery()).where(Account.id == account_id)
    found = (await db.scalars(wanted)).all()
    if not found:
        raise NotFound
    return (await _described(db, caller, found))[0]


async def login_names(
    session: Session, *, caller: Principal, wanted: PeopleQuery, part: Part
) -> Mapping[UUID, str]:
    """With what name the people of a page sign in, as far as the caller manages them.

    Runs in the sign-in context, which alone sees the names.

    Raises:
        Forbidden: as `find`.
    """
    ensure(may_list(caller))
    if not may_see_login_names(caller):
        return {}
    found = await fetch(session, *_page(caller, wanted), part, bound_to=_bound_to(caller, wanted))
    rows = await session.execute(queries.login_names(caller, [account.id for account in found.items]))
    return {row.account_id: row.login_name for row in rows}


async def every(db: ReadSession, *, caller: Principal, wanted: PeopleQuery) -> list[PersonEntry]:
    """All the people the caller may see and asks for.

    Raises:
        Forbidden: as `find`.
        ExportTooLarge: they are more than a file holds.
    """
    ensure(may_list(caller))
    accounts = await fetch_all(db, *_page(caller, wanted))
    return await _described(db, caller, accounts)


def _page(caller: Principal, wanted: PeopleQuery) -> tuple[Select[Account], Order]:
    return queries.people(caller, wanted), queries.PEOPLE_ORDERS[wanted.sort]


def _bound_to(caller: Principal, wanted: PeopleQuery) -> list[Any]:
    return ["people", caller.tenant_id, wanted.filters()]


async def _described(db: ReadSession, caller: Principal, accounts: Sequence[Account]) -> list[PersonEntry]:
    ids = [account.id for account in accounts]
    memberships = (await db.scalars(queries.memberships_of(caller, ids))).all()
    roles: dict[UUID, list[str]] = {}
    for grant in await db.scalars(queries.roles_of(ids)):
        roles.setdefault(grant.account_id, []).append(grant.role)
    cared_for: dict[UUID, list[UUID]] = {}
    for steward in await db.scalars(queries.stewardships_of(caller, ids)):
        cared_for.setdefault(steward.account_id, []).append(steward.instrument_id)
    known = await names(db, caller, {membership.organisation_id for membership in memberships})
    theirs: dict[UUID, list[PersonMembership]] = {}
    for m in memberships:
        name = known.get(m.organisation_id)
        theirs.setdefault(m.account_id, []).append(
            PersonMembership(m.organisation_id, name, m.role, m.created_at)
        )
    return [
        PersonEntry(
            id=account.id,
            name=account.display_name,
            status=account.status,
            roles=roles.get(account.id, []),
            memberships=theirs.get(account.id, []),
            stewardships=cared_for.get(account.id, []),
            created_at=account.created_at,
        )
        for account in accounts
    ]
