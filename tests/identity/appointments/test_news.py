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


async def test_the_other_admins_are_told_of_every_change_to_how_people_sign_in(
    office: Office, mailbox: Mailbox
) -> None:
    person, admin = await office.admin("陈静")
    other, _ = await office.admin("周明远")
    await reachable(office, person, "first@example.com")
    await reachable(office, other, "second@example.com")
    api = "/api/v1/identity-providers"
    new = {"name_zh": "省认证", "name_en": "Id", "issuer": "https://id.example", "client_id": "c"}
    new |= {"token_auth_method": "none", "first_sign_in": "refuse"}
    made = await admin.post(api, json=new)
    assert made.status_code == 201, made.text
    one, versions = f"{api}/{made.json()['id']}", iter(range(1, 9))

    def seen() -> dict[str, str]:
        return {"if-match": f'"v{next(versions)}"'}

    assert (await admin.put(one, json={**new, "name_en": "Other"}, headers=seen())).status_code == 200
    assert (await admin.post(f"{one}/enable", headers=seen())).status_code == 200
    assert (await admin.delete(one, headers=seen())).status_code == 204
    collected = [await mailbox.collect(office.clients.database, office.clients.settings) for _ in range(2)]
    told = [(message["to"], message["subject"]) for messages in collected for message in messages]
    assert told == [("second@example.com", "本省的登录方式有变动")] * 4
