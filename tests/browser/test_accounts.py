"""A person opens an account and recovers it in a browser, by the mails a real server took; a mobile number by its code."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from app.core.db import Database
from app.settings import Settings
from tests.browser.conftest import OpenPage
from tests.support.accounts import ADDRESS, NAME, with_address
from tests.support.mail import Mailbox, link_of
from tests.support.people import PASSWORD
from tests.support.processes import servers
from tests.support.sms import Gateway, code_of

pytestmark = pytest.mark.browser
FIRST, SECOND = "seven purple otters sing", "eleven quiet harbours glow"


@pytest.fixture
def url(fresh_settings: Settings) -> Iterator[str]:
    """The platform on a database of its own."""
    with servers(fresh_settings) as (served,):
        yield served.url


async def open_mailed(page: Page, url: str, mailbox: Mailbox, database: Database, settings: Settings) -> None:
    """Open the link of the mail that waits."""
    here = settings.model_copy(update={"base_url": url})
    await mailbox.collect(database, here)
    (mail,) = await mailbox.collect(database, here)
    await page.goto(link_of(mail))


async def sign_in(page: Page, url: str, password: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.locator('a[href^="/sign-in/310000/"]').click()
    await page.get_by_label("登录名").fill(ADDRESS)
    await page.get_by_label("密码", exact=True).fill(password)
    await page.locator("main button[type=submit]").click()


async def test_registration_and_recovery(
    url: str,
    open_page: OpenPage,
    mailbox: Mailbox,
    fresh_database: Database,
    fresh_settings: Settings,
) -> None:
    page = await open_page(width=375, height=812)
    await page.goto(f"{url}/sign-in")
    await page.locator("main").get_by_role("link", name="注册账号").click()
    await page.get_by_label("所在省份").select_option("310000")
    await page.get_by_label("姓名").fill(NAME)
    await page.get_by_label("邮箱").fill(ADDRESS)
    password = page.get_by_label("密码", exact=True)
    await password.fill(FIRST)
    await page.get_by_label("显示密码").check()
    await expect(password).to_have_attribute("type", "text")
    await page.get_by_role("button", name="注册").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("请查收邮件，确认您的邮箱")
    await open_mailed(page, url, mailbox, fresh_database, fresh_settings)
    await page.get_by_label("密码", exact=True).fill(FIRST)
    await page.get_by_role("button", name="开通账号").click()
    await expect(page.get_by_text("账号已开通")).to_be_visible()

    await page.goto(f"{url}/recover")
    await page.get_by_label("邮箱").fill(ADDRESS)
    await page.get_by_role("button", name="发送链接").click()
    await open_mailed(page, url, mailbox, fresh_database, fresh_settings)
    await page.get_by_label("新密码", exact=True).fill(SECOND)
    await page.get_by_role("button", name="设置新密码").click()
    await expect(page.get_by_text("密码已更改，请用新密码登录")).to_be_visible()
    await mailbox.collect(fresh_database, fresh_settings)

    await sign_in(page, url, SECOND)
    await page.goto(f"{url}/account/security")
    await expect(page.get_by_text(ADDRESS).first).to_be_visible()
    await page.goto(f"{url}/account/data")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="下载").click()
    assert (await download.value).suggested_filename == "delta-commons-my-data.zip"


async def test_a_mobile_number(
    url: str, open_page: OpenPage, gateway: Gateway, fresh_database: Database, fresh_settings: Settings
) -> None:
    here = fresh_settings.model_copy(update={"base_url": url})
    await with_address(fresh_database, here)
    page = await open_page(width=375, height=812)
    await sign_in(page, url, PASSWORD)
    await page.goto(f"{url}/account/security")
    asking = page.locator('form[action="/account/security/mobile"]')
    await asking.get_by_label("手机号").fill("138 0013 8000")
    await asking.get_by_label("密码", exact=True).fill(PASSWORD)
    await asking.get_by_role("button", name="获取验证码").click()
    (sent,) = await gateway.collect(fresh_database, here)
    await page.get_by_label("验证码").fill(code_of(sent))
    await page.get_by_role("button", name="确认手机号").click()
    await expect(page.get_by_text("手机号已设置")).to_be_visible()
    await expect(page.get_by_text("+86138****8000")).to_be_visible()

    await page.get_by_role("link", name="删除手机号").click()
    await page.get_by_label("密码", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="删除手机号").click()
    await expect(page.get_by_text("还没有手机号")).to_be_visible()
