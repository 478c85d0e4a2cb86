"""A mobile number is its account's once the code sent there was typed; notices go there, and nobody signs in by it."""

import asyncio
import io
import json
import re
import zipfile

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.core.db import Database
from app.core.errors import Invalid
from app.identity.contacts.mobiles import canonical, shown
from app.identity.contacts.work import forget_links
from app.jobs.public import Job
from app.main import create_app
from app.settings import Settings
from app.tenancy.context import TenantContext
from tests.identity.contacts.test_closing import a_week_later, closes
from tests.support.accounts import ADDRESS, follow, page, with_address
from tests.support.clients import Clients, clients_of
from tests.support.forms import HTML, faults_of, form_to, submit
from tests.support.mail import Mailbox, link_of, text_of
from tests.support.oauth import as_sign_in, journal, password_sign_in
from tests.support.people import PASSWORD, sign_in
from tests.support.sms import Gateway, code_of

ROOM = "/account/security"
NUMBER, TYPED, SHOWN = "+8613800138000", "138 0013 8000", "+86138****8000"
OTHER = "+447700900123"
CODE_WRONG = "验证码不正确或已过期，请核对，或重新获取"


async def ask(client: httpx2.AsyncClient, mobile: str = TYPED, **values: str) -> httpx2.Response:
    given = {"mobile": mobile, "mobile_password": PASSWORD} | values
    return await submit(client, ROOM, f"{ROOM}/mobile", given)


async def confirm(client: httpx2.AsyncClient, code: str) -> httpx2.Response:
    """Type a code, on a page that may have stood open since another time."""
    return await typed(client, await form_token(client), code)


async def form_token(client: httpx2.AsyncClient) -> str:
    return dict(form_to((await page(client, ROOM)).text, f"{ROOM}/mobile").fields)["csrf_token"]


async def typed(client: httpx2.AsyncClient, token: str, code: str) -> httpx2.Response:
    data = {"csrf_token": token, "code": code}
    return await client.post(f"{ROOM}/mobile/code", data=data, headers=HTML)


async def remove(client: httpx2.AsyncClient, password: str = PASSWORD) -> httpx2.Response:
    return await submit(client, f"{ROOM}/mobile/remove", f"{ROOM}/mobile/remove", {"password": password})


async def number(database: Database, settings: Settings) -> object:
    return await as_sign_in(database, settings, "SELECT number FROM mobile_number")


async def unslowed(database: Database, settings: Settings) -> None:
    await as_sign_in(database, settings, "DELETE FROM login_attempt")


@pytest.fixture
async def person(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings
) -> httpx2.AsyncClient:
    """A signed-in person with an address."""
    await sign_in(client, app, await with_address(database, settings))
    return client


async def with_number(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    gateway: Gateway,
    mobile: str = TYPED,
) -> None:
    """Ask, look at the telephone, confirm."""
    await unslowed(database, settings)
    assert (await ask(client, mobile)).status_code == 303
    sent = await gateway.collect(database, settings)
    assert (await confirm(client, code_of(sent[-1]))).status_code == 303


async def test_a_number_is_confirmed_by_its_code_and_told_by_mail(
    person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway, mailbox: Mailbox
) -> None:
    asked = await ask(person)
    assert (asked.status_code, asked.headers["location"]) == (303, ROOM)
    assert await number(database, settings) is None
    (sent,) = await gateway.collect(database, settings)
    assert sent["to"] == NUMBER
    waiting = (await page(person, ROOM)).text
    assert f"验证码已发到 {SHOWN}" in waiting
    assert NUMBER not in waiting
    assert (await confirm(person, f" {code_of(sent)[:3]} {code_of(sent)[3:]} ")).status_code == 303
    assert await number(database, settings) == NUMBER
    room = (await page(person, ROOM)).text
    assert SHOWN in room
    assert "13800138000" not in room
    assert "验证码已发到" not in room
    (told,) = await mailbox.collect(database, settings)
    assert (told["subject"], str(told["to"])) == ("您账号的手机号已设置", ADDRESS)
    assert SHOWN in text_of(told)
    kinds = await journal(database, "310000")
    assert [kind for kind in kinds if "mobile" in kind] == ["account.mobile_asked", "account.mobile_changed"]
    facts = "SELECT string_agg(concat(before, after), '') FROM journal_event WHERE kind LIKE '%mobile%'"
    async with database.transaction(TenantContext("310000").info()) as session:
        said = str(await session.scalar(text(facts)))
    assert "****" in said
    assert "8000138" not in said


