"""Fixed addresses that others look for."""

from datetime import datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from app.core import clock
from app.core.db import Database
from app.main import create_app
from app.settings import Settings


async def test_security_txt_says_where_to_report_and_never_expires(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:security@testserver"
    assert fields["Canonical"] == "http://testserver/.well-known/security.txt"
    assert fields["Preferred-Languages"] == "zh, en"
    expires = datetime.fromisoformat(fields["Expires"])
    assert timedelta(days=170) < expires - clock.now() < timedelta(days=365)


async def test_contacts_are_those_of_the_deployment(settings: Settings, database: Database) -> None:
    contacts = ("https://commons.example/report", "mailto:csirt@commons.example")
    app: FastAPI = create_app(settings.model_copy(update={"security_contacts": contacts}), database)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://testserver"
    ) as client:
        text = (await client.get("/.well-known/security.txt")).text
    assert text.splitlines()[:2] == [f"Contact: {contact}" for contact in contacts]


def test_a_contact_is_an_address() -> None:
    with pytest.raises(ValidationError, match="SECURITY_CONTACTS"):
        Settings(security_contacts=("mailto:a@b.cn\nExpires: never",))


async def test_password_managers_find_the_page(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/.well-known/change-password")
    assert (answer.status_code, answer.headers["location"]) == (302, "/account/security")


async def test_robots_keep_out_of_private_places(client: httpx2.AsyncClient) -> None:
    text = (await client.get("/robots.txt")).text
    assert text.startswith("User-agent: *\n")
    assert "Disallow: /account\n" in text
    assert "Disallow: /instruments" not in text
