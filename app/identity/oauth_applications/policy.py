"""Who registers, changes and reviews applications."""

from app.access.guards import Refusal, Verdict
from app.access.principal import Principal
from app.core.i18n import msg
from app.identity.provider.models import OAuthClient


def may_manage(caller: Principal) -> Verdict:
    """Admins look after the applications of their province."""
    if caller.tenant_id is not None and caller.administers(caller.tenant_id):
        return True
    return Refusal(msg("只有省级管理员可以管理本省的应用"))


def may_review(caller: Principal, client: OAuthClient) -> Verdict:
    """An admin of the province; not its developer."""
    if not caller.administers(client.tenant_id):
        return Refusal(msg("只有省级管理员可以管理本省的应用"))
    if client.owner_id is not None and client.owner_id == caller.id:
        return Refusal(msg("自己开发的应用须由另一位省级管理员审核"))
    return True


def may_change(caller: Principal, client: OAuthClient) -> Verdict:
    """A developer changes what is their own; an admin what the province registered."""
    if client.owner_id is None:
        return may_manage(caller)
    if client.owner_id == caller.id:
        return True
    return Refusal(msg("只有登记该应用的开发者可以修改它"))


def may_disable(caller: Principal, client: OAuthClient) -> Verdict:
    """An admin stops any of the province's applications; a developer their own."""
    return may_manage(caller) or may_change(caller, client)
