"""Who sees and manages organisations."""

from app.access.guards import Refusal, Verdict
from app.access.permissions import OVERSEERS
from app.access.principal import Principal
from app.core.i18n import msg
from app.organisations.models import Organisation


def oversees(caller: Principal, organisation: Organisation) -> bool:
    """Whether the caller answers for the organisation's province, as its admin or auditor."""
    return caller.tenant_id == organisation.tenant_id and bool(caller.roles & OVERSEERS)


def may_register(caller: Principal) -> Verdict:
    """Province admins register the organisations of their province."""
    if caller.tenant_id is not None and caller.administers(caller.tenant_id):
        return True
    return Refusal(msg("只有省级管理员可以登记单位"))


def may_manage(caller: Principal, organisation: Organisation) -> Verdict:
    """Province admins change the organisations of their own province."""
    if caller.administers(organisation.tenant_id):
        return True
    return Refusal(msg("只有单位所在省的省级管理员可以修改单位信息"))
