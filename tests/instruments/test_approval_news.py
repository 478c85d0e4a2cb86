"""Mails about requests: whoever decides is asked, whoever asked is answered, and what time ends is told once."""

from uuid import UUID

import httpx2
from sqlalchemy import func, select

from app.identity import public as identity
from app.instruments.booking.news import settle_due
from app.jobs.public import Job
from app.journal.models import JournalEvent
from app.tenancy.context import TenantContext
from tests.instruments.test_approvals import Desk
from tests.instruments.test_approvals import desk as desk  # noqa: PLC0414 - a fixture is known by its name
from tests.support.mail import Mailbox


async def reached(desk: Desk, client: httpx2.AsyncClient, province: str, address: str) -> None:
    account_id = UUID((await client.get("/api/v1/me")).json()["id"])
    async with desk.database.transaction(identity.sign_in_context(desk.settings).info()) as session:
        await identity.add_address(session, province, account_id, address)


async def told(desk: Desk, mailbox: Mailbox) -> list[tuple[str, str]]:
    # The end of a request is written, then the news find the address, then the mails are sent.
    found = [mail for _ in range(3) for mail in await mailbox.collect(desk.database, desk.settings)]
    return [(str(mail["to"]), str(mail["subject"])) for mail in found]


async def test_the_desk_is_asked_and_the_requester_answered(desk: Desk, mailbox: Mailbox) -> None:
    await reached(desk, desk.manager, "330000", "desk@example.cn")
    await reached(desk, desk.client, "310000", "lin@example.cn")
    asked = await desk.ask()
    assert await told(desk, mailbox) == [("desk@example.cn", "「场发射扫描电子显微镜」有新的预约待审批")]
    assert (await desk.decide(asked, "approve")).status_code == 200
    assert await told(desk, mailbox) == [("lin@example.cn", "「场发射扫描电子显微镜」的预约已获批准")]


async def test_a_request_that_time_ended_is_told_once(desk: Desk, mailbox: Mailbox) -> None:
    await reached(desk, desk.client, "310000", "lin@example.cn")
    asked = await desk.ask()
    await told(desk, mailbox)
    await desk.pass_time("due_at")
    for number in (1, 2):
        job = Job(number, "instruments.settle_due", {}, 1, True, desk.database, desk.settings)
        await settle_due(job)
    assert await told(desk, mailbox) == [("lin@example.cn", "「场发射扫描电子显微镜」的预约逾期未批，已作废")]
    assert await desk.state(asked) == "expired"
    async with desk.database.transaction(TenantContext("330000").info()) as session:
        events = select(func.count()).where(JournalEvent.kind == "booking.expired")
        assert await session.scalar(events) == 1
