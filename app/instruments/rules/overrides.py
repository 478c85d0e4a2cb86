"""Which rules the instrument's side may set aside for a booking, with a reason; what is physically impossible, nobody may.

Each rule has the least role that may: a steward lets somebody come early or stay long, whom the rules refuse altogether
only the organisation's manager or the province lets in.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from app.core.errors import FieldError

Role = Literal["steward", "manager"]
BY: Mapping[str, Role] = {
    "lead_time": "steward",
    "beyond_horizon": "steward",
    "off_grid": "steward",
    "too_short": "steward",
    "too_long": "steward",
    "outside_opening_hours": "steward",
    "gap_too_short": "steward",
    "max_active": "steward",
    "max_pending": "steward",
    "quota_user_day": "steward",
    "quota_user_week": "steward",
    "quota_user_month": "steward",
    "quota_payer_day": "manager",
    "quota_payer_week": "manager",
    "quota_payer_month": "manager",
    "not_for_you": "manager",
    "qualification_missing": "manager",
    "qualification_level_too_low": "manager",
    "qualification_expired_on_date": "manager",
}


def set_aside(found: Sequence[FieldError], role: Role | None) -> tuple[list[FieldError], list[str]]:
    """The faults that stay, and the codes of those that `role` sets aside."""
    may = {code for code, least in BY.items() if role in {"manager", least}}
    return [fault for fault in found if fault.code not in may], sorted(
        {f.code for f in found if f.code in may}
    )
