"""The state of the own province's chain, for its auditors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from app.access.guards import ensure
from app.access.principal import Principal
from app.audit.policy import may_read
from app.core.db import ReadSession, Session
from app.core.errors import NotFound
from app.journal import public as journal
from app.journal.public import JournalEvent, JournalSeal
from app.tasks.public import TaskRun, start

VERIFY, EXPORT = "audit.verify", "audit.export"


@dataclass(frozen=True, slots=True)
class State:
    """How far the chain goes, and what was last found and made of it."""

    sealed: int
    digest: str | None
    sealed_until: datetime | None
    """When the last sealed event happened."""
    anchors: Sequence[journal.Anchor]
    """The latest first."""
    verified: TaskRun | None
    exported: TaskRun | None


async def state(db: ReadSession, *, caller: Principal) -> State:
    """The chain of the caller's province.

    Raises:
        Forbidden: the caller is no auditor.
    """
    ensure(may_read(caller))
    province = str(caller.tenant_id)
    link: JournalSeal | None = await journal.head(db, province)
    at = await db.scalar(select(JournalEvent.at).where(JournalEvent.id == link.event_id)) if link else None
    return State(
        sealed=link.sequence if link else 0,
        digest=link.digest.hex() if link else None,
        sealed_until=at,
        anchors=(await journal.anchors(db, province))[::-1],
        verified=await db.scalar(_last(province, VERIFY)),
        exported=await db.scalar(_last(province, EXPORT)),
    )


async def ask(db: Session, *, caller: Principal, task: str) -> TaskRun:
    """Have the chain looked through, or exported.

    Raises:
        Forbidden: the caller is no auditor.
    """
    ensure(may_read(caller))
    return await start(db, caller=caller, task=task, payload={})


async def exported(db: ReadSession, *, caller: Principal, task_id: UUID) -> tuple[str, datetime]:
    """The digest of a finished export's file, and when it was asked for.

    Raises:
        Forbidden: the caller is no auditor.
        NotFound: there is no such export of the province, or it is not done.
    """
    ensure(may_read(caller))
    found = _last(str(caller.tenant_id), EXPORT).where(TaskRun.id == task_id)
    run: TaskRun | None = await db.scalar(found)
    if run is None or run.state != "done" or run.result is None:
        raise NotFound
    return str(run.result["digest"]), run.created_at


def _last(province: str, task: str) -> Select[TaskRun]:
    mine = select(TaskRun).where(TaskRun.tenant_id == province, TaskRun.kind == task)
    return mine.order_by(TaskRun.id.desc()).limit(1)