@pytest.mark.parametrize(
    "spelling",
    [
        TYPED,
        "13800138000",
        "+86 138-0013-8000",
        "0086 13800138000",
        "１３８００１３８０００",
        " (+86) 138.0013.8000 ",
    ],
)
def test_ways_to_write_a_number_of_the_mainland(spelling: str) -> None:
    assert canonical(spelling) == NUMBER


@pytest.mark.parametrize(
    "wrong",
    ["", "12800138000", "1380013800", "138001380001", "+86 10 8888 8888", "+0441234567", "+44", "+١٢٣٤٥٦٧٨٩"],
)
def test_what_is_no_mobile_number(wrong: str) -> None:
    with pytest.raises(Invalid):
        canonical(wrong)


def test_four_digits_of_a_number_are_never_shown() -> None:
    assert [shown(n) for n in (NUMBER, OTHER, "+6421234")] == [SHOWN, "+4477****0123", "****1234"]


async def test_a_number_that_will_not_do_is_blamed_in_the_form(
    person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway
) -> None:
    refused = await ask(person, "010-88888888")
    assert refused.status_code == 422
    assert len(faults_of(refused.text)) == 1
    assert await gateway.collect(database, settings) == []


async def test_the_password_is_asked_for(
    person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway
) -> None:
    for wrong in ("wrong wrong", ""):
        assert (await ask(person, mobile_password=wrong)).status_code == 422
    assert await gateway.collect(database, settings) == []
    await with_number(person, database, settings, gateway)
    assert (await remove(person, "wrong wrong")).status_code == 422
    assert await number(database, settings) == NUMBER


async def test_five_tries_a_code_and_the_right_one_comes_too_late(
    person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway
) -> None:
    await ask(person)
    (sent,) = await gateway.collect(database, settings)
    right = code_of(sent)
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for _ in range(5):
        refused = await confirm(person, wrong)
        assert refused.status_code == 422
        assert CODE_WRONG in refused.text
    refused = await confirm(person, right)
    assert (refused.status_code, CODE_WRONG in refused.text) == (422, True)
    assert await number(database, settings) is None


async def test_a_code_lives_ten_minutes_and_a_new_one_takes_its_place(
    person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway
) -> None:
    await ask(person)
    (first,) = await gateway.collect(database, settings)
    lasts = "SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM mobile_code"
    assert 590 < float(str(await as_sign_in(database, settings, lasts))) <= 600
    await ask(person)
    (second,) = await gateway.collect(database, settings)
    if code_of(first) != code_of(second):
        assert (await confirm(person, code_of(first))).status_code == 422
    await as_sign_in(database, settings, "UPDATE mobile_code SET expires_at = clock_timestamp()")
    assert (await confirm(person, code_of(second))).status_code == 422
    assert await number(database, settings) is None
    await forget_links(
        Job(1, "identity.forget_links", {}, 1, last_attempt=False, database=database, settings=settings)
    )
    assert await as_sign_in(database, settings, "SELECT count(*) FROM mobile_code") == 0


async def test_a_code_is_kept_as_a_keyed_digest_of_one_account_and_number(
    app: FastAPI, database: Database, settings: Settings, gateway: Gateway
) -> None:
    async with clients_of(app) as clients:
        one, other = await _two(clients)
        await ask(one)
        (sent,) = await gateway.collect(database, settings)
        kept = await as_sign_in(database, settings, "SELECT mobile_code::text FROM mobile_code")
        assert code_of(sent) not in str(kept).replace(str(NUMBER), "")
        await ask(other, OTHER)
        assert (await confirm(other, code_of(sent))).status_code == 422
        assert (await confirm(one, code_of(sent))).status_code == 303


