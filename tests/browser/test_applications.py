"""An application from its developer over the admin to a person who connects and disconnects it, in Chromium."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from playwright.async_api import Page, expect

from app.access.permissions import Role
from app.core.db import Database
from app.identity.public import cookie_name
from app.main import create_app
from app.settings import Settings
from tests.browser.conftest import OpenPage
from tests.support.oauth import Pkce
from tests.support.people import make_person, sign_in
from tests.support.processes import free_port, servers

pytestmark = pytest.mark.browser
NAME, PURPOSE = "实验室看板", "在实验室的屏幕上显示本周的预约"


@dataclass
class Town:
    """A served platform and the browsers of its people."""

    url: str
    settings: Settings
    database: Database
    open_page: OpenPage

    async def page_of(self, name: str, tenant_id: str, **values: Any) -> Page:
        """A page in the browser of a new person."""
        person = await make_person(self.database, self.settings, tenant_id=tenant_id, name=name, **values)
        async with httpx2.AsyncClient(base_url="http://testserver") as nobody:
            token = await sign_in(nobody, create_app(self.settings, self.database), person)
        page = await self.open_page(width=375, height=812)
        cookie = {"name": cookie_name(self.settings), "value": token, "url": self.url}
        await page.context.add_cookies([cookie])  # type: ignore[list-item] # playwright's TypedDict
        return page


@dataclass(frozen=True, slots=True)
class Application:
    """What its developer was told, and where on this machine it would listen."""

    url: str
    client_id: str
    secret: str
    redirect_uri: str

    def asking(self, pkce: Pkce) -> str:
        """The address it sends people to."""
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile",
            "state": "of the application",
            "code_challenge": pkce.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self.url}/oauth/authorize?{urlencode(query)}"

    async def redeem(self, code: str, pkce: Pkce) -> str:
        """An access token for a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": pkce.verifier,
        }
        async with httpx2.AsyncClient(base_url=self.url, auth=(self.client_id, self.secret)) as http:
            answer = await http.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def status_of(self, token: str) -> int:
        """How the API answers a token."""
        async with httpx2.AsyncClient(base_url=self.url) as http:
            answer = await http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code


@pytest.fixture
async def town(
    fresh_settings: Settings, fresh_database: Database, open_page: OpenPage
) -> AsyncIterator[Town]:
    with servers(fresh_settings) as (served,):
        yield Town(served.url, fresh_settings, fresh_database, open_page)


async def press(page: Page, name: str) -> None:
    await page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


async def follow(page: Page, name: str) -> None:
    await page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()


async def test_an_application_is_registered_approved_connected_and_disconnected(town: Town) -> None:
    developer = await town.page_of("许清禾", "330000")
    application = await register(developer, town)
    person, pkce = await town.page_of("沈知行", "310000"), Pkce()

    admin = await town.page_of("陈静", "330000", roles=[Role.PROVINCE_ADMIN])
    await admin.goto(f"{town.url}/applications?review=pending")
    await follow(admin, NAME)
    await expect(admin.get_by_role("main")).to_contain_text("许清禾")
    await admin.get_by_label("所有人都可以使用该应用").check()
    await press(admin, "作出决定")
    await expect(admin.locator("body")).to_contain_text(f"「{NAME}」已批准")
    await developer.goto(f"{town.url}/developer/applications")
    await expect(developer.get_by_role("main")).to_contain_text("已批准")

    await person.goto(application.asking(pkce))
    await expect(person.get_by_role("heading", level=1)).to_have_text(f"允许「{NAME}」代表您？")
    await expect(person.get_by_role("main")).to_contain_text("许清禾（浙江）")
    await expect(person.get_by_role("main")).to_contain_text(PURPOSE)
    token = await application.redeem(await allow(person, application), pkce)
    assert await application.status_of(token) == 200

    await person.goto(f"{town.url}/account/applications")
    await expect(person.get_by_role("main")).to_contain_text(NAME)
    await follow(person, "断开")
    await expect(person.get_by_role("heading", level=1)).to_have_text(f"断开「{NAME}」？")
    await press(person, "断开")
    await expect(person.locator("body")).to_contain_text("已断开该应用")
    await expect(person.get_by_role("main")).to_contain_text("没有连接的应用")
    assert await application.status_of(token) == 401


async def register(developer: Page, town: Town) -> Application:
    """From the empty list to the page that shows the secret once."""
    redirect_uri = f"http://127.0.0.1:{free_port()}/back"
    await developer.goto(f"{town.url}/developer/applications")
    await follow(developer, "登记应用")
    await developer.get_by_label("应用名称").fill(NAME)
    await developer.get_by_label("用途").fill(PURPOSE)
    await developer.get_by_role("radio", name="网站应用").check()
    await developer.get_by_label("回调地址").fill(redirect_uri)
    await developer.get_by_role("checkbox", name="读取本人的姓名和所在省份").check()
    await press(developer, "登记")
    await expect(developer.get_by_role("main")).to_contain_text("请现在保存密钥")
    client_id, secret = await developer.locator("main code").all_text_contents()
    await follow(developer, "已保存，继续")
    await expect(developer.get_by_role("main")).to_contain_text("等待本省管理员审核")
    assert secret not in await developer.content()
    return Application(town.url, client_id, secret, redirect_uri)


async def allow(person: Page, application: Application) -> str:
    """Press the button, and read the code where the browser is sent; an ear of the application's answers it."""
    await person.route(f"{application.redirect_uri}*", lambda route: route.fulfill(body="ok"))
    await press(person, "允许")
    await person.wait_for_url(f"{application.redirect_uri}?*")
    told = parse_qs(urlsplit(person.url).query)
    assert told["state"] == ["of the application"]
    assert told["iss"] == [application.url]
    return told["code"][0]
