"""The caller, described for themselves."""

from dataclasses import dataclass
from uuid import UUID

from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import ReadSession
from app.organisations.public import names


@dataclass(frozen=True, slots=True)
class Belonging:
    """One of the caller's organisations; its name is missing where it is hidden from them."""

    organisation_id: UUID
    organisation_name: str | None
    role: Role


@dataclass(frozen=True, slots=True)
class Me:
    """Who the caller is in the province."""

    id: UUID
    kind: str
    name: str
    province: str
    roles: list[Role]
    withheld: list[Role]
    """Roles that count once a second factor was shown."""
    memberships: list[Belonging]
    stewardships: list[UUID]
    scopes: list[str] | None


async def described(db: ReadSession, *, caller: Principal) -> Me:
    """The caller with the names of their organisations; one statement."""
    assert caller.id is not None  # the guard let no visitor in
    assert caller.tenant_id is not None
    known = await names(db, caller, list(caller.organisations))
    memberships = [Belonging(i, known.get(i), role) for i, role in sorted(caller.organisations.items())]
    return Me(
        id=caller.id,
        kind=caller.kind,
        name=caller.name,
        province=caller.tenant_id,
        roles=sorted(caller.roles),
        withheld=sorted(caller.withheld),
        memberships=memberships,
        stewardships=sorted(caller.stewardships),
        scopes=sorted(caller.scopes) if caller.scopes is not None else None,
    )
