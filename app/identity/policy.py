"""Who appoints members of an organisation."""

from app.access.guards import Refusal, Verdict
from app.access.permissions import Role
from app.access.principal import Principal
from app.core.i18n import msg
from app.organisations.public import Organisation


def may_appoint(caller: Principal, organisation: Organisation, role: Role) -> Verdict:
    """Province admins appoint anyone in their province; managers of the organisation appoint its members."""
    if caller.administers(organisation.tenant_id):
        return True
    if not caller.manages(organisation.id):
        return Refusal(msg("只有省级管理员或单位管理员可以管理单位成员"))
    if role is Role.MANAGER:
        return Refusal(msg("只有省级管理员可以任免单位管理员"))
    return True
