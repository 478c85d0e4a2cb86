"""What the API says about the caller."""

from typing import Literal
from uuid import UUID

from app.access.permissions import Role
from app.core.schema import Input, Instant, Output


class MembershipOut(Output):
    """The caller belongs to an organisation."""

    organisation_id: UUID
    organisation_name: str | None
    role: Literal[Role.MEMBER, Role.MANAGER]


class MeOut(Output):
    """The caller."""

    id: UUID
    kind: Literal["person", "system"]
    name: str
    province: str
    roles: list[Role]
    memberships: list[MembershipOut]
    stewardships: list[UUID]
    scopes: list[str] | None
    """What the access token was granted; null for a browser session, which is not limited."""


class SessionOut(Output):
    """A signed-in browser of the caller."""

    id: UUID
    user_agent: str
    address: str
    created_at: Instant
    last_seen_at: Instant
    expires_at: Instant
    current: bool


class MemberIn(Input):
    """A new member of an organisation, or a member's new role."""

    account_id: UUID
    role: Literal["member", "manager"] = "member"


class MemberOut(Output):
    """A member of an organisation."""

    account_id: UUID
    organisation_id: UUID
    role: Literal[Role.MEMBER, Role.MANAGER]
