"""A page that shows how far long work is."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.problems import locale_of
from app.tasks import service
from app.tasks.schemas import TaskOut
from app.web.public import Pages, render

pages = Pages(prefix="/tasks")


@pages.get("/{task_id}")
async def task_page(
    task_id: UUID,
    request: Request,
    db: Reads,
    caller: Annotated[Principal, requires(Permission.TASKS_READ)],
) -> Response:
    """The state of a task; htmx asks for it every second while it goes on."""
    run = await service.get(db, caller=caller, task_id=task_id)
    task = TaskOut.of(run, locale_of(request))
    return render(request, "tasks/task.html", fragment="tasks/_progress.html", task=task)
