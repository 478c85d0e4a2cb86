"""Who appoints members of an organisation, and who lists people."""

from app.access.guards import Refusal, Verdict
from app.access.permissions import OVERSEERS, Role
from app.access.principal import Principal
from app.core.i18n import msg
from app.organisations.public import Organisation


def may_list(caller: Principal) -> Verdict:
    """Officers list the people of their province, managers those of their organisations."""
    if caller.kind == "person" and (caller.roles & OVERSEERS or caller.managed):
        return True
    return Refusal(msg("只有省级管理员、审计员和单位管理员可以查看人员"))


def may_list_members(caller: Principal, organisation: Organisation) -> Verdict:
    """Officers of the organisation's province, and its managers."""
    if caller.manages(organisation.id):
        return True
    if caller.tenant_id == organisation.tenant_id and caller.roles & OVERSEERS:
        return True
    return Refusal(msg("只有本单位的管理员和本省的管理员、审计员可以查看单位成员"))


def may_see_login_names(caller: Principal) -> bool:
    """Who appoints members does so by login name: province admins and managers."""
    return caller.kind == "person" and bool(caller.managed or Role.PROVINCE_ADMIN in caller.roles)


def may_appoint(caller: Principal, organisation: Organisation, role: Role) -> Verdict:
    """Province admins appoint anyone in their province; managers of the organisation appoint its members."""
    if caller.administers(organisation.tenant_id):
        return True
    if not caller.manages(organisation.id):
        return Refusal(msg("只有省级管理员或单位管理员可以管理单位成员"))
    if role is Role.MANAGER:
        return Refusal(msg("只有省级管理员可以任免单位管理员"))
    return True
