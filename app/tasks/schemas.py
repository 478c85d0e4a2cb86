"""How a task looks from outside."""

from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.core.i18n import Locale
from app.core.schema import Instant, Output
from app.tasks.models import TaskRun


class TaskOut(Output):
    """A long piece of work: poll it until `state` is done or failed."""

    id: UUID
    kind: str = Field(examples=["instruments.apply_import"])
    state: Literal["queued", "running", "done", "failed"]
    done: int = Field(description="已处理的条数")
    total: int | None = Field(description="总条数；尚不知道时为空")
    result: dict[str, Any] | None
    error: dict[str, Any] | None = Field(description="失败原因（RFC 9457 问题文档）")
    created_at: Instant
    started_at: Instant | None
    ended_at: Instant | None

    @classmethod
    def of(cls, run: TaskRun, locale: Locale) -> Self:
        """The task, its error in the reader's language."""
        error = run.error[locale] if run.error else None
        columns = {name: getattr(run, name) for name in cls.model_fields if name != "error"}
        return cls(**columns, error=error)
