"""The forms of policies and special days."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import UploadFile
from pydantic import BaseModel, BeforeValidator, Field

from app.core.schema import Day
from app.core.text import Line
from app.instruments.policies.schemas import At, Audience, CalendarDayIn, PolicyIn, Settings
from app.instruments.rules.policies import FLAGS, NUMBERS
from app.web.public import LocalInstant


class PolicyForm(At, Settings):
    """A policy as a browser sends it: an empty field is not set."""

    audience: Audience = ""
    version: Annotated[int, Field(ge=0)] = 0
    reason: Annotated[str, Line(500, minimum=0)] = ""

    def policy(self) -> PolicyIn:
        """What is to hold."""
        settings = Settings(**{name: getattr(self, name) for name in Settings.model_fields})
        return PolicyIn(
            **self.columns(),
            audience=self.audience,
            settings=settings,
            reason=self.reason,
            version=self.version,
        )


class WithdrawForm(At):
    """Which policy no longer holds."""

    audience: Audience = ""
    version: Annotated[int, Field(ge=1)]


class DayForm(At):
    """A special day."""

    day: Day
    acts_as: Annotated[int, Field(ge=0, le=7)]
    name: Annotated[str, Line(100)]


class NoticeForm(At):
    """A file of special days."""

    file: UploadFile
    working_as: Annotated[int, Field(ge=1, le=7)] = 1


def _day_of(value: object) -> object:
    if isinstance(value, str) and value.count("|") > 1:
        day, acts_as, name = value.split("|", 2)
        return {"day": day, "acts_as": acts_as, "name": name}
    return value


class ApplyForm(At):
    """The days of a file that was looked at, as the page sends them back: `2026-01-01|0|元旦`."""

    days: Annotated[
        list[Annotated[CalendarDayIn, BeforeValidator(_day_of)]], Field(min_length=1, max_length=400)
    ]


class ForgetForm(At):
    """Which special day is to be what its weekday says."""

    day_id: UUID


class TrialForm(BaseModel):
    """A booking to be judged."""

    unit_id: UUID
    starts_at: LocalInstant
    ends_at: LocalInstant
    organisation_id: UUID | None = None


NAMES = {f"settings.{name}": name for name in (*NUMBERS, *FLAGS)}
"""The service's names of the form's fields."""


def filled(settings: dict[str, Any]) -> dict[str, Any]:
    """A policy's settings as its form takes them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value for name, value in settings.items()
    }
