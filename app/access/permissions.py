"""Roles and permissions: one readable table. Policies of the features decide about single objects."""

from enum import Enum, StrEnum
from functools import reduce

from app.core.i18n import Message, msg, pmsg


class Role(StrEnum):
    """Who someone is, in a province, an organisation or towards an instrument."""

    VISITOR = "visitor"
    """访客: not signed in."""
    PERSON = "person"
    """个人用户: signed in."""
    MEMBER = "member"
    """单位成员."""
    MANAGER = "manager"
    """单位管理员."""
    STEWARD = "steward"
    """机组管理员, of an instrument."""
    PROVINCE_ADMIN = "province_admin"
    """省级管理员."""
    AUDITOR = "auditor"
    """审计员: reads everything of the province, changes nothing."""
    SYSTEM = "system"
    """系统客户端: another platform's system, acting for an organisation or a province."""


OVERSEERS = frozenset({Role.PROVINCE_ADMIN, Role.AUDITOR})
"""The roles in a whole province; they see every row of it."""


class Permission(Enum):
    """What an endpoint asks for; the value is the OAuth scope an API token needs for it (None: no token can)."""

    PUBLIC = "public"
    PROFILE_READ = "profile"
    ACCOUNT_MANAGE = "account"
    CODES_READ = "codes.read"
    ORGANISATIONS_READ = "organisations.read"
    ORGANISATIONS_MANAGE = "organisations.manage"
    INSTRUMENTS_READ = "instruments.read"
    INSTRUMENTS_MANAGE = "instruments.manage"
    INSTRUMENTS_IMPORT = "instruments.import"
    BOOKINGS_READ = "bookings.read"
    BOOKINGS_CREATE = "instruments.book"
    BOOKINGS_CHANGE = "bookings.change"
    PEOPLE_READ = "people.read"
    AUDIT_READ = "audit.read"
    TASKS_READ = "tasks.read"

    @property
    def scope(self) -> str | None:
        """The OAuth scope that lets an API token use this permission; PUBLIC needs none."""
        return None if self is Permission.PUBLIC else self.value


ROLES: dict[Role, Message] = {
    Role.VISITOR: pmsg("role", "访客"),
    Role.PERSON: pmsg("role", "个人用户"),
    Role.MEMBER: pmsg("role", "单位成员"),
    Role.MANAGER: pmsg("role", "单位管理员"),
    Role.STEWARD: pmsg("role", "机组管理员"),
    Role.PROVINCE_ADMIN: pmsg("role", "省级管理员"),
    Role.AUDITOR: pmsg("role", "审计员"),
    Role.SYSTEM: pmsg("role", "系统客户端"),
}
"""The roles in words."""

_P = Permission
_VISITOR = frozenset({_P.PUBLIC, _P.CODES_READ, _P.ORGANISATIONS_READ, _P.INSTRUMENTS_READ})
_PERSON = _VISITOR | {_P.PROFILE_READ, _P.ACCOUNT_MANAGE, _P.BOOKINGS_READ, _P.BOOKINGS_CHANGE, _P.TASKS_READ}
_MEMBER = _PERSON | {_P.BOOKINGS_CREATE}
_OFFICER = {_P.INSTRUMENTS_MANAGE, _P.INSTRUMENTS_IMPORT, _P.ORGANISATIONS_MANAGE, _P.PEOPLE_READ}

MATRIX: dict[Role, frozenset[Permission]] = {
    Role.VISITOR: _VISITOR,
    Role.PERSON: _PERSON,
    Role.MEMBER: _MEMBER,
    Role.MANAGER: _MEMBER | _OFFICER,
    Role.STEWARD: _PERSON | {_P.INSTRUMENTS_MANAGE},
    Role.PROVINCE_ADMIN: _PERSON | _OFFICER,
    Role.AUDITOR: _PERSON | {_P.AUDIT_READ, _P.PEOPLE_READ},
    Role.SYSTEM: _VISITOR | {_P.BOOKINGS_READ, _P.INSTRUMENTS_IMPORT, _P.TASKS_READ},
}
"""What each role may do at all. Being allowed here is needed, never enough: see the features' `policy.py`."""

SCOPES: tuple[str, ...] = tuple(p.scope for p in Permission if p.scope)
"""Every OAuth scope an API client can ask for."""


def holders(permission: Permission) -> Message:
    """Who may hold a permission, in words."""
    roles = [role for role in Role if permission in MATRIX[role]]
    words = [ROLES[role] for role in ([Role.PERSON] if Role.PERSON in roles else roles)]
    return reduce(lambda one, other: msg("{one}或{other}", one=one, other=other), words)
