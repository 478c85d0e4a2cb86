"""What only a browser can tell of the frame and the components."""

from itertools import pairwise

import pytest
from fastapi import Response
from fastapi.responses import HTMLResponse
from playwright.async_api import expect

from app.web.public import Pages
from tests.browser.conftest import OpenPage, Serve
from tests.web.preview import MONDAY, RESEARCHER, platform

pytestmark = pytest.mark.browser
UNLABELLED = """
() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href]")].filter((element) => {
  const named = element.labels?.length || element.textContent.trim() || element.getAttribute("aria-label")
    || element.querySelector("[aria-label], img[alt]:not([alt=''])");
  return !named;
}).map((element) => element.outerHTML)
"""
SMALL_TARGETS = """
() => [...document.querySelectorAll("button, .button, input:not([type=hidden]), select, summary")].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.width && Math.min(box.width, box.height) < 22;
}).map((element) => element.outerHTML)
"""


@pytest.mark.parametrize("path", ["/", "/styleguide"])
async def test_a_phone_never_scrolls_sideways(serve: Serve, open_page: OpenPage, path: str) -> None:
    page = await open_page(width=375, height=812)
    await page.goto(await serve(platform(RESEARCHER)) + path)
    assert await page.evaluate("document.documentElement.scrollWidth") == 375
    assert await page.evaluate(SMALL_TARGETS) == []


@pytest.mark.parametrize("path", ["/", "/styleguide"])
async def test_every_control_has_a_name_and_the_headings_descend(
    serve: Serve, open_page: OpenPage, path: str
) -> None:
    page = await open_page()
    await page.goto(await serve(platform(RESEARCHER)) + path, wait_until="networkidle")
    assert await page.evaluate(UNLABELLED) == []
    levels = await page.evaluate(
        "[...document.querySelectorAll(':is(h1,h2,h3,h4):not(.ec *)')].map(h => Number(h.tagName[1]))"
    )
    assert levels.count(1) == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))


async def test_the_first_tab_skips_to_the_content(serve: Serve, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(await serve(platform()))
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip-link")).to_be_focused()
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"


async def test_the_account_menu_opens_without_script_and_closes_with_escape(
    serve: Serve, open_page: OpenPage
) -> None:
    url = await serve(platform(RESEARCHER))
    page = await open_page(java_script_enabled=False)
    await page.goto(url)
    await page.locator("details.account summary").click()
    await expect(page.locator(".account").get_by_role("link", name="我的预约")).to_be_visible()
    page = await open_page()
    await page.goto(url)
    await page.locator("details.account summary").click()
    await page.keyboard.press("Escape")
    await expect(page.locator(".account").get_by_role("link", name="我的预约")).to_be_hidden()
    await expect(page.locator("details.account summary")).to_be_focused()


async def test_a_refused_form_starts_at_its_summary_which_leads_to_the_field(
    serve: Serve, open_page: OpenPage
) -> None:
    page = await open_page()
    await page.goto(await serve(platform()) + "/styleguide")
    await expect(page.locator("[data-error-summary]")).to_be_focused()
    await page.get_by_role("link", name="名称：必填").click()
    await expect(page.locator("#f-title")).to_be_focused()


async def test_a_dialog_opens_over_the_page_and_closes(serve: Serve, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(await serve(platform()) + "/styleguide")
    await page.get_by_role("link", name="取消预约").first.click()
    dialog = page.get_by_role("dialog", name="取消这次预约？")
    await expect(dialog).to_be_visible()
    await page.get_by_role("button", name="关闭").click()
    await expect(dialog).to_be_hidden()


async def test_the_clock_can_be_kept_in_chinese_and_english(serve: Serve, open_page: OpenPage) -> None:
    url = await serve(platform())
    page = await open_page()
    await page.goto(f"{url}/styleguide?lang=en", wait_until="networkidle")
    await expect(page.locator(".ec-col-head").first).to_have_text(f"Mon {MONDAY.day}/{MONDAY.month}")
    await page.goto(f"{url}/styleguide?lang=zh", wait_until="networkidle")
    await expect(page.locator(".ec-col-head").first).to_have_text(f"周一 {MONDAY.month}/{MONDAY.day}")


def _posts() -> Pages:
    pages = Pages()

    @pages.post("/pressed")
    async def pressed() -> Response:
        return HTMLResponse("<p id=answer>taken</p>")

    return pages


async def test_what_htmx_sends_without_a_form_carries_the_token(serve: Serve, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(await serve(platform(RESEARCHER, routers=(_posts(),))), wait_until="networkidle")
    await page.evaluate(
        """() => {
            const button = document.createElement("button");
            button.id = "press";
            button.setAttribute("hx-post", "/pressed");
            button.setAttribute("hx-target", "#main");
            button.textContent = "press";
            document.querySelector("main").prepend(button);
            htmx.process(button);
        }"""
    )
    await page.locator("#press").click()
    await expect(page.locator("#answer")).to_have_text("taken")
