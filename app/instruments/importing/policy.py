"""Who may import, for whom."""

from app.access.guards import Refusal, Verdict
from app.access.principal import Principal
from app.core.i18n import msg
from app.instruments.models import InstrumentImport
from app.instruments.registry.policy import organisations_of


def may_import(caller: Principal) -> Verdict:
    """Managers and systems for their organisation, admins for their province."""
    if organisations_of(caller) == ():
        return Refusal(msg("只有单位管理员、本省的省级管理员和对接系统可以导入仪器"))
    return True


def may_see(caller: Principal, entry: InstrumentImport) -> bool:
    """Whoever sent the file, and the province's admins."""
    return entry.created_by == caller.id or caller.administers(entry.tenant_id)
