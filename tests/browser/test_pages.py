"""Every page as people see it: in both languages, on a phone, with one heading, a name, and nothing wider than the screen."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from app.demo.accounts import PASSWORD, totp_secret
from app.settings import Settings
from tests.browser.conftest import OpenPage
from tests.support.factors import code
from tests.support.processes import servers

pytestmark = pytest.mark.browser
PHONE = 375
FIRST_LINKS = {
    "{instrument}": "/instruments?province=",
    "{organisation}": "/organisations?province=",
    "{family}": "/instruments/families?province=",
}
LISTED = {
    "{booking}": "/bookings",
    "{person}": "/people",
    "{application}": "/organisation-applications",
    "{own}": "/organisations/apply",
    "{registered}": "/applications",
    "{developed}": "/developer/applications",
}
"""What is found in a list that only some may read."""
QUALIFICATIONS = {
    "{taught}": ("/qualifications?side=types", "/qualifications/types"),
    "{asked}": ("/qualifications?side=requests", "/qualifications/requests"),
    "{held}": ("/qualifications?side=issued&state=suspended", "/qualifications"),
}
"""What is found in a list, and how its address begins."""
PEOPLE = {
    "": (
        "330000",
        [
            "/join/nothing-of-the-kind",
            "/",
            "/sign-in",
            "/instruments",
            "/instruments?q=zzzz",
            "/instruments/families",
            "{family}",
            "{instrument}",
            "/organisations",
            "/docs",
            "/help/roles",
            "/register",
            "/register/sent",
            "/recover",
            "/recover/sent",
        ],
    ),
    "zj.admin": (
        "330000",
        [
            "{instrument}",
            *(
                f"{{instrument}}/{part}"
                for part in ("edit", "hours", "units", "stewards", "files", "label", "retire")
            ),
            "/instruments/new",
            "/instruments/mine",
            "/instruments/families/new",
            "{family}/edit",
            "{family}/remove",
            "/instruments/imports",
            "{organisation}",
            "{organisation}/edit",
            "{organisation}/status",
            "/organisations/new",
            "/organisation-applications",
            "/applications",
            "/applications?review=pending",
            "/applications/new",
            "{registered}",
            "{registered}/status",
            "{application}",
            "{organisation}/members",
            "{organisation}/invitations/new",
            "/people",
            "/appointments",
            "/account/delegations",
            "{person}",
            "{person}/do/propose-admin",
            "/bookings?side=received",
            "/identity-providers",
            "/identity-providers/new",
            "/qualifications?side=requests",
            "/qualifications?side=issued",
            "/qualifications?side=types",
            "/qualifications/types/new",
            "{taught}",
            "{taught}/edit",
            "{taught}/grant",
            "{asked}",
            "{held}",
            "{held}/revoke",
        ],
    ),
    "sh.researcher": (
        "310000",
        [
            "/account",
            "/device",
            "/account/factors",
            "/account/factors/totp",
            "/account/factors/passkey",
            "/account/sessions",
            "/account/applications",
            "/account/applications/end",
            "/developer",
            "/developer/applications",
            "/developer/applications/new",
            "/account/security",
            "/account/data",
            "/account/data/close",
            "/bookings",
            "{booking}",
            "{booking}/move",
            "{instrument}/book",
            "/qualifications",
        ],
    ),
    "zj.newcomer": (
        "330000",
        [
            "/account",
            "/organisations/apply",
            "/organisations/apply/new",
            "/developer/applications",
            "{developed}",
            "{developed}/close",
            "{own}",
            "{own}/withdraw",
            "{organisation}/join",
        ],
    ),
    "sh.auditor": ("310000", ["/audit", "/audit/integrity"]),
}
"""Who looks at which pages, and the province whose first instrument and organisation they open."""
FAULTS = """
() => {
  const found = [];
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 0) found.push(`${wide}px wider than the screen`);
  const headings = document.querySelectorAll("h1");
  if (headings.length !== 1) found.push(`${headings.length} h1`);
  if (!headings[0]?.textContent.trim()) found.push("empty h1");
  if (document.title.split(" · ").length < 2 && location.pathname !== "/") found.push(`title ${document.title}`);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`id ${id} repeated`);
  const cut = (range) => range.getClientRects().length > 1;
  for (const label of document.querySelectorAll("dt, th, .field__label, .button span, .site-nav a")) {
    if (!label.checkVisibility() || !label.firstChild) continue;
    const walker = document.createTreeWalker(label, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      for (const word of walker.currentNode.data.matchAll(/[A-Za-z]+/g)) {
        const range = document.createRange();
        range.setStart(walker.currentNode, word.index);
        range.setEnd(walker.currentNode, word.index + word[0].length);
        if (cut(range)) found.push(`${word[0]} is broken`);
      }
    }
  }
  return found;
}
"""
"""What is wrong with the page shown."""


@pytest.fixture
async def url(demo_settings: Settings, tmp_path: Path) -> AsyncIterator[str]:
    """A platform of its own process, with the demonstration data; a page that names its folder has a long word to break."""
    deep = tmp_path / "a-folder-whose-name-is-wider-than-a-phone"
    deep.symlink_to(demo_settings.data_dir.absolute())
    with servers(demo_settings.model_copy(update={"data_dir": deep})) as (served,):
        yield served.url


async def sign_in(page: Page, url: str, login: str, province: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.locator(f'a[href^="/sign-in/{province}/"]').click()
    await page.locator("input[name=login_name]").fill(login)
    await page.locator("input[type=password]").fill(PASSWORD)
    await page.locator("main button[type=submit]").click()
    if login.endswith((".admin", ".auditor")):
        await page.locator("input[name=code]").fill(code(totp_secret(login)))
        await page.locator("form:has(input[name=code]) button").click()
    await page.wait_for_url(f"{url}/")


async def first_link(page: Page, listed_at: str, prefix: str) -> str:
    """The path of the first thing a list shows."""
    await page.goto(listed_at)
    href = await page.locator(f'main a[href^="{prefix}/0"]').first.get_attribute("href")
    assert href
    return href


async def addresses(page: Page, url: str, province: str, wanted: list[str]) -> list[str]:
    """The pages to look at, with the things they are about."""
    known: dict[str, str] = {}
    for name, path in FIRST_LINKS.items():
        known[name] = await first_link(page, f"{url}{path}{province}", path.partition("?")[0])
    for name, path in LISTED.items():
        if any(name in one for one in wanted):
            known[name] = await first_link(page, url + path, path)
    for name, (listed_at, prefix) in QUALIFICATIONS.items():
        if any(name in one for one in wanted):
            known[name] = await first_link(page, url + listed_at, prefix)
    return [
        known.get(path.partition("/")[0], "") + path.removeprefix(path.partition("/")[0]) for path in wanted
    ]


@pytest.mark.parametrize("login", PEOPLE)
async def test_every_page_fits_a_phone_and_says_what_it_is(url: str, open_page: OpenPage, login: str) -> None:
    province, wanted = PEOPLE[login]
    page = await open_page(width=PHONE, height=812)
    if login:
        await sign_in(page, url, login, province)
    paths = await addresses(page, url, province, wanted)
    found: dict[str, Any] = {}
    for locale, tag in (("zh", "zh-CN"), ("en", "en")):
        await page.goto(f"{url}/?lang={locale}")
        for path in paths:
            answer = await page.goto(url + path, wait_until="load")
            assert answer
            assert answer.ok, path
            await expect(page.locator("html")).to_have_attribute("lang", tag)
            if faults := await page.evaluate(FAULTS):
                found[f"{locale} {path}"] = faults
    assert found == {}
