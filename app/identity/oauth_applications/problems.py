"""What can go wrong with applications."""

from app.core.errors import Conflict
from app.core.i18n import msg


class TooManyApplications(Conflict):
    """A person has as many as they may."""

    code = "identity.too_many_applications"
    title = msg("您登记的应用已达上限，请先关闭不再使用的应用")


class NothingToReview(Conflict):
    """Somebody decided already, or there is nothing to decide."""

    code = "identity.nothing_to_review"
    title = msg("该应用没有等待审核的内容，可能已由他人处理")


class NoSecret(Conflict):
    """It proves who it is otherwise."""

    code = "identity.application_without_secret"
    title = msg("该应用不使用密钥登录，没有可以更换的密钥")


class StatusUnchanged(Conflict):
    """It is so already."""

    code = "identity.application_status_unchanged"
    title = msg("该应用已处于此状态")
