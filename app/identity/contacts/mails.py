"""What the mails about an account say."""

from app.core.i18n import Locale, Message, msg
from app.notify.public import Mail
from app.settings import Settings

NOT_YOU = msg("如果不是您本人的操作，请不要打开链接，并忽略本邮件。")

NOT_YOUR_DOING = msg("如果不是您本人的操作，请立即登录并更改密码。")


def _mail(
    to: str,
    locale: Locale,
    subject: Message,
    *paragraphs: Message,
    link: tuple[str, Message] | None = None,
) -> Mail:
    if link is None:
        return Mail(to=to, subject=subject, paragraphs=paragraphs, locale=locale)
    return Mail(to=to, subject=subject, paragraphs=paragraphs, link=link[0], action=link[1], locale=locale)


def confirm_registration(to: str, locale: Locale, link: str) -> Mail:
    """To whoever gave this address for a new account."""
    return _mail(
        to,
        locale,
        msg("确认您的邮箱，开通账号"),
        msg(
            "有人用这个邮箱注册长三角创新资源共享平台的账号。请在 24 小时内打开链接，并再次输入注册时设置的密码。"
        ),
        NOT_YOU,
        link=(link, msg("确认邮箱")),
    )


def has_account(to: str, locale: Locale, settings: Settings) -> Mail:
    """To the holder of an address that somebody wanted to use."""
    return _mail(
        to,
        locale,
        msg("您已有平台账号"),
        msg(
            "有人想用这个邮箱注册账号，或把它设为另一个账号的邮箱。这个邮箱已属于一个账号，因此没有任何改变。"
        ),
        msg("如果是您本人忘记了密码，可以在找回页面重新设置。"),
        link=(f"{settings.base_url.rstrip('/')}/recover", msg("找回账号")),
    )


def recover(to: str, locale: Locale, link: str) -> Mail:
    """To the holder of an account who forgot the password."""
    return _mail(
        to,
        locale,
        msg("重新设置密码"),
        msg("有人请求重新设置您账号的密码。链接 30 分钟内有效，只能使用一次。"),
        NOT_YOU,
        link=(link, msg("设置新密码")),
    )


def signs_in_elsewhere(to: str, locale: Locale, providers: Message, settings: Settings) -> Mail:
    """To the holder of an account without a password of ours."""
    return _mail(
        to,
        locale,
        msg("您的账号没有平台密码"),
        msg(
            "有人请求重新设置您账号的密码。您的账号通过「{providers}」登录，密码由其管理，请在那里找回。",
            providers=providers,
        ),
        link=(f"{settings.base_url.rstrip('/')}/sign-in", msg("去登录")),
    )


def password_changed(to: str, locale: Locale, settings: Settings) -> Mail:
    """After the password was changed or set anew."""
    return _mail(
        to,
        locale,
        msg("您的密码已更改"),
        msg("您的平台密码刚刚被更改，其他设备上的登录已经结束。"),
        msg("如果不是您本人的操作，请立即重新设置密码。"),
        link=(f"{settings.base_url.rstrip('/')}/recover", msg("找回账号")),
    )


def confirm_change(to: str, locale: Locale, link: str) -> Mail:
    """To an address that an account wants to have."""
    return _mail(
        to,
        locale,
        msg("确认新的邮箱"),
        msg("请在 24 小时内打开链接，确认把这个邮箱设为您平台账号的邮箱。"),
        NOT_YOU,
        link=(link, msg("确认邮箱")),
    )


def undo_change(to: str, locale: Locale, link: str) -> Mail:
    """To the address that an account has until now."""
    return _mail(
        to,
        locale,
        msg("您账号的邮箱将被更换"),
        msg("有人在您的账号中请求把邮箱换成另一个。如果是您本人，无需处理。"),
        msg("如果不是，请在 7 天内打开链接：邮箱保持或恢复为本邮箱，所有登录立即结束。然后请重新设置密码。"),
        link=(link, msg("保留原来的邮箱")),
    )


def mobile_changed(to: str, locale: Locale, number: str, settings: Settings) -> Mail:
    """After a mobile number was confirmed; `number` as it is shown."""
    return _mail(
        to,
        locale,
        msg("您账号的手机号已设置"),
        msg("您平台账号的手机号现在是 {number}，账号安全的通知也会发到这个手机号。", number=number),
        NOT_YOUR_DOING,
        link=_room(settings),
    )


def mobile_removed(to: str, locale: Locale, settings: Settings) -> Mail:
    """After the mobile number was removed."""
    return _mail(
        to,
        locale,
        msg("您账号的手机号已删除"),
        msg("您平台账号的手机号刚刚被删除，短信通知不再发送。"),
        NOT_YOUR_DOING,
        link=_room(settings),
    )


def _room(settings: Settings) -> tuple[str, Message]:
    return f"{settings.base_url.rstrip('/')}/account/security", msg("查看账号")


def closing(to: str, locale: Locale, settings: Settings) -> Mail:
    """After the person asked to close the account."""
    return _mail(
        to,
        locale,
        msg("您的账号将在 7 天后注销"),
        msg("您请求注销平台账号。7 天内重新登录即可撤回；之后您的个人信息将被删除，无法恢复。"),
        link=(f"{settings.base_url.rstrip('/')}/account/data", msg("撤回注销")),
    )


def not_closed(to: str, locale: Locale, settings: Settings) -> Mail:
    """When something new stands against closing the account after the week."""
    return _mail(
        to,
        locale,
        msg("您的账号没有注销"),
        msg("您请求注销之后，账号有了新的事项，因此没有注销。处理之后可以重新请求。"),
        link=(f"{settings.base_url.rstrip('/')}/account/data", msg("查看原因")),
    )


def closed(to: str, locale: Locale) -> Mail:
    """The last mail an account gets."""
    return _mail(
        to,
        locale,
        msg("您的账号已注销"),
        msg("您的平台账号已按您的请求注销，登录信息、邮箱和姓名已经删除。"),
    )
