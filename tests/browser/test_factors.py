"""Second factors in Chromium: a passkey on a virtual authenticator, an app's code, a recovery code, the list of devices."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from app.demo.accounts import PASSWORD, totp_secret
from app.settings import Settings
from tests.browser.conftest import OpenPage
from tests.support.factors import code
from tests.support.processes import servers

pytestmark = pytest.mark.browser
LOGIN = "sh.researcher"


@dataclass
class Person:
    """Somebody at a browser."""

    page: Page
    url: str

    async def to_sign_in(self, next_path: str = "/account/factors") -> None:
        await self.page.context.clear_cookies()
        await self.page.goto(f"{self.url}/sign-in?next={next_path}")

    async def password(self, login: str = LOGIN, next_path: str = "/account/factors") -> None:
        await self.to_sign_in(next_path)
        await self.page.locator('a[href^="/sign-in/310000/"]').click()
        await self.page.locator("input[name=login_name]").fill(login)
        await self.page.locator("input[type=password]").fill(PASSWORD)
        await self.page.locator("main button[type=submit]").click()

    async def virtual_authenticator(self) -> None:
        """A device that verifies its person without asking, as a finger on its reader would."""
        session = await self.page.context.new_cdp_session(self.page)
        await session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.fixture
async def person(demo_settings: Settings, open_page: OpenPage) -> AsyncIterator[Person]:
    with servers(demo_settings, host="localhost") as (served,):
        yield Person(await open_page(), served.url)


async def test_a_passkey_is_added_and_signs_in_alone_and_as_second_step(person: Person) -> None:
    page = person.page
    await person.virtual_authenticator()
    await person.password()
    await page.get_by_role("link", name="添加通行密钥").click()
    await page.get_by_label("名称").fill("办公室电脑")
    await page.get_by_role("button", name="创建通行密钥").click()
    await expect(page.locator("ol.codes li")).to_have_count(10)
    await page.get_by_role("link", name="我已保存，继续").click()
    await expect(page.get_by_role("table").get_by_text("办公室电脑")).to_be_visible()

    await person.to_sign_in("/account/sessions")
    await page.get_by_role("button", name="用通行密钥登录").click()
    await page.wait_for_url(f"{person.url}/account/sessions")
    await expect(page.locator("tbody tr").first).to_contain_text("通行密钥")

    await person.password(next_path="/bookings")
    await page.get_by_role("button", name="使用通行密钥").click()
    await page.wait_for_url(f"{person.url}/bookings")


async def test_a_browser_without_the_passkey_says_so(person: Person) -> None:
    await person.virtual_authenticator()
    await person.to_sign_in()
    await person.page.get_by_role("button", name="用通行密钥登录").click()
    await expect(person.page.get_by_role("alert")).to_contain_text("没有用上通行密钥")


async def test_an_app_and_a_recovery_code_sign_in_and_devices_are_ended(person: Person) -> None:
    page = person.page
    await person.password()
    await page.get_by_role("link", name="添加验证器应用").click()
    shown = await page.locator("code.secret").inner_text()
    secret = shown.replace(" ", "")
    assert await page.locator("img.qr").evaluate("image => image.naturalWidth") > 100
    await page.get_by_label("验证码").fill(code(secret))
    await page.get_by_role("button", name="确认添加").click()
    codes = await page.locator("ol.codes li").all_inner_texts()
    assert len(codes) == 10
    async with page.expect_download() as download:
        await page.get_by_role("link", name="下载").click()
    path = await (await download.value).path()
    assert path.read_text().split() == codes

    await person.password(next_path="/account/sessions")
    await page.get_by_label("验证码").fill(code(secret, steps=1))
    await page.get_by_role("button", name="验证", exact=True).click()
    await page.wait_for_url(f"{person.url}/account/sessions")

    await person.password(next_path="/account/sessions")
    await page.get_by_text("使用恢复码").first.click()
    await page.get_by_label("恢复码").fill(codes[3].lower())
    await page.get_by_role("button", name="使用恢复码").click()
    await page.wait_for_url(f"{person.url}/account/sessions")
    await expect(page.locator("tbody tr")).to_have_count(3)
    await page.get_by_role("button", name="结束其他所有登录").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody tr")).to_contain_text("本机")


async def test_an_admin_shows_the_demonstrations_code_and_comes_to_the_page_asked_for(person: Person) -> None:
    await person.password("sh.admin", next_path="/people")
    assert urlsplit(person.page.url).path == "/sign-in/second-factor"
    await person.page.get_by_label("验证码").fill(code(totp_secret("sh.admin")))
    await person.page.get_by_role("button", name="验证", exact=True).click()
    await expect(person.page).to_have_url(re.compile(r"/people$"))
    await expect(person.page.locator('main a[href^="/people/"]').first).to_be_visible()
