"""What can stand in the way of a booking."""

from typing import ClassVar

from app.core.errors import Conflict
from app.core.i18n import Message, msg


class SlotTaken(Conflict):
    """Another booking occupies the unit then; the problem carries free alternatives."""

    code = "instruments.slot_taken"
    title: ClassVar[Message] = msg("该时段已被占用")


class AlreadyBooked(SlotTaken):
    """The wish sent again: the caller has this very time on this unit; the problem carries `booking_id`."""

    title: ClassVar[Message] = msg("您已预约该时段")


class NotBookable(Conflict):
    """The instrument, or the booking, is in a state that forbids this."""

    code = "instruments.not_bookable"
    title: ClassVar[Message] = msg("当前状态不能进行此操作")


class TooLateToCancel(Conflict):
    """The instrument's rules want a cancellation earlier; its own side may still cancel."""

    code = "instruments.too_late_to_cancel"
    title: ClassVar[Message] = msg("已过可以取消的时限")


class RequestExpired(Conflict):
    """A request is decided before its start, and within the approvers' time."""

    code = "instruments.request_expired"
    title: ClassVar[Message] = msg("该预约已过审批时限，不能再处理")


class AlreadyStarted(Conflict):
    """A booking whose start has passed is neither moved nor cancelled."""

    code = "instruments.already_started"
    title: ClassVar[Message] = msg("预约已经开始，不能再更改或取消")
