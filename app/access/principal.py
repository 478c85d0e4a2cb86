"""The caller of a request or a job."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from app.access.permissions import MATRIX, Permission, Role
from app.tenancy.context import TenantContext

TWO_FACTORS = "mfa"
"""The method (RFC 8176 §2) of whoever showed two factors."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A visitor, a person or a system client, with the roles held at this moment."""

    kind: Literal["visitor", "person", "system"] = "visitor"
    id: UUID | None = None
    """The account of a person, the client of a system."""
    tenant_id: str | None = None
    name: str = ""
    roles: frozenset[Role] = frozenset()
    """Roles in the whole province."""
    withheld: frozenset[Role] = frozenset()
    """Roles in the whole province that do not count until the person shows a second factor."""
    organisations: Mapping[UUID, Role] = field(default_factory=dict)
    """Membership: MEMBER or MANAGER of an organisation."""
    stewardships: frozenset[UUID] = frozenset()
    """Instruments this person is the steward of."""
    scopes: frozenset[str] | None = None
    """What an OAuth token was granted; None for a browser session, which is not limited."""
    session_id: UUID | None = None
    """The browser session or token grant the caller came with."""
    methods: frozenset[str] = frozenset()
    """How the person was authenticated (RFC 8176); `mfa` where it was by two factors."""
    client_id: UUID | None = None
    """The application through which the caller comes; None in a browser."""
    acting_for: UUID | None = None
    """Whose role the caller carries as a deputy."""

    @property
    def held(self) -> frozenset[Permission]:
        """What the caller's roles allow somewhere; policies decide about each object."""
        held = {Role.VISITOR, *self.roles}
        if self.kind == "person":
            # A system acts for its organisation; it is nobody's colleague.
            held |= {Role.PERSON, *self.organisations.values()}
        if self.stewardships:
            held.add(Role.STEWARD)
        return _allowed(held)

    def awaits_factor_for(self, permission: Permission) -> bool:
        """Whether a second factor would give the caller `permission`, as far as roles decide."""
        return permission in _allowed(self.withheld) and permission not in self.held

    @property
    def permissions(self) -> frozenset[Permission]:
        """What of `held` the caller's token was granted; all of it in a browser."""
        if self.scopes is None:
            return self.held
        return frozenset(p for p in self.held if p.scope is None or p.scope in self.scopes)

    def may(self, permission: Permission) -> bool:
        """Whether the caller holds `permission` at all."""
        return permission is Permission.PUBLIC or permission in self.permissions

    def administers(self, tenant_id: str) -> bool:
        """Whether the caller is an admin of that province."""
        return self.tenant_id == tenant_id and Role.PROVINCE_ADMIN in self.roles

    def manages(self, organisation_id: UUID) -> bool:
        """Whether the caller is a manager of that organisation."""
        return self.organisations.get(organisation_id) is Role.MANAGER

    @property
    def managed(self) -> tuple[UUID, ...]:
        """The organisations the caller manages, or acts for as their system."""
        return tuple(
            id_ for id_, role in self.organisations.items() if role is Role.MANAGER or self.kind == "system"
        )

    @property
    def acts_for_province(self) -> bool:
        """Whether the caller is a system of the whole province."""
        return self.kind == "system" and not self.organisations

    def context(
        self, *, request_id: str | None = None, address: str | None = None, read_only: bool = False
    ) -> TenantContext:
        """The transaction context of this caller."""
        return TenantContext(
            self.tenant_id,
            self.id,
            request_id,
            read_only=read_only,
            client_id=self.client_id,
            acting_for=self.acting_for,
            session_id=self.session_id,
            address=address,
        )


def _allowed(roles: Iterable[Role]) -> frozenset[Permission]:
    return frozenset().union(*(MATRIX[role] for role in roles))


VISITOR = Principal()
"""Nobody in particular: sees what is public."""
