"""The state of the platform over the API."""

from typing import Annotated

from fastapi import Path, Request

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.schema import Instant, Output
from app.identity.public import sign_in_transaction
from app.operations import service

router = Router(prefix="/operations", tags=["operations"])
Operator = Annotated[Principal, requires(Permission.OPERATE)]
JobId = Annotated[int, Path(ge=1, lt=2**63)]


class WorkerOut(Output):
    """A worker process."""

    id: str
    started_at: Instant
    seen_at: Instant


class QueueOut(Output):
    """Jobs of a task in one state."""

    task: str
    status: str
    number: int
    oldest: Instant


class FailedJobOut(Output):
    """A job that was given up."""

    id: int
    task: str
    attempts: int
    created_at: Instant
    failed_at: Instant


class KeyOut(Output):
    """A key that signs tokens, or did."""

    kid: str
    state: str
    created_at: Instant


class OperationsOut(Output):
    """The platform at this moment."""

    revision: str
    workers: list[WorkerOut]
    queue: list[QueueOut]
    failed_jobs: list[FailedJobOut]
    keys: list[KeyOut]
    mails: dict[str, int]
    """Mails of the last 90 days, by state."""
    sms: dict[str, int]
    """Text messages, as mails."""
    slowed_sign_ins: int
    """Names and addresses that must wait before the next try."""
    provinces: list[str]


@router.get("", operation_id="getOperations")
async def get_operations(request: Request, db: Reads, _caller: Operator) -> OperationsOut:
    """How the platform runs: counts and states, of no province's rows."""
    async with sign_in_transaction(request) as session:
        hidden = await service.hidden(session)
    state = await service.state(db)
    return OperationsOut(
        revision=state.revision,
        workers=[WorkerOut.model_validate(worker) for worker in state.workers],
        queue=[QueueOut.model_validate(length) for length in state.queue],
        failed_jobs=[FailedJobOut.model_validate(job) for job in state.failed],
        keys=[KeyOut.model_validate(key) for key in hidden.keys],
        mails=dict(hidden.mails),
        sms=dict(hidden.sms),
        slowed_sign_ins=hidden.slowed,
        provinces=[province.code for province in state.provinces],
    )


@router.post("/jobs/{job_id}/run", status_code=204, operation_id="runJobAgain")
async def run_job_again(job_id: JobId, db: Writes, _caller: Operator) -> None:
    """Put a job that was given up back into the queue."""
    await service.run_again(db, job_id=job_id)
