"""Invitations: a link that works once, for people of the province, and tells nobody who exists."""

import asyncio
import re
from dataclasses import dataclass
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.main import create_app
from app.settings import Settings
from tests.identity.joining.conftest import ZHEJIANG, Desk
from tests.support.clients import Clients, clients_of
from tests.support.forms import forms_of, submit
from tests.support.mail import Mailbox
from tests.support.people import make_person, sign_in
from tests.support.places import make_organisation

HTML = {"accept": "text/html"}


@dataclass
class House:
    """An organisation of Zhejiang, its manager, and the mail."""

    desk: Desk
    id: UUID
    manager: httpx2.AsyncClient
    mailbox: Mailbox
    settings: Settings

    @property
    def api(self) -> str:
        return f"/api/v1/organisations/{self.id}/invitations"

    async def invite(self, invitee: str = "colleague@example.edu.cn", **values: str) -> str:
        """The token of the link that was mailed."""
        sent = await self.manager.post(self.api, json={"invitee": invitee, **values})
        assert sent.status_code == 201, sent.text
        return await self.token()

    async def token(self) -> str:
        (mail,) = await self.mailbox.collect(self.desk.database, self.settings)
        body = mail.get_body(("plain",))
        assert body is not None
        found = re.search(r"http://testserver/join/([\w-]+)", body.get_content())
        assert found is not None
        return found[1]

    async def accept(self, who: httpx2.AsyncClient, token: str) -> httpx2.Response:
        return await who.post("/api/v1/me/invitations/accept", json={"token": token})


@pytest.fixture
async def house(desk: Desk, database: Database, settings: Settings, mailbox: Mailbox) -> House:
    made = await make_organisation(database, ZHEJIANG, "钱塘示例大学")
    manager = await desk.clerk(name="周明远", organisations={made: Role.MANAGER})
    return House(desk, made, manager, mailbox, settings)


async def test_a_link_lets_one_person_in_once(house: House) -> None:
    token = await house.invite("Colleague@Example.edu.cn", message="欢迎")
    first, second = await house.desk.clerk(name="沈知行"), await house.desk.clerk(name="许清禾")
    page = await first.get(f"/join/{token}", headers=HTML)
    assert "钱塘示例大学" in page.text
    assert "欢迎" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert await house.desk.roles(house.id) == {"周明远": "manager"}, "looking is not joining"
    joined = await submit(first, f"/join/{token}", f"/join/{token}")
    assert joined.headers["location"] == f"/organisations/{house.id}"
    assert await house.desk.roles(house.id) == {"周明远": "manager", "沈知行": "member"}
    again = await house.accept(second, token)
    assert (again.status_code, again.json()["code"]) == (409, "identity.invitation_closed")
    assert (await second.get(f"/join/{token}", headers=HTML)).status_code == 409
    stored = await house.desk.all("SELECT encode(digest, 'escape') AS digest FROM organisation_invitation")
    assert token not in str(stored)
    assert (await house.manager.get(house.api)).json() == []


async def test_the_signed_out_learn_nothing_and_come_back(house: House, client: httpx2.AsyncClient) -> None:
    token = await house.invite()
    real = await client.get(f"/join/{token}", headers=HTML)
    other = await client.get("/join/nothing-of-the-kind", headers=HTML)
    assert (real.status_code, other.status_code) == (200, 200)
    assert f'href="/sign-in?next=/join/{token}"' in real.text
    assert "钱塘示例大学" not in real.text
    assert real.text.replace(token, "") == other.text.replace("nothing-of-the-kind", "")


async def test_another_province_is_refused_without_a_word_of_whom(house: House) -> None:
    token = await house.invite()
    foreign = await house.desk.clients.of("320000", name="陆文舟")
    known, unknown = await house.accept(foreign, token), await house.accept(foreign, "x" * 43)
    assert (known.status_code, known.json()["code"]) == (404, "identity.invitation_unknown")
    parts = ("code", "title", "detail", "status")
    assert [known.json()[part] for part in parts] == [unknown.json()[part] for part in parts]
    page = await foreign.get(f"/join/{token}", headers=HTML)
    assert page.status_code == 404
    assert "钱塘" not in page.text
    assert (await house.accept(await house.desk.clerk(), token)).status_code == 200


async def test_an_unknown_and_a_foreign_sign_in_name_look_like_a_known_one(
    house: House, database: Database, settings: Settings
) -> None:
    shown = []
    await make_person(database, settings, tenant_id=ZHEJIANG, login_name="known.person")
    await make_person(database, settings, tenant_id="320000", login_name="foreign.person")
    for name in ("known.person", "foreign.person", "nobody.at.all"):
        sent = await house.manager.post(house.api, json={"invitee": name, "by": "login_name"})
        assert sent.status_code == 201
        changing = {"id", "invitee", "created_at", "expires_at"}
        shown.append({key: value for key, value in sent.json().items() if key not in changing})
    assert shown[0] == shown[1] == shown[2]
    assert await house.mailbox.collect(database, settings) == []


async def test_by_sign_in_name_only_that_person_joins(
    house: House, app: FastAPI, database: Database, settings: Settings, client: httpx2.AsyncClient
) -> None:
    person = await make_person(
        database, settings, tenant_id=ZHEJIANG, name="沈知行", login_name="shen.zhixing"
    )
    await sign_in(client, app, person)
    invitation = {"invitee": "Shen.Zhixing", "by": "login_name"}
    made = (await house.manager.post(house.api, json=invitation)).json()["id"]
    stranger = await house.desk.clerk(name="许清禾")
    url = f"/api/v1/me/invitations/{made}"
    assert (await stranger.post(f"{url}/accept")).status_code == 404
    assert (await stranger.post(f"{url}/decline")).status_code == 404
    assert (await stranger.get("/api/v1/me/invitations")).json() == []
    (waiting,) = (await client.get("/api/v1/me/invitations")).json()
    assert (waiting["id"], waiting["organisation_name"]) == (made, "钱塘示例大学")
    joined = await submit(client, "/account", f"/account/invitations/{made}/accept")
    assert joined.status_code == 303
    assert (await house.desk.roles(house.id))["沈知行"] == "member"
    assert (await client.post(f"{url}/accept")).json()["code"] == "identity.invitation_closed"


