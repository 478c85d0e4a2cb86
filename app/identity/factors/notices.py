"""What a person is told by mail and text message when their second factors change (ASVS 5.0 6.3.7), where they can be."""

from uuid import UUID

from app.core.db import Session
from app.core.i18n import Locale, Message, msg
from app.identity.contacts import sms
from app.identity.contacts.reach import write_to
from app.notify.public import Mail

SUBJECT = msg("您的两步验证有变动")
ADDED = msg("您的账号添加了一种验证方式。")
REMOVED = msg("您的账号删除了一种验证方式。")
RESET = msg("本省管理员重置了您的两步验证：全部验证方式和恢复码已删除，所有设备已退出登录。")
NOT_YOU = msg("如非您本人操作，请立即登录并修改密码，结束不认识的登录，并联系本省管理员。")


async def tell(session: Session, *, tenant_id: str, account_id: UUID, what: Message) -> None:
    """Write to the person in the change's own transaction."""
    await sms.tell(session, tenant_id=tenant_id, account_id=account_id, what=sms.FACTORS_CHANGED)

    def mail(to: str, locale: Locale) -> Mail:
        return Mail(to, SUBJECT, (what, NOT_YOU), locale=locale)

    await write_to(session, tenant_id=tenant_id, account_id=account_id, mail=mail)
