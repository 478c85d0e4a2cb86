"""Whom a mail tells of an application, over a real SMTP server."""

from uuid import UUID

import httpx2

from app.identity import public as identity
from app.settings import Settings
from tests.identity.oauth_applications.conftest import API, ZHEJIANG, Bench, application, version
from tests.support.mail import Mailbox, link_of, text_of

ADDRESS = "developer@example.com"


async def test_admins_are_told_that_an_application_waits_for_them(
    bench: Bench, settings: Settings, mailbox: Mailbox
) -> None:
    developer, admin = await bench.developer(), await bench.admin()
    account_id = UUID((await admin.get("/api/v1/me")).json()["id"])
    async with bench.database.transaction(identity.sign_in_context(settings).info()) as session:
        await identity.add_address(session, ZHEJIANG, account_id, "admin@example.com")
    made = await bench.registered(developer)

    async def told() -> list[tuple[str, str, str]]:
        found = [mail for _ in range(2) for mail in await mailbox.collect(bench.database, settings)]
        return [(str(mail["to"]), str(mail["subject"]), link_of(mail)) for mail in found]

    async def changed(**values: object) -> None:
        wanted = {name: value for name, value in application(**values).items() if name != "kind"}
        seen = version(await developer.get(f"{API}/{made.id}"))
        assert (await developer.put(f"{API}/{made.id}", json=wanted, headers=seen)).status_code == 200

    page = f"{settings.base_url}/applications/{made.id}"
    assert await told() == [("admin@example.com", "应用「仪器看板」等待审核", page)]
    await changed(purpose="本周预约")
    assert await told() == [], "it waits as before"
    await bench.decided(admin, made, decision="refuse", reason="用途不清")
    await changed(purpose="下周预约")
    assert await told() == [("admin@example.com", "应用「仪器看板」等待审核", page)]
    await bench.decided(admin, made, decision="approve")
    await changed(name="预约看板", purpose="下周预约")
    assert await told() == [("admin@example.com", "应用「仪器看板」等待审核", page)]


async def test_the_developer_is_told_what_an_admin_decides(
    bench: Bench, settings: Settings, mailbox: Mailbox
) -> None:
    developer, admin = await bench.developer(), await bench.admin()
    account_id = UUID((await developer.get("/api/v1/me")).json()["id"])
    async with bench.database.transaction(identity.sign_in_context(settings).info()) as session:
        await identity.add_address(session, ZHEJIANG, account_id, ADDRESS)
    made = await bench.registered(developer)

    async def told() -> list[tuple[str, str, bool]]:
        # First the news find the address, then the mails are sent.
        found = [mail for _ in range(2) for mail in await mailbox.collect(bench.database, settings)]
        assert all(link_of(mail) == f"{settings.base_url}{made.page}" for mail in found)
        return [(str(m["to"]), str(m["subject"]), "用途不清" in text_of(m)) for m in found]

    async def switched(browser: httpx2.AsyncClient, deed: str) -> None:
        seen = version(await browser.get(f"{API}/{made.id}"))
        assert (await browser.post(f"{API}/{made.id}/{deed}", headers=seen)).status_code == 200

    assert await told() == [], "nobody is told of their own deeds"
    await bench.decided(admin, made, decision="refuse", reason="用途不清")
    assert await told() == [(ADDRESS, "您的应用「仪器看板」未获批准", True)]
    mended = {name: value for name, value in application(purpose="本周预约").items() if name != "kind"}
    seen = version(await developer.get(f"{API}/{made.id}"))
    assert (await developer.put(f"{API}/{made.id}", json=mended, headers=seen)).status_code == 200
    await bench.decided(admin, made, decision="approve")
    assert await told() == [(ADDRESS, "您的应用「仪器看板」已获批准", False)]
    await switched(admin, "disable")
    assert await told() == [(ADDRESS, "您的应用「仪器看板」已被停用", False)]
    await switched(admin, "enable")
    assert await told() == [(ADDRESS, "您的应用「仪器看板」已恢复使用", False)]
    await switched(developer, "disable")
    assert await told() == []
