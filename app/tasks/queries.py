"""Reading tasks."""

from uuid import UUID

from sqlalchemy import Select, select

from app.tasks.models import TaskRun


def task_by_id(task_id: UUID) -> Select[TaskRun]:
    """One task."""
    return select(TaskRun).where(TaskRun.id == task_id)
