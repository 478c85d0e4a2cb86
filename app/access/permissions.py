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
    OPERATOR = "operator"
    """平台运维员: keeps the platform running and belongs to no province."""


OVERSEERS = frozenset({Role.PROVINCE_ADMIN, Role.AUDITOR})
"""The roles in a whole province; they see every row of it."""
WHOLE = OVERSEERS | {Role.OPERATOR}
"""The roles an account has one of at most, in nothing smaller than its whole tenant."""
STRONG = WHOLE
"""The roles that count only for whoever has shown two factors."""


class Permission(Enum):
    """What an endpoint asks for; the value is the OAuth scope an API token needs for it (None: no token can)."""

    PUBLIC = "public"
    PROFILE_READ = "profile"
    ACCOUNT_MANAGE = "account"
    CODES_READ = "codes.read"
    ORGANISATIONS_READ = "organisations.read"
    ORGANISATIONS_MANAGE = "organisations.manage"
    ORGANISATIONS_JOIN = "organisations.join"
    ORGANISATIONS_REVIEW = "organisations.review"
    INSTRUMENTS_READ = "instruments.read"
    INSTRUMENTS_MANAGE = "instruments.manage"
    INSTRUMENTS_IMPORT = "instruments.import"
    BOOKINGS_READ = "bookings.read"
    BOOKINGS_CREATE = "instruments.book"
    BOOKINGS_CHANGE = "bookings.change"
    QUALIFICATIONS_READ = "qualifications.read"
    QUALIFICATIONS_REQUEST = "qualifications.request"
    QUALIFICATIONS_GRANT = "qualifications.grant"
    PEOPLE_READ = "people.read"
    PEOPLE_MANAGE = "people.manage"
    IDENTITY_PROVIDERS_MANAGE = "identity_providers.manage"
    DELEGATIONS_MANAGE = "delegations"
    APPLICATIONS_OWN = "applications.own"
    APPLICATIONS_MANAGE = "applications.manage"
    AUDIT_READ = "audit.read"
    TASKS_READ = "tasks.read"
    OPERATE = "operations"

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
    Role.OPERATOR: pmsg("role", "平台运维员"),
}
"""The roles in words."""
EXPLAINED: dict[Role, Message] = {
    Role.VISITOR: msg("没有登录的人"),
    Role.PERSON: msg("已登录的人；以下各角色都包含它"),
    Role.MEMBER: msg("属于某个单位，以该单位的名义预约"),
    Role.MANAGER: msg("负责某个单位；由省级管理员任免"),
    Role.STEWARD: msg("负责某台仪器；由单位管理员任免"),
    Role.PROVINCE_ADMIN: msg("负责全省；由两位省级管理员共同任命，不能兼任审计员"),
    Role.AUDITOR: msg("查看全省而不改动任何内容；由省级管理员任命，不能兼任省级管理员"),
    Role.SYSTEM: msg("其他平台的系统，代表一个单位或一个省份"),
    Role.OPERATOR: msg("维持平台运行，不属于任何省份，看不到任何省份未公开的内容"),
}
"""What each role is, in a sentence."""
WORDS: dict[Permission, Message] = {
    Permission.PUBLIC: msg("浏览公开的页面"),
    Permission.PROFILE_READ: msg("读取本人的姓名和所在省份"),
    Permission.ACCOUNT_MANAGE: msg("查看和结束本人的登录会话"),
    Permission.CODES_READ: msg("读取公开的代码表"),
    Permission.ORGANISATIONS_READ: msg("读取单位信息"),
    Permission.ORGANISATIONS_MANAGE: msg("管理单位信息和成员"),
    Permission.ORGANISATIONS_JOIN: msg("申请单位入驻，加入和退出单位"),
    Permission.ORGANISATIONS_REVIEW: msg("读取和审核本省的单位入驻申请"),
    Permission.INSTRUMENTS_READ: msg("查找仪器和查看空闲时段"),
    Permission.INSTRUMENTS_MANAGE: msg("修改仪器信息"),
    Permission.INSTRUMENTS_IMPORT: msg("批量导入仪器"),
    Permission.BOOKINGS_READ: msg("读取与本人有关的预约"),
    Permission.BOOKINGS_CREATE: msg("预约仪器"),
    Permission.BOOKINGS_CHANGE: msg("改期和取消预约"),
    Permission.QUALIFICATIONS_READ: msg("读取与本人有关的上机资格"),
    Permission.QUALIFICATIONS_REQUEST: msg("申请上机资格"),
    Permission.QUALIFICATIONS_GRANT: msg("授予、暂停和撤销有权管理的上机资格"),
    Permission.PEOPLE_READ: msg("读取管理范围内的人员名单"),
    Permission.PEOPLE_MANAGE: msg("任免省级管理员和审计员，停用和恢复账号"),
    Permission.IDENTITY_PROVIDERS_MANAGE: msg("设置本省的身份提供方"),
    Permission.DELEGATIONS_MANAGE: msg("查看、委托和收回代理"),
    Permission.APPLICATIONS_OWN: msg("登记和修改本人开发的应用"),
    Permission.APPLICATIONS_MANAGE: msg("登记和停用本省的应用，审核开发者登记的应用"),
    Permission.AUDIT_READ: msg("读取有权查看的操作记录"),
    Permission.TASKS_READ: msg("查看本人发起的后台任务的进度"),
    Permission.OPERATE: msg("查看平台的运行状况，重新运行失败的后台任务"),
}
"""The permissions in words: in the table of roles, and where a person lets an application have them."""

