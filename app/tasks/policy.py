"""Who may watch a task."""

from app.access.principal import Principal
from app.tasks.models import TaskRun


def may_see(caller: Principal, run: TaskRun) -> bool:
    """Whoever asked for it, and the admins of its province."""
    return run.created_by == caller.id or caller.administers(run.tenant_id)
