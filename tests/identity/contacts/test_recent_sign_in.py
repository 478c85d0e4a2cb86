"""Whoever has no password of ours shows anew who they are before the address or the account's end is asked for."""

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.settings import Settings
from tests.support.factors import age_sessions
from tests.support.forms import HTML, form_to
from tests.support.people import make_person, sign_in

FORMS = {
    "/account/security": ("/account/security/email", {"email": "shen@example.com"}),
    "/account/data/close": ("/account/data/close", {"words": "注销账号"}),
}
"""Each page, where its form goes, and what is typed."""


@pytest.mark.parametrize("path", FORMS)
async def test_without_a_password_it_is_a_recent_sign_in(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, path: str
) -> None:
    await sign_in(client, app, await make_person(database, settings))
    page = await client.get(path, headers=HTML)
    assert page.status_code == 200
    await age_sessions(database, settings)
    sent = await client.get(path, headers=HTML)
    assert sent.headers["location"].startswith("/sign-in/again?")
    target, typed = FORMS[path]
    form = dict(form_to(page.text, target).fields)
    refused = await client.post(target, data={**form, **typed}, headers=HTML)
    assert (refused.status_code, refused.headers["location"].partition("?")[0]) == (303, "/sign-in/again")


@pytest.mark.parametrize("path", FORMS)
async def test_with_a_password_the_form_asks_for_that(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, path: str
) -> None:
    await sign_in(client, app, await make_person(database, settings, login_name="shen"))
    await age_sessions(database, settings)
    assert (await client.get(path, headers=HTML)).status_code == 200
