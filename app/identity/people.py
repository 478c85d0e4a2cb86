"""The people of a province, for its officers; of an organisation, for its managers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.access.guards import ensure
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.keyset import Part, Slice, fetch, fetch_all
from app.identity import queries
from app.identity.models import Account
from app.identity.policy import may_list
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
    created_at: datetime


async def find(db: ReadSession, *, caller: Principal, wanted: PeopleQuery, part: Part) -> Slice[PersonEntry]:
    """A page of the people the caller may see: four statements.

    Raises:
        Forbidden: the caller is no officer of the province and manages no organisation.
    """
    ensure(may_list(caller))
    bound_to = ["people", caller.tenant_id, wanted.filters()]
    order = queries.PEOPLE_ORDERS[wanted.sort]
    found = await fetch(db, queries.people(caller, wanted), order, part, bound_to=bound_to)
    return Slice(await _described(db, caller, found.items), found.next)


async def every(db: ReadSession, *, caller: Principal, wanted: PeopleQuery) -> list[PersonEntry]:
    """All the people the caller may see and asks for.

    Raises:
        Forbidden: as `find`.
        ExportTooLarge: they are more than a file holds.
    """
    ensure(may_list(caller))
    order = queries.PEOPLE_ORDERS[wanted.sort]
    accounts = await fetch_all(db, queries.people(caller, wanted), order)
    return await _described(db, caller, accounts)


async def _described(db: ReadSession, caller: Principal, accounts: Sequence[Account]) -> list[PersonEntry]:
    ids = [account.id for account in accounts]
    memberships = (await db.scalars(queries.memberships_of(caller, ids))).all()
    roles: dict[UUID, list[str]] = {}
    for grant in await db.scalars(queries.roles_of(ids)):
        roles.setdefault(grant.account_id, []).append(grant.role)
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
            created_at=account.created_at,
        )
        for account in accounts
    ]
