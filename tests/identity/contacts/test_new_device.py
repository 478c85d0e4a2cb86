"""A sign-in from a device never seen before is told to its person, and no other is."""

import httpx2

from app.core.db import Database
from app.settings import Settings
from tests.support.accounts import ADDRESS, with_address
from tests.support.mail import Mailbox, text_of
from tests.support.oauth import password_sign_in
from tests.support.people import PASSWORD

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0"


async def test_a_new_device_is_told_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await with_address(database, settings)
    await password_sign_in(client, login_name=ADDRESS, password=PASSWORD)
    assert await mailbox.collect(database, settings) == []
    client.headers["user-agent"] = FIREFOX
    for told in (1, 0):
        client.cookies.clear()
        await password_sign_in(client, login_name=ADDRESS, password=PASSWORD)
        mails = await mailbox.collect(database, settings)
        assert len(mails) == told
        assert all(mail["to"] == ADDRESS and "Firefox 145 · Windows" in text_of(mail) for mail in mails)
