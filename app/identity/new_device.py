"""Telling a person by mail, and by text message where there is a number, that somebody signed in from a browser never seen before (ASVS 5.0 V6.3.5)."""

from uuid import UUID

from sqlalchemy import func, select

from app.core.db import Session
from app.core.i18n import Locale, msg
from app.identity.contacts import sms
from app.identity.contacts.reach import write_to
from app.identity.devices import Device
from app.identity.factors.notices import NOT_YOU
from app.identity.models import BrowserSession
from app.identity.user_agents import device_name
from app.notify.public import Mail


async def tell_of_new_device(session: Session, *, tenant_id: str, account_id: UUID, device: Device) -> None:
    """Queue the messages before the session is opened, in its transaction; a first sign-in is news to nobody.

    Sessions are kept for 30 days after their end: a device that was away for longer is new again.
    """
    before = select(
        func.count(),
        func.count().filter(
            BrowserSession.user_agent == device.user_agent, BrowserSession.address == device.address
        ),
    ).where(BrowserSession.account_id == account_id, BrowserSession.awaiting_factor.is_(False))
    sessions, same = (await session.execute(before)).one()
    if not sessions or same:
        return
    await sms.tell(session, tenant_id=tenant_id, account_id=account_id, what=sms.NEW_DEVICE)
    what = msg(
        "{device}（网络地址 {address}）刚刚登录了您的账号。",
        device=device_name(device.user_agent),
        address=device.address,
    )

    def mail(to: str, locale: Locale) -> Mail:
        return Mail(to, msg("您的账号在新的设备上登录"), (what, NOT_YOU), locale=locale)

    await write_to(session, tenant_id=tenant_id, account_id=account_id, mail=mail)
