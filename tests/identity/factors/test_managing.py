"""A person's own factors: an app is added by its code, passkeys by the browser, codes for when both are lost."""

import re
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from app.access.permissions import Role
from app.core.db import Database
from app.identity import public as identity
from app.identity.factors import own
from app.settings import Settings
from tests.support.factors import (
    SECOND_FACTOR,
    SECRET,
    SoftPasskey,
    age_sessions,
    code,
    enrol,
    give_passkey,
    give_totp,
    show,
)
from tests.support.forms import HTML, submit
from tests.support.mail import Mailbox, text_of
from tests.support.oauth import as_sign_in, journal, password_sign_in
from tests.support.people import PASSWORD, Person, make_person, sign_in

NAME = "shen.zhixing"
WEAK = ("pwd",)
FACTORS = "/account/factors"


@pytest.fixture
async def person(database: Database, settings: Settings) -> Person:
    return await make_person(database, settings, login_name=NAME)


@pytest.fixture
async def weak(app: FastAPI, client: httpx2.AsyncClient, person: Person) -> httpx2.AsyncClient:
    """A browser signed in by password alone."""
    await sign_in(client, app, person, WEAK)
    return client


def secret_on(page: httpx2.Response) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page.text)
    assert found is not None
    return found[1].replace(" ", "")


def codes_on(page: httpx2.Response) -> list[str]:
    return re.findall(r"<li><code>([A-Z2-7-]+)</code></li>", page.text)


async def add_app(browser: httpx2.AsyncClient, query: str = "") -> httpx2.Response:
    """Add an authenticator app, as the page shows it."""
    page = await browser.get(f"{FACTORS}/totp{query}", headers=HTML)
    form = dict(re.findall(r'name="(csrf_token|secret)" value="([^"]+)"', page.text))
    typed = {**form, "name": "手机", "code": code(secret_on(page))}
    return await browser.post(f"{FACTORS}/totp{query}", data=typed, headers=HTML)


async def count(database: Database, settings: Settings, table: str) -> int:
    counted = await as_sign_in(database, settings, f"SELECT count(*) FROM {table}")
    assert isinstance(counted, int)
    return counted