_P = Permission
_VISITOR = frozenset({_P.PUBLIC, _P.CODES_READ, _P.ORGANISATIONS_READ, _P.INSTRUMENTS_READ})
_PERSON = (
    _VISITOR
    | {_P.PROFILE_READ, _P.ACCOUNT_MANAGE, _P.BOOKINGS_READ, _P.BOOKINGS_CHANGE, _P.TASKS_READ}
    | {_P.DELEGATIONS_MANAGE, _P.ORGANISATIONS_JOIN, _P.APPLICATIONS_OWN}
    # Granting too: a trainer is somebody with the qualification, and has no role.
    | {_P.QUALIFICATIONS_READ, _P.QUALIFICATIONS_REQUEST, _P.QUALIFICATIONS_GRANT}
)
_MEMBER = _PERSON | {_P.BOOKINGS_CREATE}
_OFFICER = {_P.INSTRUMENTS_MANAGE, _P.INSTRUMENTS_IMPORT, _P.ORGANISATIONS_MANAGE, _P.PEOPLE_READ}

MATRIX: dict[Role, frozenset[Permission]] = {
    Role.VISITOR: _VISITOR,
    Role.PERSON: _PERSON,
    Role.MEMBER: _MEMBER,
    Role.MANAGER: _MEMBER | _OFFICER,
    Role.STEWARD: _PERSON | {_P.INSTRUMENTS_MANAGE},
    Role.PROVINCE_ADMIN: _PERSON
    | _OFFICER
    | {_P.PEOPLE_MANAGE, _P.ORGANISATIONS_REVIEW, _P.IDENTITY_PROVIDERS_MANAGE, _P.APPLICATIONS_MANAGE},
    Role.AUDITOR: _PERSON | {_P.AUDIT_READ, _P.PEOPLE_READ, _P.ORGANISATIONS_REVIEW},
    Role.SYSTEM: _VISITOR | {_P.BOOKINGS_READ, _P.INSTRUMENTS_IMPORT, _P.TASKS_READ},
    Role.OPERATOR: _PERSON | {_P.OPERATE},
}
"""What each role may do at all. Being allowed here is needed, never enough: see the features' `policy.py`."""

SCOPES: tuple[str, ...] = tuple(p.scope for p in Permission if p.scope)
"""Every OAuth scope an API client can ask for."""


def holders(permission: Permission) -> Message:
    """Who may hold a permission, in words."""
    roles = [role for role in Role if permission in MATRIX[role]]
    words = [ROLES[role] for role in ([Role.PERSON] if Role.PERSON in roles else roles)]
    return reduce(lambda one, other: msg("{one}或{other}", one=one, other=other), words)
