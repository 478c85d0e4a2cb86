"""What can stand in the way of granting qualifications."""

from app.core.errors import Conflict, FieldError, Invalid, on_violation
from app.core.i18n import Message, msg


class TypeNameTaken(Conflict):
    """The organisation has a type of this name."""

    code = "qualifications.name_taken"
    title = msg("该单位已有同名的资格类型")

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("name_zh", "taken", self.title)])


class RequestedAlready(Conflict):
    """One open request a person and type."""

    code = "qualifications.requested_already"
    title = msg("您已申请该资格，请等待审核")


class RequestClosed(Conflict):
    """Somebody decided, or it was withdrawn."""

    code = "qualifications.request_closed"
    title = msg("该申请已处理或已撤回")


class NotGrantable(Conflict):
    """What the person holds forbids this grant."""

    code = "qualifications.not_grantable"
    title = msg("目前不能授予该资格")


class NotGranted(Conflict):
    """The type is no longer granted."""

    code = "qualifications.type_closed"
    title = msg("该资格类型已停止授予")


class StepImpossible(Conflict):
    """The qualification is in another state by now."""

    code = "qualifications.step_impossible"
    title = msg("资格的状态已经改变，请刷新后查看")


class TooManyRequirements(Conflict):
    """An instrument asks for no more than a person can read."""

    code = "qualifications.too_many_requirements"
    title = msg("一台仪器最多要求 10 种资格")


on_violation("uq_qualification_type_organisation_id_name_zh", TypeNameTaken)
on_violation("ix_qualification_request_open", RequestedAlready)


def invalid(field: str, code: str, reason: Message) -> Invalid:
    """One fault of what was sent."""
    return Invalid(errors=[FieldError(field, code, reason)])
