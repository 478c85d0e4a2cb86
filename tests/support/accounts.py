"""Registering and recovering as a person does: pages, mails, links."""

import httpx2

from app.core.db import Database
from app.identity import public as identity
from app.settings import Settings
from tests.support.forms import HTML, submit
from tests.support.mail import Mailbox, link_of
from tests.support.people import Person, make_person

PASSWORD = "seven purple otters sing"
ADDRESS = "shen@sjtu.example"
NAME = "沈知行"


async def with_address(
    database: Database, settings: Settings, address: str = ADDRESS, **values: object
) -> Person:
    """A person whose address is confirmed and signs in."""
    given = {"login_name": address, "name": NAME} | values
    person = await make_person(database, settings, **given)  # type: ignore[arg-type] # as make_person takes them
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        await identity.add_address(session, person.tenant_id, person.id, address)
    return person


async def ask_to_register(client: httpx2.AsyncClient, **values: str) -> httpx2.Response:
    """Fill in the form of /register."""
    given = {"province": "310000", "name": NAME, "email": ADDRESS, "password": PASSWORD} | values
    return await submit(client, "/register", "/register", given)


async def ask_to_recover(client: httpx2.AsyncClient, email: str = ADDRESS) -> httpx2.Response:
    """Fill in the form of /recover."""
    return await submit(client, "/recover", "/recover", {"email": email})


async def mailed_path(mailbox: Mailbox, database: Database, settings: Settings) -> str:
    """The path of the link in the one mail that waits; asking and sending are two jobs."""
    await mailbox.collect(database, settings)
    (mail,) = await mailbox.collect(database, settings)
    link = link_of(mail)
    assert link.startswith(settings.base_url)
    return link.removeprefix(settings.base_url)


async def follow(client: httpx2.AsyncClient, path: str, **values: str) -> httpx2.Response:
    """Open a mailed link and send its form."""
    return await submit(client, path, path, values)


async def page(client: httpx2.AsyncClient, path: str) -> httpx2.Response:
    """A page as a browser gets it."""
    return await client.get(path, headers=HTML)
