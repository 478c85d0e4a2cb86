"""Signing in at the built-in provider as a browser does: province, password, back, session."""

import re
from html import unescape
from urllib.parse import quote

import httpx2
import pytest
from fastapi import FastAPI

from app.core.db import Database
from app.identity.federation.state import SignInState
from app.settings import Settings
from tests.support.oauth import answer_of, as_sign_in, journal, password_sign_in, submit
from tests.support.people import PASSWORD, make_person, sign_in

NAME = "shen.zhixing"


async def provider_link(client: httpx2.AsyncClient, province: str = "310000", next_path: str = "/") -> str:
    page = await client.get("/sign-in", params={"next": next_path})
    link = re.search(rf'href="(/sign-in/{province}/[^"]+)"', page.text)
    assert link is not None
    return unescape(link[1])


async def password_page(client: httpx2.AsyncClient) -> httpx2.Response:
    sent = await client.get(await provider_link(client))
    return await client.get(sent.headers["location"])


async def me(client: httpx2.AsyncClient) -> httpx2.Response:
    return await client.get("/api/v1/me")


async def test_sign_in_page_offers_the_four_provinces_in_order(client: httpx2.AsyncClient) -> None:
    page = await client.get("/sign-in")
    assert page.status_code == 200
    assert re.findall(r'class="realm realm--(\d+)"', page.text) == ["310000", "320000", "330000", "340000"]
    assert len(re.findall(r'href="/sign-in/\d{6}/', page.text)) == 4


