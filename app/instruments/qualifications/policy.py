"""Who defines, grants and takes away qualifications."""

from uuid import UUID

from app.access.guards import Refusal, Verdict
from app.access.principal import Principal
from app.core.i18n import msg


def defines(caller: Principal, *, organisation_id: UUID, tenant_id: str) -> bool:
    """Whether the caller says what an organisation teaches and recognises: its manager, its province's admin."""
    return caller.manages(organisation_id) or caller.administers(tenant_id)


def may_define(caller: Principal, *, organisation_id: UUID, tenant_id: str) -> Verdict:
    """`defines`, with the reason."""
    if defines(caller, organisation_id=organisation_id, tenant_id=tenant_id):
        return True
    return Refusal(msg("只有单位管理员和本省的省级管理员可以设置资格类型和互认"))


def may_grant(caller: Principal, holder_id: UUID, level: str, *, runs: bool, trains: bool) -> Verdict:
    """Those who run the type grant every level, its trainers all but their own; nobody grants to themselves.

    A deputy does not grant to whom they stand in for.
    """
    if not (runs or trains):
        return Refusal(msg("只有机组管理员、单位管理员、本省的省级管理员和该资格的培训人可以授予"))
    if holder_id in {caller.id, caller.acting_for}:
        return Refusal(msg("不能审核或授予自己的资格，请由另一位管理员或培训人办理"))
    if level == "trainer" and not runs:
        return Refusal(msg("培训人资格由机组管理员、单位管理员或省级管理员授予"))
    return True


def may_take(caller: Principal, holder_id: UUID, *, runs: bool) -> Verdict:
    """Those who run the type suspend, reinstate and revoke; nobody their own."""
    if not runs:
        return Refusal(msg("只有机组管理员、单位管理员和本省的省级管理员可以暂停、恢复或撤销资格"))
    if holder_id in {caller.id, caller.acting_for}:
        return Refusal(msg("不能更改自己的资格，请由另一位管理员办理"))
    return True
