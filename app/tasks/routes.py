"""Watching a task over the API."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.access.entry import Reads, Router
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.problems import locale_of
from app.tasks import service
from app.tasks.schemas import TaskOut

router = Router(prefix="/tasks", tags=["tasks"])
POLL_SECONDS = "1"


@router.get("/{task_id}", operation_id="getTask")
async def get_task(
    task_id: UUID,
    request: Request,
    response: Response,
    db: Reads,
    caller: Annotated[Principal, requires(Permission.TASKS_READ)],
) -> TaskOut:
    """How far a long piece of work is; Retry-After says when to ask again while it goes on."""
    run = await service.get(db, caller=caller, task_id=task_id)
    if run.ended_at is None:
        response.headers["Retry-After"] = POLL_SECONDS
    return TaskOut.of(run, locale_of(request))