async def test_a_code_counts_once(
    fresh_settings: Settings, fresh_database: Database, gateway: Gateway
) -> None:
    """Sent three times at the same moment, with real commits."""
    app = create_app(fresh_settings, fresh_database)
    async with clients_of(app) as clients:
        one, _ = await _two(clients)
        await ask(one)
        (sent,) = await gateway.collect(fresh_database, fresh_settings)
        token = await form_token(one)
        answers = await asyncio.gather(*(typed(one, token, code_of(sent)) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    assert await number(fresh_database, fresh_settings) == NUMBER
    assert (await journal(fresh_database, "310000")).count("account.mobile_changed") == 1


async def test_nobody_is_flooded_with_codes(
    app: FastAPI, database: Database, settings: Settings, gateway: Gateway
) -> None:
    """Two at once to a number, whoever asks; then it takes longer and longer, a day long."""
    async with clients_of(app) as clients:
        one, other = await _two(clients)
        assert [(await ask(who)).status_code for who in (one, other)] == [303, 303]
        refused = await ask(other)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        wait = "UPDATE login_attempt SET free_at = clock_timestamp() WHERE free_at > clock_timestamp()"
        waits = []
        for _ in range(3):
            await as_sign_in(database, settings, wait)
            assert (await ask(one)).status_code == 303
            waits.append(int((await ask(one)).headers["retry-after"]))
        assert [round(seconds / 60) for seconds in waits] == [1, 2, 4]
        hours = "UPDATE login_attempt SET last_at = last_at - interval '3 hours', free_at = free_at - interval '3 hours'"
        await as_sign_in(database, settings, hours)
        await ask(one)
        assert int((await ask(one)).headers["retry-after"]) > waits[2], "an hour does not begin it anew"
        assert len(await gateway.collect(database, settings)) == 6


async def test_an_account_does_not_ring_many_numbers(person: httpx2.AsyncClient) -> None:
    answers = [await ask(person, f"1380013800{n}") for n in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]


async def test_two_accounts_may_have_one_number_and_neither_learns_of_the_other(
    app: FastAPI, database: Database, settings: Settings, gateway: Gateway
) -> None:
    async with clients_of(app) as clients:
        one, other = await _two(clients)
        await with_number(one, database, settings, gateway)
        await unslowed(database, settings)
        known = await ask(other)
        await unslowed(database, settings)
        unknown = await ask(other, "13900139000")
        assert (known.status_code, known.headers["location"]) == (303, ROOM)
        assert known.text == unknown.text
        await with_number(other, database, settings, gateway)
        assert await as_sign_in(database, settings, "SELECT count(DISTINCT number) FROM mobile_number") == 1
        assert await as_sign_in(database, settings, "SELECT count(*) FROM mobile_number") == 2


async def test_a_change_is_told_to_the_old_number(
    person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway
) -> None:
    await with_number(person, database, settings, gateway)
    await with_number(person, database, settings, gateway, OTHER)
    assert await number(database, settings) == OTHER
    (told,) = await gateway.collect(database, settings)
    assert told["to"] == NUMBER
    assert "本号码不再接收通知" in told["text"]


async def test_a_number_is_removed(
    person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway, mailbox: Mailbox
) -> None:
    assert (await page(person, f"{ROOM}/mobile/remove")).status_code == 404
    await with_number(person, database, settings, gateway)
    await mailbox.collect(database, settings)
    assert SHOWN in (await page(person, f"{ROOM}/mobile/remove")).text
    gone = await remove(person)
    assert (gone.status_code, gone.headers["location"]) == (303, ROOM)
    assert await number(database, settings) is None
    assert "还没有手机号" in (await page(person, ROOM)).text
    waiting = "SELECT recipient FROM outgoing_mail WHERE subject = '您账号的手机号已删除'"
    assert await as_sign_in(database, settings, waiting) == ADDRESS
    (told,) = await gateway.collect(database, settings)
    assert told["to"] == NUMBER
    assert "account.mobile_removed" in await journal(database, "310000")


async def test_a_new_device_and_changes_are_told_and_not_all_night(
    person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway
) -> None:
    await with_number(person, database, settings, gateway)
    await submit(person, ROOM, f"{ROOM}/email", {"email": "new@zju.example", "email_password": PASSWORD})
    await gateway.collect(database, settings)
    (asked,) = await gateway.collect(database, settings)
    assert "请求更换您账号的邮箱" in asked["text"]
    assert not re.search(r"https?://", asked["text"])
    told = 0
    for visit in range(14):
        person.cookies.clear()
        person.headers["user-agent"] = f"browser {visit}"
        await password_sign_in(person, login_name=ADDRESS, password=PASSWORD)
        told += len(await gateway.collect(database, settings))
    assert "在新的设备上登录" in gateway.messages[-1]["text"]
    assert told == 9


async def test_the_mobile_learns_that_the_old_address_stopped_a_change(
    person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway, mailbox: Mailbox
) -> None:
    await with_number(person, database, settings, gateway)
    await submit(person, ROOM, f"{ROOM}/email", {"email": "new@zju.example", "email_password": PASSWORD})
    both = mailbox.settings(settings)
    await gateway.collect(database, both)
    asked = await gateway.collect(database, both)
    links = {
        str(mail["to"]): link_of(mail)
        for mail in mailbox.messages
        if mail["subject"] != "您账号的手机号已设置"
    }
    await follow(person, links[ADDRESS].removeprefix(settings.base_url))
    (told,) = await gateway.collect(database, both)
    assert [sms["to"] for sms in (*asked, told)] == [NUMBER, NUMBER]
    assert "保持或恢复为原来的邮箱" in told["text"]


async def test_who_has_no_password_signed_in_of_late(
    app: FastAPI, client: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway
) -> None:
    await sign_in(client, app, await with_address(database, settings, login_name=None))
    asked = await submit(client, ROOM, f"{ROOM}/mobile", {"mobile": TYPED})
    assert asked.status_code == 303
    token = await form_token(client)
    long_ago = "UPDATE browser_session SET authenticated_at = clock_timestamp() - interval '16 minutes'"
    await as_sign_in(database, settings, long_ago)
    data = {"csrf_token": token, "mobile": OTHER}
    refused = await client.post(f"{ROOM}/mobile", data=data, headers=HTML)
    assert "/sign-in" in refused.headers["location"]
    assert len(await gateway.collect(database, settings)) == 1


async def test_it_goes_along_in_the_export_and_goes_with_the_account(
    person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway
) -> None:
    await with_number(person, database, settings, gateway)
    await unslowed(database, settings)
    await ask(person, OTHER)
    answer = await submit(person, "/account/data", "/account/data/export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        (kept,) = json.loads(zipped.read("mobile_number.json"))
        (waiting,) = json.loads(zipped.read("mobile_code.json"))
    assert (kept["number"], waiting["number"]) == (NUMBER, OTHER)
    assert "digest" not in waiting
    await closes(person)
    await a_week_later(database, settings)
    for table in ("mobile_number", "mobile_code"):
        assert await as_sign_in(database, settings, f"SELECT count(*) FROM {table}") == 0


async def test_a_platform_without_sms_says_so(
    app: FastAPI, person: httpx2.AsyncClient, database: Database, settings: Settings, gateway: Gateway
) -> None:
    await with_number(person, database, settings, gateway)
    token = await form_token(person)
    app.state.settings = settings.model_copy(update={"environment": "production"})
    room = (await page(person, ROOM)).text
    assert "平台尚未开通短信" in room
    assert f"{ROOM}/mobile/remove" in room
    data = {"csrf_token": token, "mobile": OTHER, "mobile_password": PASSWORD}
    refused = await person.post(f"{ROOM}/mobile", data=data, headers=HTML)
    assert refused.status_code == 409


async def _two(clients: Clients) -> tuple[httpx2.AsyncClient, httpx2.AsyncClient]:
    """Two people of two provinces."""
    return (
        await clients.of("310000", login_name="one@sjtu.example"),
        await clients.of("330000", login_name="two@zju.example"),
    )
