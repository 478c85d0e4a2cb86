"""Who reads the journal."""

from app.access.guards import Refusal, Verdict
from app.access.permissions import Role
from app.access.principal import Principal
from app.core.i18n import msg


def may_read(caller: Principal) -> Verdict:
    """Auditors, of their own province."""
    if caller.tenant_id is not None and Role.AUDITOR in caller.roles:
        return True
    return Refusal(msg("只有审计员可以查看操作记录"))
