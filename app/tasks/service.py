"""Starting, watching and ending tasks."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, update

from app.access.principal import Principal
from app.core.db import ReadSession, Session
from app.core.errors import NotFound, Problem
from app.core.i18n import LOCALES
from app.jobs.public import enqueue
from app.tasks.models import TaskRun
from app.tasks.policy import may_see
from app.tasks.queries import task_by_id


async def start(
    db: Session, *, caller: Principal, task: str, payload: Mapping[str, Any], total: int | None = None
) -> TaskRun:
    """Ask for a job that the caller can watch; row and job exist together or not at all."""
    values = {"tenant_id": caller.tenant_id, "kind": task, "total": total, "created_by": caller.id}
    run = (await db.scalars(insert(TaskRun).values(**values).returning(TaskRun))).one()
    acting = {"tenant_id": caller.tenant_id, "caller_id": caller.id, "task_run_id": run.id}
    through = {"client_id": caller.client_id, "acting_for": caller.acting_for}
    await enqueue(db, task, {**payload, **acting, **{name: id_ for name, id_ in through.items() if id_}})
    return run


async def get(db: ReadSession, *, caller: Principal, task_id: UUID) -> TaskRun:
    """A task the caller may watch.

    Raises:
        NotFound: there is none, or it is someone else's.
    """
    run: TaskRun | None = await db.scalar(task_by_id(task_id))
    if run is None or not may_see(caller, run):
        raise NotFound
    return run


async def begin(db: Session, task_id: UUID) -> bool:
    """Note that work goes on; False when the task has ended before, so that a repeated job does nothing."""
    return await _change(db, task_id, state="running", started_at=func.clock_timestamp())


async def advance(db: Session, task_id: UUID, *, done: int, total: int | None = None) -> None:
    """Tell how many of how many rows are done."""
    await _change(db, task_id, done=done, **({} if total is None else {"total": total}))


async def finish(db: Session, task_id: UUID, *, result: Mapping[str, Any] | None = None) -> None:
    """End well; call it in the transaction of the work itself, so that the two cannot disagree."""
    await _change(db, task_id, state="done", result=result, ended_at=func.clock_timestamp())


async def fail(db: Session, task_id: UUID, problem: Problem) -> None:
    """End with a reason."""
    error = {locale: problem.as_json(locale) for locale in LOCALES}
    await _change(db, task_id, state="failed", error=error, ended_at=func.clock_timestamp())


async def _change(db: Session, task_id: UUID, **values: Any) -> bool:
    going_on = TaskRun.state.in_(("queued", "running"))
    changed = update(TaskRun).where(TaskRun.id == task_id, going_on).values(**values).returning(TaskRun.id)
    return await db.scalar(changed) is not None