async def test_sign_in_ends_on_the_page_asked_for(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await make_person(database, settings, login_name=NAME)
    back = await password_sign_in(client, login_name=NAME, password=PASSWORD, next_path="/bookings?week=2")
    assert (back.status_code, back.headers["location"]) == (303, "/bookings?week=2")
    known = await me(client)
    assert known.status_code == 200
    assert known.json()["id"] == str(person.id)
    assert (await journal(database, "310000"))[-1] == "identity.signed_in"


async def test_session_cookie_is_out_of_reach_of_scripts(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    back = await password_sign_in(client, login_name=NAME, password=PASSWORD)
    cookie = next(c for c in back.headers.get_list("set-cookie") if c.startswith("commons_session="))
    assert {"httponly", "path=/", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}


async def test_login_name_is_not_case_sensitive(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    back = await password_sign_in(client, login_name=f" {NAME.upper()} ", password=PASSWORD)
    assert back.status_code == 303


async def test_any_province_card_leads_to_the_home_province(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, tenant_id="340000", login_name=NAME)
    await password_sign_in(client, login_name=NAME, password=PASSWORD, province="310000")
    assert (await me(client)).json()["province"] == "340000"


async def test_a_wrong_password_and_an_unknown_name_look_the_same(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    wrong = await password_sign_in(client, login_name=NAME, password="not the password")
    unknown = await password_sign_in(client, login_name="nobody.here", password="not the password")
    assert wrong.status_code == unknown.status_code == 422

    def without_tokens(text: str) -> str:
        text = re.sub(r'(name="csrf_token" value|action|content|href)="[^"]*"', "", text)
        return text.replace(NAME, "NAME").replace("nobody.here", "NAME")

    assert "登录名或密码不正确" in wrong.text
    assert without_tokens(wrong.text) == without_tokens(unknown.text)
    assert (await me(client)).status_code == 401
    assert (await journal(database, "310000")).count("identity.sign_in_failed") == 2


async def test_the_journal_does_not_tell_which_names_another_province_has(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, tenant_id="340000", login_name=NAME)
    for name, theirs in (("nobody.here", 0), (NAME, 1)):
        before = {tenant: await journal(database, tenant) for tenant in ("310000", "340000")}
        await password_sign_in(client, login_name=name, password="not the password")
        after = {tenant: await journal(database, tenant) for tenant in ("310000", "340000")}
        assert after["310000"] == [*before["310000"], "identity.sign_in_failed"]
        assert after["340000"] == [*before["340000"], *["identity.sign_in_failed"] * theirs]


@pytest.mark.parametrize("path", ["/sign-in/330000/{provider}", "/sign-in/999999/{provider}"])
async def test_a_sign_in_that_is_not_there_leaves_no_trace(
    client: httpx2.AsyncClient, database: Database, path: str
) -> None:
    link = (await provider_link(client)).partition("?")[0]
    refused = await client.get(path.format(provider=link.rpartition("/")[2]))
    assert refused.status_code == 404
    for tenant in ("310000", "330000"):
        assert await journal(database, tenant) == []


@pytest.mark.parametrize("status", ["suspended", "closed"])
async def test_an_account_that_is_not_active_cannot_sign_in(
    client: httpx2.AsyncClient, database: Database, settings: Settings, status: str
) -> None:
    person = await make_person(database, settings, login_name=NAME)
    await as_sign_in(
        database, settings, "UPDATE account SET status = :status WHERE id = :id", status=status, id=person.id
    )
    back = await password_sign_in(client, login_name=NAME, password=PASSWORD)
    assert back.status_code == 422
    assert "登录名或密码不正确" in back.text


@pytest.mark.parametrize(
    "typed",
    [
        {"login_name": "", "password": PASSWORD},
        {"login_name": NAME, "password": ""},
        {"login_name": "a\0b", "password": PASSWORD},
        {"login_name": "x" * 300, "password": PASSWORD},
        {"login_name": NAME, "password": "p" * 1001},
        {"login_name": "\u202efdp", "password": PASSWORD},
    ],
)
async def test_unusable_input_is_named_and_nobody_is_signed_in(
    client: httpx2.AsyncClient, database: Database, settings: Settings, typed: dict[str, str]
) -> None:
    await make_person(database, settings, login_name=NAME)
    refused = await submit(client, await password_page(client), **typed)
    assert refused.status_code == 422
    assert "error-summary" in refused.text
    assert (await me(client)).status_code == 401


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\/evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/ok\nSet-Cookie: a=b",
        "///evil.example",
        "",
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(
    client: httpx2.AsyncClient, settings: Settings, target: str
) -> None:
    link = (await provider_link(client)).partition("?")[0]
    sent = await client.get(f"{link}?next={quote(target, safe='')}")
    assert sent.status_code == 303
    assert SignInState.opened(client.cookies["sign_in"], settings).next == "/"


async def test_the_session_is_a_new_one_after_signing_in(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await make_person(database, settings, login_name=NAME)
    before = await sign_in(client, app, person)
    await password_sign_in(client, login_name=NAME, password=PASSWORD)
    after = client.cookies["commons_session"]
    assert after != before
    client.cookies.clear()
    client.cookies.set("commons_session", before)
    assert (await me(client)).status_code == 401


@pytest.mark.parametrize(
    ("site", "goes"), [("cross-site", False), ("same-site", False), ("same-origin", True), ("none", True)]
)
async def test_another_sites_page_signs_nobody_in_unasked(
    client: httpx2.AsyncClient, site: str, goes: bool
) -> None:
    """A provider that still knows the person would else answer without a word."""
    answer = await client.get(await provider_link(client), headers={"Sec-Fetch-Site": site})
    assert answer.status_code == (303 if goes else 200)
    assert ("sign_in" in client.cookies) is goes


async def test_a_callback_without_its_browser_is_refused(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    back = await submit(client, await password_page(client), login_name=NAME, password=PASSWORD)
    client.cookies.clear()
    refused = await client.get(back.headers["location"])
    assert refused.status_code == 400
    assert refused.json()["code"] == "identity.sign_in_failed"


async def test_a_callback_counts_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    back = await submit(client, await password_page(client), login_name=NAME, password=PASSWORD)
    state = client.cookies["sign_in"]
    assert (await client.get(back.headers["location"])).status_code == 303
    assert "sign_in" not in client.cookies
    client.cookies.set("sign_in", state)
    assert (await client.get(back.headers["location"])).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [{"state": "another"}, {"state": ""}, {"iss": "https://evil.example"}, {"iss": ""}, {"code": "x"}],
)
async def test_an_answer_to_another_question_is_refused(
    client: httpx2.AsyncClient, database: Database, settings: Settings, changes: dict[str, str]
) -> None:
    await make_person(database, settings, login_name=NAME)
    back = await submit(client, await password_page(client), login_name=NAME, password=PASSWORD)
    answer = {name: value for name, value in (answer_of(back) | changes).items() if value}
    refused = await client.get("/sign-in/callback", params=answer)
    assert refused.status_code == 400
    assert (await me(client)).status_code == 401


async def test_a_forged_state_cookie_is_refused(client: httpx2.AsyncClient) -> None:
    client.cookies.set("sign_in", "gAAAAABforged")
    refused = await client.get("/sign-in/callback", params={"code": "x", "state": "y"})
    assert refused.status_code == 400


async def test_an_unknown_provider_is_not_there(client: httpx2.AsyncClient) -> None:
    link = (await provider_link(client)).partition("?")[0]
    elsewhere = link.replace("/310000/", "/320000/")
    assert (await client.get(elsewhere)).status_code == 404
    assert (await client.get("/sign-in/310000/00000000-0000-0000-0000-000000000000")).status_code == 404


async def test_a_person_without_account_reads_what_to_do(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await make_person(database, settings, login_name=NAME)
    await as_sign_in(database, settings, "DELETE FROM external_identity")
    refused = await password_sign_in(client, login_name=NAME, password=PASSWORD)
    assert refused.status_code == 403
    assert refused.json()["code"] == "identity.account_not_linked"
    assert (await me(client)).status_code == 401


async def test_sign_out_ends_the_session(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await make_person(database, settings, login_name=NAME)
    await password_sign_in(client, login_name=NAME, password=PASSWORD)
    token = client.cookies["commons_session"]
    page = await client.get("/account")
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert csrf is not None
    out = await client.post("/sign-out", data={"csrf_token": csrf[1]})
    assert (out.status_code, out.headers["location"]) == (303, "/")
    assert "commons_session" not in client.cookies
    client.cookies.set("commons_session", token)
    assert (await me(client)).status_code == 401
    assert (await journal(database, person.tenant_id))[-1] == "identity.signed_out"


async def test_sign_out_needs_the_form_of_a_page_of_ours(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await sign_in(client, app, await make_person(database, settings))
    assert (await client.post("/sign-out")).status_code == 403
    assert (await me(client)).status_code == 200
