"""What a person is told when a sign-in does not succeed."""

from app.core.errors import Conflict, Problem, Unavailable
from app.core.i18n import msg


class ProviderUnreachable(Unavailable):
    """The province's provider does not answer, or not as a provider does."""

    code = "identity.provider_unreachable"
    title = msg("身份提供方暂时无法访问")


class SignInFailed(Problem):
    """The sign-in was not completed."""

    code = "identity.sign_in_failed"
    title = msg("登录未完成，请重新登录")


class NotLinked(Problem):
    """The provider knows this person; the platform does not yet."""

    status = 403
    code = "identity.account_not_linked"
    title = msg("登录成功，但平台上还没有与之关联的账号")

    def __init__(self) -> None:
        super().__init__(msg("请联系所在单位或省级管理员为您开通账号"))


class IdentityTaken(Conflict):
    """The identity signs another account in; whose is not told."""

    code = "identity.identity_taken"
    title = msg("此身份不能关联到您的账号")


class LastIdentity(Conflict):
    """Without it the person could not sign in any more."""

    code = "identity.last_identity"
    title = msg("这是您唯一的登录方式，不能解除关联")
