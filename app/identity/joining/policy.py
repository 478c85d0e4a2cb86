"""Who reviews applications, and who joins which organisation."""

from app.access.guards import Refusal, Verdict
from app.access.principal import Principal
from app.core.i18n import msg
from app.identity.joining.models import OrganisationApplication
from app.organisations.public import Organisation


def may_decide(caller: Principal, application: OrganisationApplication) -> Verdict:
    """Admins of the province decide, but not about what they applied for themselves."""
    if not caller.administers(application.tenant_id):
        return Refusal(msg("只有本省的省级管理员可以审核入驻申请"))
    if caller.id == application.account_id:
        return Refusal(msg("不能审核自己提交的申请，请由另一位省级管理员审核"))
    return True


def may_ask_to_join(caller: Principal, organisation: Organisation) -> Verdict:
    """People join active organisations of their own province."""
    if caller.tenant_id != organisation.tenant_id:
        return Refusal(msg("只能加入本省的单位"))
    return takes_members(organisation)


def takes_members(organisation: Organisation) -> Verdict:
    """A suspended organisation takes nobody in."""
    if organisation.status != "active":
        return Refusal(msg("该单位已停用，不能加入新的成员"))
    return True
