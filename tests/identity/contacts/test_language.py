"""A person is written to in the language they last signed in with, also by those who do not know it."""

import httpx2
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.settings import Settings
from tests.support.accounts import ADDRESS, with_address
from tests.support.clients import clients_of
from tests.support.mail import Mailbox
from tests.support.oauth import password_sign_in
from tests.support.people import PASSWORD


async def test_a_person_is_written_to_in_the_language_of_their_last_sign_in(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    person = await with_address(database, settings)

    async def told() -> list[str]:
        # First the news find the address, then the mails are sent.
        return [str(mail["subject"]) for _ in range(2) for mail in await mailbox.collect(database, settings)]

    async def signs_in(language: str, browser: str) -> None:
        client.cookies.clear()
        client.headers |= {"accept-language": language, "user-agent": browser}
        await password_sign_in(client, login_name=ADDRESS, password=PASSWORD)

    await signs_in("zh-CN", "one")
    await signs_in("en-GB", "another")
    assert await told() == ["A new device signed in to your account"]
    async with clients_of(app) as clients:
        admin = await clients.of("310000", roles=[Role.PROVINCE_ADMIN])
        for deed in ("suspend", "reactivate"):
            done = await admin.post(f"/api/v1/people/{person.id}/{deed}", json={"reason": "离职核查"})
            assert done.status_code == 204
    assert await told() == ["Your account was suspended", "Your account is active again"]
    await signs_in("zh-CN", "a third")
    assert await told() == ["您的账号在新的设备上登录"]
