"""What the API says about the caller."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.access.permissions import Role
from app.core.keyset import ListQuery
from app.core.schema import Input, Instant, Output
from app.core.text import Line


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
    withheld: list[Role] = Field(description="完成第二重验证后才生效的角色")
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
    methods: list[str] = Field(
        description="RFC 8176 的验证方式；`mfa` 表示已完成第二重验证", examples=[["mfa", "otp", "pwd"]]
    )


class MemberIn(Input):
    """A new member of an organisation."""

    account_id: UUID
    role: Literal["member", "manager"] = "member"


class MemberRoleIn(Input):
    """What a member is to be."""

    role: Literal["member", "manager"]


class MemberOut(Output):
    """A member of an organisation."""

    account_id: UUID
    organisation_id: UUID
    role: Literal[Role.MEMBER, Role.MANAGER]


PeopleSort = Literal["-created", "created", "name", "-name"]
PeopleRole = Literal["member", "manager", "steward", "province_admin", "auditor"]


class PeopleQuery(ListQuery):
    """Which people are asked for."""

    q: Annotated[str, Line(100)] | None = Field(default=None, description="姓名中的文字", examples=["沈"])
    organisation: UUID | None = Field(default=None, description="单位")
    role: PeopleRole | None = Field(default=None, description="省内角色，或在单位中的角色")
    status: Literal["active", "suspended", "closed"] | None = None
    sort: PeopleSort = "-created"


class PersonMembershipOut(Output):
    """A person belongs to an organisation."""

    organisation_id: UUID
    organisation_name: str | None = Field(description="调用者看不到的单位没有名称")
    role: Literal["member", "manager"]
    since: Instant


class PersonOut(Output):
    """A person of the province."""

    id: UUID
    name: str = Field(examples=["沈知行"])
    status: Literal["active", "suspended", "closed"]
    roles: list[Literal["province_admin", "auditor"]]
    memberships: list[PersonMembershipOut]
    stewardships: list[UUID] = Field(description="所负责的仪器")
    created_at: Instant
