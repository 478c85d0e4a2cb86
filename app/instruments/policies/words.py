"""What settings, audiences and places are called."""

from collections.abc import Mapping
from typing import Any

from app.core.i18n import Message, msg, pmsg

MINUTES = msg("分钟")
LABELS: Mapping[str, tuple[Message, Message | None]] = {
    "bookable": (msg("接受预约"), None),
    "step_min": (msg("时间粒度"), MINUTES),
    "min_min": (msg("最短时长"), MINUTES),
    "max_min": (msg("最长时长"), MINUTES),
    "setup_min": (msg("前留准备时间"), MINUTES),
    "teardown_min": (msg("后留清理时间"), MINUTES),
    "horizon_days": (msg("可提前预约"), msg("天")),
    "lead_min": (msg("最少提前量"), MINUTES),
    "move_lead_min": (msg("改期的最少提前量"), MINUTES),
    "cancel_lead_min": (msg("取消的最少提前量"), MINUTES),
    "gap_min": (msg("同一人两次预约的间隔"), MINUTES),
    "max_active": (msg("每人未完成的预约"), msg("个")),
    "max_pending": (msg("每人待审批的预约"), msg("个")),
    "user_day_min": (msg("每人每天"), MINUTES),
    "user_week_min": (msg("每人每周"), MINUTES),
    "user_month_min": (msg("每人每月"), MINUTES),
    "payer_day_min": (msg("每单位每天"), MINUTES),
    "payer_week_min": (msg("每单位每周"), MINUTES),
    "payer_month_min": (msg("每单位每月"), MINUTES),
    "requires_approval": (msg("须经审批"), None),
    "approval_sla_min": (msg("审批时限"), MINUTES),
    "pending_holds_slot": (msg("待审批时占住时段"), None),
    "hold_ttl_min": (msg("占位时限"), MINUTES),
    "keeps_holidays": (msg("随节假日和调休"), None),
}
"""The name of each setting, and the unit of its number."""
GROUPS: tuple[tuple[Message, tuple[str, ...]], ...] = (
    (msg("时长"), ("step_min", "min_min", "max_min", "setup_min", "teardown_min")),
    (msg("何时预约"), ("horizon_days", "lead_min", "move_lead_min", "cancel_lead_min")),
    (msg("审批"), ("approval_sla_min", "hold_ttl_min")),
    (
        msg("配额"),
        (
            *("gap_min", "max_active", "max_pending", "user_day_min", "user_week_min", "user_month_min"),
            *("payer_day_min", "payer_week_min", "payer_month_min"),
        ),
    ),
)
"""The numbers, as the form groups them."""
AUDIENCES: Mapping[str, Message] = {
    "": msg("所有人"),
    "internal": msg("本单位"),
    "academic": msg("高校院所"),
    "enterprise": msg("企业"),
    "government": msg("政府机关"),
    "other_province": msg("外省单位"),
}
PLACES: Mapping[str | None, Message] = {
    "unit": pmsg("one", "单元"),
    "instrument": pmsg("one", "仪器"),
    "organisation": pmsg("one", "单位"),
    "province": msg("全省"),
    None: msg("默认"),
}
FIELDS: Mapping[str, Message] = {
    "audience": msg("适用对象"),
    "days": msg("特殊日期"),
    **{name: label for name, (label, _) in LABELS.items()},
}
"""For readers of the journal."""


def said(name: str, value: Any) -> Message:
    """A setting's value in words."""
    if isinstance(value, bool):
        return msg("是") if value else msg("否")
    unit = LABELS[name][1]
    return msg("{number} {unit}", number=value, unit=unit or "")
