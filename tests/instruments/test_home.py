"""The home page sends a reader where there is something to see."""

import re

import httpx2

from app.access.permissions import Role
from app.core.db import Database
from tests.instruments.conftest import ZHEJIANG, Lab
from tests.support.forms import HTML
from tests.support.places import make_instrument


async def hints(client: httpx2.AsyncClient) -> list[tuple[str, str]]:
    page = (await client.get("/", headers=HTML)).text
    found = re.search(r'<p class="hero__hints">(.*?)</p>', page, re.DOTALL)
    return re.findall(r'<a href="([^"]+)">([^<]+)</a>', found[1]) if found else []


async def test_suggestions_lead_to_what_the_reader_sees(
    lab: Lab, client: httpx2.AsyncClient, database: Database
) -> None:
    for class_code, scope in (("010100", "public"), ("010300", "region"), ("010300", "region")):
        await make_instrument(database, ZHEJIANG, class_code=class_code, scope=scope)
    ((url, name),) = await hints(client)
    assert url == "/instruments?class=0101"
    assert name.strip()
    person = await lab.people.of("310000", roles=[Role.PROVINCE_ADMIN])
    assert [url for url, _ in await hints(person)][:2] == [
        "/instruments?class=0103",
        "/instruments?class=0101",
    ]
    for reader in (client, person):
        for address, _ in await hints(reader):
            assert 'class="instrument"' in (await reader.get(address, headers=HTML)).text


async def test_nothing_to_see_suggests_nothing(client: httpx2.AsyncClient, database: Database) -> None:
    await make_instrument(database, ZHEJIANG, scope="region")
    assert await hints(client) == []


async def test_visitors_are_told_that_more_is_shared_with_people(
    lab: Lab, client: httpx2.AsyncClient, database: Database
) -> None:
    person = await lab.people.of(ZHEJIANG)
    for path in ("/instruments", "/instruments?class=0101"):
        assert "后还可看到面向长三角共享的仪器。" in (await client.get(path, headers=HTML)).text
        assert "后还可看到面向长三角共享的仪器。" not in (await person.get(path, headers=HTML)).text