async def test_an_app_is_added_by_its_code_and_recovery_codes_are_shown_once(
    weak: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    before = weak.cookies["commons_session"]
    shown = await add_app(weak, "?next=%2Fbookings")
    assert shown.status_code == 200
    assert 'href="/bookings"' in shown.text
    codes = codes_on(shown)
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([A-Z2-7]{4}-){5}[A-Z2-7]{4}", one) for one in codes)
    assert weak.cookies["commons_session"] != before
    sessions = (await weak.get("/api/v1/me/sessions")).json()
    assert [one["methods"] for one in sessions] == [["mfa", "otp", "pwd"]]
    listed = await weak.get(FACTORS)
    assert "手机" in listed.text
    assert "还剩 10 个" in listed.text
    assert not set(codes) & set(codes_on(listed))
    kinds = await journal(database, "310000")
    assert {"identity.factor_added", "identity.recovery_codes_made"} <= set(kinds)
    kept = await as_sign_in(database, settings, "SELECT convert_from(key, 'UTF8') FROM authenticator")
    assert kept.startswith("gAAAA")


async def test_the_code_that_added_an_app_signs_nobody_in(weak: httpx2.AsyncClient, person: Person) -> None:
    page = await weak.get(f"{FACTORS}/totp")
    secret, seen = secret_on(page), code(secret_on(page))
    form = dict(re.findall(r'name="(csrf_token|secret)" value="([^"]+)"', page.text))
    assert (
        await weak.post(f"{FACTORS}/totp", data={**form, "name": "手机", "code": seen})
    ).status_code == 200
    await password_sign_in(weak, login_name=NAME, password=PASSWORD)
    assert (await show(weak, code=seen)).status_code == 422
    assert (await show(weak, code=code(secret, steps=1))).status_code == 303


async def test_a_wrong_code_adds_nothing_and_keeps_the_secret(
    weak: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    page = await weak.get(f"{FACTORS}/totp")
    form = dict(re.findall(r'name="(csrf_token|secret)" value="([^"]+)"', page.text))
    again = await weak.post(f"{FACTORS}/totp", data={**form, "name": "", "code": "000000"}, headers=HTML)
    assert again.status_code == 422
    assert secret_on(again) == secret_on(page)
    wrong = await weak.post(f"{FACTORS}/totp", data={**form, "name": "手机", "code": "000000"}, headers=HTML)
    assert (wrong.status_code, secret_on(wrong)) == (422, secret_on(page))
    assert await count(database, settings, "authenticator") == 0


async def test_the_secret_of_another_persons_page_is_refused(
    app: FastAPI, weak: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    page = await weak.get(f"{FACTORS}/totp")
    theirs = dict(re.findall(r'name="(secret)" value="([^"]+)"', page.text))
    await sign_in(weak, app, await make_person(database, settings))
    own_page = await weak.get(f"{FACTORS}/totp")
    token = dict(re.findall(r'name="(csrf_token)" value="([^"]+)"', own_page.text))
    for secret in (theirs["secret"], "", "gAAAA"):
        typed = {**token, "secret": secret, "name": "x", "code": code(secret_on(page))}
        refused = await weak.post(f"{FACTORS}/totp", data=typed)
        assert (refused.status_code, refused.json()["code"]) == (409, "identity.enrolment_expired")
    assert await count(database, settings, "authenticator") == 0


async def test_a_recovery_code_signs_in_once_however_it_is_typed(
    weak: httpx2.AsyncClient, database: Database
) -> None:
    first, second, *_ = codes_on(await add_app(weak))
    for typed, status in ((first.lower().replace("-", " "), 303), (first, 422), (second, 303)):
        await password_sign_in(weak, login_name=NAME, password=PASSWORD)
        assert (await show(weak, recovery_code=typed)).status_code == status
    assert "还剩 8 个" in (await weak.get(FACTORS)).text
    assert (await journal(database, "310000")).count("identity.recovery_code_used") == 2


async def test_a_recovery_code_of_another_account_is_refused(
    app: FastAPI, weak: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    theirs = codes_on(await add_app(weak))[0]
    other = await make_person(database, settings, login_name="lin.yan")
    await give_totp(database, settings, other)
    await password_sign_in(weak, login_name="lin.yan", password=PASSWORD)
    assert (await show(weak, recovery_code=theirs)).status_code == 422


async def test_new_recovery_codes_kill_the_old_ones(weak: httpx2.AsyncClient) -> None:
    old = codes_on(await add_app(weak))
    shown = await submit(weak, f"{FACTORS}/recovery-codes", f"{FACTORS}/recovery-codes")
    new = codes_on(shown)
    assert len(new) == 10
    assert not set(old) & set(new)
    await password_sign_in(weak, login_name=NAME, password=PASSWORD)
    assert (await show(weak, recovery_code=old[0])).status_code == 422
    assert (await show(weak, recovery_code=new[0])).status_code == 303


async def test_the_person_is_told_by_mail_in_their_language(
    weak: httpx2.AsyncClient, person: Person, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    async with database.transaction(identity.sign_in_context(settings).info()) as session:
        await identity.add_address(session, person.tenant_id, person.id, "shen@example.cn")
    weak.cookies.set("lang", "en")
    await password_sign_in(weak, login_name=NAME, password=PASSWORD)
    await mailbox.collect(database, settings)
    await add_app(weak)
    only = await as_sign_in(database, settings, "SELECT id FROM authenticator")
    await submit(weak, f"{FACTORS}/{only}", f"{FACTORS}/{only}/remove")
    added, removed = await mailbox.collect(database, settings)
    assert "A second factor was added" in text_of(added)
    assert "A second factor was removed" in text_of(removed)


async def test_factors_are_renamed_and_removed(
    weak: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add_app(weak)
    await give_passkey(weak)
    listed = await weak.get(FACTORS)
    app_id, key_id = re.findall(r'href="/account/factors/([0-9a-f-]{36})"', listed.text)
    page = f"{FACTORS}/{app_id}"
    renamed = await submit(weak, page, f"{page}/name", {"name": "工作手机"})
    assert (renamed.status_code, renamed.headers["location"]) == (303, FACTORS)
    assert "工作手机" in (await weak.get(FACTORS)).text
    assert (await submit(weak, page, f"{page}/name", {"name": ""})).status_code == 422
    for one, left, codes in ((app_id, 1, 10), (key_id, 0, 0)):
        removed = await submit(weak, f"{FACTORS}/{one}", f"{FACTORS}/{one}/remove")
        assert (removed.status_code, removed.headers["location"]) == (303, FACTORS)
        assert await count(database, settings, "authenticator") == left
        assert await count(database, settings, "recovery_code") == codes
    kinds = await journal(database, "310000")
    assert kinds.count("identity.factor_removed") == 2
    assert kinds.count("identity.factor_renamed") == 1


async def test_the_factors_of_others_are_not_there(
    app: FastAPI, weak: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    other = await make_person(database, settings)
    await give_totp(database, settings, other)
    theirs = await as_sign_in(database, settings, "SELECT id FROM authenticator")
    token = dict(re.findall(r'name="(csrf_token)" value="([^"]+)"', (await weak.get("/account")).text))
    for id_ in (theirs, uuid4()):
        assert (await weak.get(f"{FACTORS}/{id_}")).status_code == 404
        for act in ("name", "remove"):
            refused = await weak.post(f"{FACTORS}/{id_}/{act}", data={**token, "name": "x"})
            assert refused.status_code == 404
    assert await as_sign_in(database, settings, "SELECT name FROM authenticator") == "手机"


async def test_an_admin_keeps_a_factor(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    admin = await make_person(database, settings, roles=[Role.PROVINCE_ADMIN])
    await give_totp(database, settings, admin)
    await sign_in(client, app, admin)
    only = await as_sign_in(database, settings, "SELECT id FROM authenticator")
    refused = await submit(client, f"{FACTORS}/{only}", f"{FACTORS}/{only}/remove")
    assert refused.status_code == 409
    assert "至少保留一种" in refused.text
    await give_passkey(client)
    removed = await submit(client, f"{FACTORS}/{only}", f"{FACTORS}/{only}/remove")
    assert removed.status_code == 303
    assert await count(database, settings, "authenticator") == 1


async def test_ten_are_enough(
    app: FastAPI, client: httpx2.AsyncClient, person: Person, database: Database, settings: Settings
) -> None:
    for _ in range(own.MOST):
        await give_totp(database, settings, person)
    await sign_in(client, app, person)
    assert (await enrol(client, SoftPasskey())).status_code == 409
    assert await count(database, settings, "authenticator") == own.MOST


async def test_a_weak_session_from_before_changes_no_factors(
    app: FastAPI, weak: httpx2.AsyncClient, person: Person, database: Database, settings: Settings
) -> None:
    await give_totp(database, settings, person, secret=SECRET)
    only = await as_sign_in(database, settings, "SELECT id FROM authenticator")
    for path in ("totp", "passkey", "recovery-codes"):
        sent = await weak.get(f"{FACTORS}/{path}", headers=HTML)
        assert sent.headers["location"].startswith(f"{SECOND_FACTOR}?next=%2Faccount%2Ffactors%2F{path}")
    token = dict(re.findall(r'name="(csrf_token)" value="([^"]+)"', (await weak.get("/account")).text))
    refused = await weak.post(f"{FACTORS}/{only}/remove", data=token)
    assert (refused.status_code, refused.json()["code"]) == (403, "identity.second_factor_required")
    assert await count(database, settings, "authenticator") == 1


async def test_changes_ask_again_who_is_there(
    weak: httpx2.AsyncClient, person: Person, database: Database, settings: Settings
) -> None:
    await age_sessions(database, settings)
    sent = await weak.get(f"{FACTORS}/totp", headers=HTML)
    again = "/sign-in/again?next=%2Faccount%2Ffactors%2Ftotp"
    assert (sent.status_code, sent.headers["location"]) == (303, again)
    anew = await weak.get(again)
    assert anew.headers["location"] == "/sign-in?next=%2Faccount%2Ffactors%2Ftotp"
    await give_totp(database, settings, person)
    asked = await weak.get(again)
    assert asked.headers["location"] == f"{SECOND_FACTOR}?next=%2Faccount%2Ffactors%2Ftotp"
    shown = await show(weak, next_path=f"{FACTORS}/totp", code=code())
    assert shown.headers["location"] == f"{FACTORS}/totp"
    assert (await weak.get(f"{FACTORS}/totp")).status_code == 200
    assert (await journal(database, "310000"))[-1] == "identity.reauthenticated"
