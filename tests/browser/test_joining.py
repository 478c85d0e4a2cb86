"""A clerk's firm comes to the platform and the clerk's colleague to the firm, in Chromium, with real mail."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import FilePayload, Page, expect

from app.access.permissions import Role
from app.core.db import Database
from app.demo.papers import pdf, png
from app.identity.public import cookie_name
from app.main import create_app
from app.settings import Settings
from tests.browser.conftest import OpenPage
from tests.support.mail import Mailbox
from tests.support.people import make_person, sign_in
from tests.support.places import valid_uscc
from tests.support.processes import servers

pytestmark = pytest.mark.browser
ZHEJIANG = "330000"
FIRM = "钱塘示例科技有限公司"


@dataclass
class Town:
    """A served platform and the browsers of its people."""

    url: str
    settings: Settings
    database: Database
    open_page: OpenPage

    async def page_of(self, name: str, **values: Any) -> Page:
        """A page in the browser of a new person of Zhejiang."""
        person = await make_person(self.database, self.settings, tenant_id=ZHEJIANG, name=name, **values)
        async with httpx2.AsyncClient(base_url="http://testserver") as nobody:
            token = await sign_in(nobody, create_app(self.settings, self.database), person)
        page = await self.open_page()
        cookie = {"name": cookie_name(self.settings), "value": token, "url": self.url}
        await page.context.add_cookies([cookie])  # type: ignore[list-item] # playwright's TypedDict
        return page


@pytest.fixture
async def town(
    fresh_settings: Settings, fresh_database: Database, open_page: OpenPage, tmp_path: Path
) -> AsyncIterator[Town]:
    settings = fresh_settings.model_copy(update={"data_dir": tmp_path})
    with servers(settings) as (served,):
        yield Town(served.url, settings, fresh_database, open_page)


def paper(name: str, kind: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


async def press(page: Page, name: str) -> None:
    await page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


async def test_a_firm_applies_and_a_colleague_joins(town: Town, mailbox: Mailbox) -> None:
    clerk = await town.page_of("沈知行")
    application = await apply(clerk, town)

    admin = await town.page_of("陈静", roles=[Role.PROVINCE_ADMIN])
    await review(admin, town)
    await expect(admin.locator("img.evidence__image")).to_have_js_property("naturalWidth", 64)
    await admin.get_by_label("退回补正").check()
    await admin.get_by_role("textbox", name="理由", exact=True).fill("单位名称与执照不一致")
    await press(admin, "作出决定")

    await clerk.goto(application)
    await expect(clerk.get_by_role("main")).to_contain_text("单位名称与执照不一致")
    await clerk.get_by_role("link", name="修改申请").click()
    await clerk.get_by_label("单位名称").fill(f"{FIRM}（更正）")
    await press(clerk, "保存")
    await press(clerk, "提交审核")

    await review(admin, town)
    await admin.get_by_role("radio", name="批准").check()
    await admin.get_by_label("我已核对证明材料").check()
    await press(admin, "作出决定")
    await expect(admin.locator("body")).to_contain_text("申请人已成为单位管理员")

    await clerk.goto(application)
    await clerk.get_by_role("link", name="邀请同事加入").click()
    await clerk.get_by_role("main").get_by_role("link", name="邀请", exact=True).click()
    await clerk.get_by_label("电子邮箱或登录名").fill("colleague@example.cn")
    await press(clerk, "邀请")
    await expect(clerk.get_by_role("main")).to_contain_text("colleague@example.cn")
    link = await mailed_link(town, mailbox)

    visitor = await town.open_page()
    await visitor.goto(link)
    await visitor.get_by_role("main").get_by_role("link", name="登录").click()
    assert "next=/join/" in visitor.url
    colleague = await town.page_of("许清禾")
    await colleague.goto(link)
    await expect(colleague.get_by_role("main")).to_contain_text(f"{FIRM}（更正）")
    await press(colleague, "加入单位")
    await colleague.goto(f"{town.url}/account")
    await expect(colleague.get_by_role("main")).to_contain_text(f"{FIRM}（更正）")


async def apply(clerk: Page, town: Town) -> str:
    """From the account to an application that waits; its address."""
    await clerk.goto(f"{town.url}/account")
    await clerk.get_by_role("link", name="为新单位申请入驻").click()
    await clerk.get_by_role("link", name="申请入驻", exact=True).click()
    await clerk.get_by_label("单位名称").fill(FIRM)
    await clerk.get_by_label("统一社会信用代码").fill(valid_uscc(ZHEJIANG))
    await clerk.get_by_label("企业").check()
    await clerk.get_by_label("所在市、县").select_option("330106")
    await clerk.get_by_label("联系电话").fill("0571-00000000")
    await press(clerk, "保存草稿，下一步")
    await expect(clerk.get_by_role("button", name="提交审核")).to_be_disabled()
    papers = [
        paper("营业执照.pdf", "application/pdf", pdf(["Business licence"])),
        paper("门头.png", "image/png", png(64, 40)),
    ]
    await clerk.locator("input[type=file]").set_input_files(papers)
    await press(clerk, "上传")
    picture = clerk.locator("img.evidence__image")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("naturalWidth", 64)
    await press(clerk, "提交审核")
    await expect(clerk.get_by_role("main")).to_contain_text("正在等待审核")
    return clerk.url


async def review(admin: Page, town: Town) -> None:
    """Open the application that waits."""
    await admin.goto(f"{town.url}/organisation-applications?status=submitted")
    await admin.get_by_role("main").get_by_role("link", name=FIRM).click()
    await expect(admin.get_by_role("main")).to_contain_text("请逐项核对")


async def mailed_link(town: Town, mailbox: Mailbox) -> str:
    (mail,) = (
        one
        for one in await mailbox.collect(town.database, town.settings)
        if one["to"] == "colleague@example.cn"
    )
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(rf"{re.escape(town.url)}/join/[\w-]+", body.get_content())
    assert found is not None
    return found[0]
