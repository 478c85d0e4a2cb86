"""Bodies of the policies API."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.core.i18n import msg
from app.core.schema import Day, Input, Instant, Output
from app.core.text import Line
from app.instruments.rules.policies import DAY_MIN, MONTH_MIN, Place

Minutes = Annotated[int, Field(ge=0, le=MONTH_MIN)]
Audience = Annotated[
    str,
    Field(
        pattern=r"^(|other_province|academic|enterprise|government|internal|[0-9]{6})$",
        description="适用对象：空为所有人；other_province 外省单位；academic 高校院所；enterprise 企业；"
        "government 政府机关；internal 本单位；或省级代码",
    ),
]


class Settings(Input):
    """What a policy sets; what is left out is said by a less specific one. `*_min` are minutes."""

    bookable: bool | None = Field(default=None, description="false：不接受这些对象的预约")
    keeps_holidays: bool | None = Field(default=None, description="节假日不开放、调休日照常开放")
    requires_approval: bool | None = Field(default=None, description="须经审批")
    pending_holds_slot: bool | None = Field(default=None, description="待审批时占住时段")
    approval_sla_min: Annotated[int, Field(ge=30, le=10_080)] | None = Field(
        default=None, description="审批时限；过时未批即作废"
    )
    hold_ttl_min: Annotated[int, Field(ge=5, le=10_080)] | None = Field(
        default=None, description="占位时限；不设时一直占到审批或作废"
    )
    step_min: Annotated[int, Field(ge=5, le=DAY_MIN)] | None = Field(default=None, description="时间粒度")
    min_min: Annotated[int, Field(ge=5, le=MONTH_MIN)] | None = Field(default=None, description="最短时长")
    max_min: Annotated[int, Field(ge=5, le=MONTH_MIN)] | None = Field(default=None, description="最长时长")
    setup_min: Annotated[int, Field(ge=0, le=DAY_MIN)] | None = Field(
        default=None, description="前留准备时间"
    )
    teardown_min: Annotated[int, Field(ge=0, le=DAY_MIN)] | None = Field(
        default=None, description="后留清理时间"
    )
    lead_min: Minutes | None = Field(default=None, description="最少提前量")
    move_lead_min: Minutes | None = Field(default=None, description="改期的最少提前量；不设时同预约")
    cancel_lead_min: Minutes | None = Field(default=None, description="取消的最少提前量")
    horizon_days: Annotated[int, Field(ge=1, le=365)] | None = Field(default=None, description="可预约天数")
    gap_min: Minutes | None = Field(default=None, description="同一人两次预约的间隔")
    max_active: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        default=None, description="每人未完成预约上限"
    )
    max_pending: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        default=None, description="每人待审批上限"
    )
    user_day_min: Annotated[int, Field(ge=0, le=DAY_MIN)] | None = Field(default=None, description="每人每天")
    user_week_min: Annotated[int, Field(ge=0, le=7 * DAY_MIN)] | None = Field(
        default=None, description="每人每周"
    )
    user_month_min: Annotated[int, Field(ge=0, le=31 * DAY_MIN)] | None = Field(
        default=None, description="每人每月"
    )
    payer_day_min: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="每单位每天"
    )
    payer_week_min: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="每单位每周"
    )
    payer_month_min: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="每单位每月"
    )

    @model_validator(mode="after")
    def _hang_together(self) -> Self:
        if self.step_min and DAY_MIN % self.step_min:
            reason = msg("时间粒度须能整除一天的 1440 分钟")
            raise PydanticCustomError("not_a_divisor", "{message}", {"message": reason})
        return self

    def given(self) -> dict[str, Any]:
        """What is set."""
        return self.model_dump(exclude_none=True)


class At(Input):
    """Where a policy or a special day stands: the caller's province when nothing else is named."""

    organisation_id: UUID | None = None
    instrument_id: UUID | None = None
    unit_id: UUID | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(value is not None for value in (self.organisation_id, self.instrument_id, self.unit_id)) > 1:
            reason = msg("单位、仪器和单元只能指定一个")
            raise PydanticCustomError("one_place", "{message}", {"message": reason})
        return self

    def columns(self) -> dict[str, UUID | None]:
        """The place as columns of the table."""
        names = ("organisation_id", "instrument_id", "unit_id")
        return {name: getattr(self, name) for name in names}


class PolicyIn(At):
    """A new version of the policy for an audience at a place; `version` is that of the one it replaces, 0 for none."""

    audience: Audience = ""
    settings: Settings
    reason: Annotated[str, Line(500, minimum=0), Field(description="不接受预约时给对方看的理由")] = ""
    version: Annotated[int, Field(ge=0)] = 0


class PolicyOut(Output):
    """One version of a policy."""

    id: UUID
    place: Place
    organisation_id: UUID | None
    instrument_id: UUID | None
    unit_id: UUID | None
    audience: str
    settings: dict[str, Any]
    reason: str
    version: int
    created_at: Instant
    superseded_at: Instant | None


class RuleOut(Output):
    """A setting that holds, and the policy it comes from (none: nobody set it)."""

    name: str
    value: Any
    place: Place | None
    audience: str | None
    policy_id: UUID | None


class TrialIn(Input):
    """A booking to be judged, not made."""

    unit_id: UUID
    starts_at: Instant
    ends_at: Instant
    organisation_id: Annotated[UUID | None, Field(description="以哪个单位的名义")] = None


class FaultOut(Output):
    """A rule that the booking would break."""

    field: str | None
    code: str
    message: str
    may_be_set_aside: Annotated[bool, Field(description="仪器管理方可否例外放行")]


class CalendarDayIn(Input):
    """A day that is not what its weekday says."""

    day: Day
    acts_as: Annotated[int, Field(ge=0, le=7, description="0 为不开放；1–7 为按该星期几开放")]
    name: Annotated[str, Line(100)]


class CalendarDayOut(Output):
    """A special day of a province, an organisation or an instrument."""

    id: UUID
    organisation_id: UUID | None
    instrument_id: UUID | None
    day: date
    acts_as: int
    name: str
