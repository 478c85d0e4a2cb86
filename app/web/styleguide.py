"""Material for the style guide: the components in every state."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from app.core import clock
from app.core.errors import FieldError
from app.core.i18n import Message
from app.web.formats import SHANGHAI
from app.web.forms import Form


class _Example(BaseModel):
    purpose: str


def next_monday() -> date:
    """The first day of the week the calendar shows: all of it lies ahead."""
    today = clock.now().astimezone(SHANGHAI).date()
    return today + timedelta(days=7 - today.weekday())


def examples() -> dict[str, Any]:
    """What styleguide.html shows."""
    errors = [
        FieldError("title", "missing", Message("必填")),
        FieldError("starts_at", "not_after_now", Message("开始时间须晚于现在")),
        FieldError("kind", "missing", Message("请选择一项")),
    ]
    refused: Form[_Example] = Form({"title": "", "starts_at": "2026-11-20T09:00", "kind": ""}, errors=errors)
    return {
        "empty_form": Form[_Example](),
        "refused": refused,
        "moment": datetime(2026, 11, 23, 1, 0, tzinfo=UTC),
        "week": next_monday(),
        "later": datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
    }
