"""What can be in the way of joining."""

from uuid import UUID

from app.core.errors import Conflict, FieldError, Invalid, NotFound, on_violation
from app.core.i18n import Message, msg
from app.organisations.public import Organisation, UsccTaken


class RegisteredAlready(UsccTaken):
    """The organisation is here, and the applicant may see it: they can ask to join it instead."""

    def __init__(self, organisation: Organisation, *, joinable: bool) -> None:
        name = organisation.name
        reason = (
            msg("「{name}」已经在平台上，您可以直接申请加入", name=name)
            if joinable
            else msg("「{name}」已经在平台上，属于其他省份", name=name)
        )
        super().__init__(reason)
        self.joinable: UUID | None = organisation.id if joinable else None


class ApplicationPending(Conflict):
    """One application a code and province at a time."""

    code = "identity.application_pending"
    title = msg("该统一社会信用代码已有一份入驻申请正在审核，请等待结果或联系省级管理员")


class TooManyApplications(Conflict):
    """Drafts are not collected."""

    code = "identity.applications_too_many"
    title = msg("您未办结的申请太多，请先提交或撤回其中的几份")


class StepImpossible(Conflict):
    """The application is in another state by now."""

    code = "identity.application_step_impossible"
    title = msg("申请的状态已经改变，请刷新后查看")


class ApplicantGone(Conflict):
    """Nobody would manage the organisation."""

    code = "identity.applicant_gone"
    title = msg("申请人的账号已停用或注销，不能批准；可以退回或驳回")


class InvitationUnknown(NotFound):
    """No invitation for this caller: it never was, or it is another person's or province's."""

    code = "identity.invitation_unknown"
    title = msg("邀请无效，或者不是发给您的")

    def __init__(self) -> None:
        super().__init__(msg("请确认链接完整，并用受邀的账号登录；只能加入账号所在省份的单位"))


class InvitationClosed(Conflict):
    """It is over."""

    code = "identity.invitation_closed"
    title = msg("邀请已失效")
    advice = msg("您已经加入的单位列在账户页上。")
    ways_on = ((msg("我的账户"), "/account"),)

    def __init__(self) -> None:
        super().__init__(msg("它已被使用、撤回、谢绝或过期；需要时请对方重新邀请"))


class InvitedAlready(Conflict):
    """One open invitation a person and organisation."""

    code = "identity.invited_already"
    title = msg("已经邀请过对方，可以在列表中重新发送")


class RequestedAlready(Conflict):
    """One open request a person and organisation."""

    code = "identity.join_requested_already"
    title = msg("您已申请加入该单位，请等待审核")


class RequestClosed(Conflict):
    """Somebody decided, or it was withdrawn."""

    code = "identity.join_request_closed"
    title = msg("该申请已处理或已撤回")


on_violation("ix_organisation_application_open", ApplicationPending)
on_violation("ix_organisation_invitation_open", InvitedAlready)
on_violation("ix_join_request_open", RequestedAlready)


def wrong_files(reasons: list[tuple[str, Message]]) -> Invalid:
    """What is wrong with files that were sent: a stable code and a reason each."""
    return Invalid(errors=[FieldError("files", code, reason) for code, reason in reasons])
