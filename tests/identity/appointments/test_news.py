"""Whom a mail tells of an office, over a real SMTP server."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.identity.context import sign_in_context
from tests.identity.appointments.conftest import WHY, Office
from tests.support.mail import Mailbox
from tests.support.people import Person


async def reachable(office: Office, person: Person, address: str) -> None:
    context = sign_in_context(office.clients.settings).info()
    async with office.clients.database.transaction(context) as session:
        await session.execute(
            text(
                "INSERT INTO email_address (tenant_id, account_id, address) VALUES (:tenant, :id, :address)"
            ),
            {"tenant": person.tenant_id, "id": person.id, "address": address},
        )


async def test_who_is_concerned_is_told(office: Office, mailbox: Mailbox) -> None:
    first_person, first = await office.admin("陈静")
    second_person, second = await office.admin("周明远")
    person = await office.person("沈知行")
    for one, address in (
        (first_person, "first@example.com"),
        (second_person, "second@example.com"),
        (person, "person@example.com"),
    ):
        await reachable(office, one, address)

    async def told() -> list[tuple[str, str]]:
        # First the news find their addresses, then the mails are sent.
        collected = [
            await mailbox.collect(office.clients.database, office.clients.settings) for _ in range(2)
        ]
        found = [message for messages in collected for message in messages]
        assert all("沈知行" not in str(message) for message in found)
        return sorted((str(message["to"]), str(message["subject"])) for message in found)

    made = await first.post("/api/v1/appointments", json={"account_id": str(person.id), **WHY})
    assert await told() == [("second@example.com", "一份任命提议等待您决定")]
    await second.post(f"/api/v1/appointments/{made.json()['id']}/approve")
    assert await told() == [
        ("first@example.com", "您的任命提议有了结果"),
        ("person@example.com", "您在本省有了新的角色"),
    ]
    await second.post(f"/api/v1/people/{person.id}/roles/province_admin/revoke", json=WHY)
    await second.post(f"/api/v1/people/{person.id}/suspend", json=WHY)
    assert await told() == [
        ("person@example.com", "您在本省的一个角色已被免去"),
        ("person@example.com", "您的账号已被停用"),
    ]
    await second.post(f"/api/v1/people/{person.id}/reactivate", json=WHY)
    lent = await first.post(
        "/api/v1/me/delegations",
        json={
            "role": "province_admin",
            "deputy_id": str(person.id),
            "ends_at": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
            **WHY,
        },
    )
    assert lent.status_code == 201
    assert ("second@example.com", "一份任命提议等待您决定") in await told()
