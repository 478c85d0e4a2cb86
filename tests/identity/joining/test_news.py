"""Who is told by mail: the applicant of a decision, the managers of a request, the person of an answer."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import insert

from app.access.permissions import Role
from app.core.db import Database
from app.identity.contacts.models import EmailAddress
from app.identity.context import sign_in_context
from app.settings import Settings
from tests.identity.joining.conftest import API, ZHEJIANG, Desk, version
from tests.support.mail import Mailbox
from tests.support.places import make_organisation

Collect = Callable[[], Awaitable[dict[str, str]]]
Reachable = Callable[[httpx2.AsyncClient, str], Awaitable[None]]


@pytest.fixture
def collect(desk: Desk, mailbox: Mailbox, settings: Settings) -> Collect:
    """What was sent, by recipient."""

    async def collected() -> dict[str, str]:
        # The job that finds the addresses, then those that send.
        found = [
            *await mailbox.collect(desk.database, settings),
            *await mailbox.collect(desk.database, settings),
        ]
        return {str(mail["to"]): str(mail["subject"]) for mail in found}

    return collected


@pytest.fixture
def reachable(database: Database, settings: Settings) -> Reachable:
    """Give a person an address."""

    async def given(client: httpx2.AsyncClient, address: str) -> None:
        me = (await client.get("/api/v1/me")).json()
        values = {"tenant_id": me["province"], "account_id": UUID(me["id"]), "address": address}
        async with database.transaction(
            sign_in_context(settings, tenant_id=me["province"]).info()
        ) as session:
            await session.execute(insert(EmailAddress).values(**values))

    return given


async def test_an_applicant_hears_of_each_decision(
    desk: Desk, collect: Collect, reachable: Reachable
) -> None:
    clerk, admin = await desk.clerk(), await desk.admin()
    await reachable(clerk, "clerk@example.cn")
    application_id = await desk.submitted(clerk, name="钱塘示例科技有限公司")
    url = f"{API}/{application_id}"
    shown = await admin.get(url)
    returned = await admin.post(f"{url}/return", json={"reason": "看不清"}, headers=version(shown))
    assert await collect() == {"clerk@example.cn": "「钱塘示例科技有限公司」的入驻申请需要补正"}
    again = await clerk.post(f"{url}/submit", headers=version(returned))
    assert await collect() == {}
    await admin.post(f"{url}/approve", headers=version(again))
    assert await collect() == {"clerk@example.cn": "「钱塘示例科技有限公司」的入驻申请已批准"}


async def test_the_provinces_admins_hear_of_an_application_each_time_it_is_handed_in(
    desk: Desk, collect: Collect, reachable: Reachable
) -> None:
    clerk, admin = await desk.clerk(), await desk.admin()
    foreign, auditor = await desk.admin("320000"), await desk.clients.of(ZHEJIANG, roles=[Role.AUDITOR])
    for browser, name in ((admin, "admin"), (foreign, "foreign"), (auditor, "auditor")):
        await reachable(browser, f"{name}@example.cn")
    told = {"admin@example.cn": "「钱塘示例科技有限公司」的入驻申请等待审核"}
    application_id = await desk.submitted(clerk, name="钱塘示例科技有限公司")
    assert await collect() == told
    url = f"{API}/{application_id}"
    returned = await admin.post(
        f"{url}/return", json={"reason": "看不清"}, headers=version(await admin.get(url))
    )
    assert await collect() == {}
    again = await clerk.post(f"{url}/submit", headers=version(returned))
    await clerk.post(f"{url}/withdraw", headers=version(again))
    assert await collect() == {}, "it was withdrawn before the mail was written"


async def test_managers_are_asked_and_admins_where_there_are_none(
    desk: Desk, database: Database, collect: Collect, reachable: Reachable
) -> None:
    managed = await make_organisation(database, ZHEJIANG, "钱塘示例大学")
    orphan = await make_organisation(database, ZHEJIANG, "西溪示例研究院", scope="province")
    manager = await desk.clerk(name="周明远", organisations={managed: Role.MANAGER})
    admin, foreign, clerk = await desk.admin(), await desk.admin("320000"), await desk.clerk()
    await reachable(manager, "manager@example.cn")
    await reachable(admin, "admin@example.cn")
    await reachable(foreign, "foreign@example.cn")
    await reachable(clerk, "clerk@example.cn")
    asked = (await clerk.post(f"/api/v1/organisations/{managed}/join-requests", json={})).json()["id"]
    assert await collect() == {"manager@example.cn": "有人申请加入「钱塘示例大学」"}
    await clerk.post(f"/api/v1/organisations/{orphan}/join-requests", json={})
    assert await collect() == {"admin@example.cn": "有人申请加入「西溪示例研究院」"}
    await manager.post(f"/api/v1/organisations/{managed}/join-requests/{asked}/approve")
    assert await collect() == {"clerk@example.cn": "您已成为「钱塘示例大学」的成员"}


async def test_an_invited_sign_in_name_is_told_and_an_unknown_one_is_nobody(
    desk: Desk, database: Database, collect: Collect, reachable: Reachable
) -> None:
    made = await make_organisation(database, ZHEJIANG, "钱塘示例大学")
    manager = await desk.clerk(name="周明远", organisations={made: Role.MANAGER})
    clerk = await desk.clerk(login_name="shen.zhixing")
    await reachable(clerk, "clerk@example.cn")
    for name in ("shen.zhixing", "nobody.at.all"):
        invitation = {"invitee": name, "by": "login_name"}
        assert (
            await manager.post(f"/api/v1/organisations/{made}/invitations", json=invitation)
        ).status_code == 201
    assert await collect() == {"clerk@example.cn": "「钱塘示例大学」邀请您加入"}
