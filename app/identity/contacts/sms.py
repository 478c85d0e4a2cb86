"""What the text messages about an account say, and the notices among them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.core.db import Session
from app.core.i18n import Locale, Message, msg
from app.identity import throttle
from app.identity.contacts.models import MobileNumber
from app.identity.contacts.reach import locale_of
from app.notify.public import Sms, queue_sms

CODE_LASTS = timedelta(minutes=10)
NOTICE_LASTS = timedelta(hours=4)
OF_NOTICES = throttle.Limit(free=10, first=600, longest=86400, idle=86400)
"""Notices of one account: whoever signs in and out with a stolen password does not ring its person all night."""

NEW_DEVICE = msg("您的账号刚刚在新的设备上登录。")
EMAIL_CHANGE_ASKED = msg("有人请求更换您账号的邮箱，详情已发到原来的邮箱。")
EMAIL_CHANGED = msg("您账号的邮箱刚刚更换。")
EMAIL_KEPT = msg("您账号的邮箱已保持或恢复为原来的邮箱，所有登录已结束。")
PASSWORD_CHANGED = msg("您账号的密码刚刚更改。")
FACTORS_CHANGED = msg("您账号的两步验证有变动。")
MOBILE_CHANGED = msg("您账号的手机号刚刚更换或删除，本号码不再接收通知。")
NOT_YOU = msg("如非本人操作，请立即登录并更改密码。")


def code(to: str, locale: Locale, digits: str) -> Sms:
    """To a number that an account wants to have."""
    sentences = (
        msg("验证码 {digits}，10 分钟内有效。", digits=digits),
        msg("用于确认您平台账号的手机号，请勿告诉任何人。"),
    )
    return Sms(to, sentences, CODE_LASTS, locale)


async def tell(session: Session, *, tenant_id: str, account_id: UUID, what: Message) -> None:
    """Send a notice to an account's mobile number, where it has one. Runs in the sign-in context.

    A few go at once, then one at growing intervals; those between are not sent, for the mail has said it.
    """
    number = await session.scalar(select(MobileNumber.number).where(MobileNumber.account_id == account_id))
    if number is None or await throttle.count(session, b"sms-notice" + account_id.bytes, OF_NOTICES):
        return
    notice = Sms(number, (what, NOT_YOU), NOTICE_LASTS, await locale_of(session, account_id))
    await queue_sms(session, notice, tenant_id=tenant_id)