async def test_revoked_expired_declined_and_sent_again(house: House) -> None:
    clerk = await house.desk.clerk()
    token = await house.invite()
    made = (await house.manager.get(house.api)).json()[0]["id"]
    twice = await house.manager.post(house.api, json={"invitee": "colleague@example.edu.cn"})
    assert (twice.status_code, twice.json()["code"]) == (409, "identity.invited_already")
    assert (await house.manager.post(f"{house.api}/{made}/resend")).status_code == 200
    newer = await house.token()
    assert (await house.accept(clerk, token)).status_code == 404, "the link before works no more"
    await house.desk.all(
        "UPDATE organisation_invitation SET expires_at = clock_timestamp() - interval '1 second' RETURNING 1"
    )
    assert (await house.accept(clerk, newer)).json()["code"] == "identity.invitation_closed"
    third = await house.invite()  # an expired one is in nobody's way
    fourth = (await house.manager.get(house.api)).json()[0]["id"]
    assert (await house.manager.delete(f"{house.api}/{fourth}")).status_code == 204
    assert (await house.accept(clerk, third)).json()["code"] == "identity.invitation_closed"
    assert (await house.manager.delete(f"{house.api}/{fourth}")).status_code == 409
    fifth = await house.invite()
    assert (await submit(clerk, f"/join/{fifth}", f"/join/{fifth}/decline")).status_code == 303
    assert (await house.accept(clerk, fifth)).json()["code"] == "identity.invitation_closed"
    assert await house.desk.roles(house.id) == {"周明远": "manager"}


async def test_who_invites(house: House, database: Database) -> None:
    invitation = {"invitee": "a@example.cn"}
    member = await house.desk.clerk(organisations={house.id: Role.MEMBER})
    other = await make_organisation(database, ZHEJIANG, "西溪示例研究院")
    stranger = await house.desk.clerk(name="许清禾", organisations={other: Role.MANAGER})
    foreign = await house.desk.admin("320000")
    for person in (member, stranger, foreign):
        assert (await person.post(house.api, json=invitation)).status_code == 403
        assert (await person.get(house.api)).status_code == 403
    as_manager = await house.manager.post(house.api, json={**invitation, "role": "manager"})
    assert as_manager.status_code == 403
    admin = await house.desk.admin()
    made = await admin.post(house.api, json={**invitation, "role": "manager"})
    assert made.status_code == 201
    assert (await house.manager.delete(f"{house.api}/{made.json()['id']}")).status_code == 403
    elsewhere = f"/api/v1/organisations/{other}/invitations/{made.json()['id']}"
    assert (await stranger.delete(elsewhere)).status_code == 404
    assert (await stranger.post(f"{elsewhere}/resend")).status_code == 404


@pytest.mark.parametrize(
    "invitee", ["no address", "a@b", "a@example.cn\nbcc: x@example.cn", "a\0@example.cn", "a" * 255]
)
async def test_what_is_no_address(house: House, invitee: str) -> None:
    refused = await house.manager.post(house.api, json={"invitee": invitee})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "invitee"
    assert (await house.manager.get(house.api)).json() == []


async def test_members_lose_nothing_by_an_invitation_and_a_forged_form_does_nothing(house: House) -> None:
    token = await house.invite()
    refused = await house.accept(house.manager, token)
    assert refused.json()["code"] == "identity.already_member"
    assert await house.desk.roles(house.id) == {"周明远": "manager"}
    clerk = await house.desk.clerk()
    forged = await clerk.post(f"/join/{token}", data={"csrf_token": "x"}, headers=HTML)
    assert forged.status_code == 403
    cross = await clerk.post(f"/join/{token}", headers={**HTML, "sec-fetch-site": "cross-site"})
    assert cross.status_code == 403
    assert await house.desk.roles(house.id) == {"周明远": "manager"}
    assert forms_of((await clerk.get(f"/join/{token}", headers=HTML)).text)


async def test_accepting_and_revoking_at_once_have_one_winner(
    fresh_database: Database, fresh_settings: Settings
) -> None:
    app = create_app(fresh_settings, fresh_database)
    made = await make_organisation(fresh_database, ZHEJIANG, "钱塘示例大学")
    async with clients_of(app) as clients:
        manager = await clients.of(ZHEJIANG, name="周明远", organisations={made: Role.MANAGER})
        api = f"/api/v1/organisations/{made}/invitations"
        outcomes = set()
        for number in range(12):
            person = await invited_person(clients, f"person.{number}")
            invitation = {"invitee": f"person.{number}", "by": "login_name"}
            invitation_id = (await manager.post(api, json=invitation)).json()["id"]
            calls = [
                person.post(f"/api/v1/me/invitations/{invitation_id}/accept"),
                manager.delete(f"{api}/{invitation_id}"),
            ]
            answers = await asyncio.gather(*(calls if number % 2 else reversed(calls)))
            accepted, revoked = answers if number % 2 else reversed(answers)
            outcomes.add((accepted.status_code, revoked.status_code))
        assert outcomes <= {(200, 409), (409, 204)}


async def invited_person(clients: Clients, login_name: str) -> httpx2.AsyncClient:
    return await clients.of(ZHEJIANG, name=login_name, login_name=login_name)
