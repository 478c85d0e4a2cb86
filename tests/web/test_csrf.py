import re
from uuid import uuid4

import httpx2
import pytest
from fastapi import Request, Response

from app.core.errors import Unauthorized
from app.web import csrf
from app.web.public import Pages, render, see_other
from tests.web.conftest import ORIGIN, Visit
from tests.web.preview import RESEARCHER, SECRET, platform


@pytest.fixture
def router() -> Pages:
    """A page with a form (signing out, in the account menu) that posts to itself."""
    pages = Pages()

    @pages.get("/form")
    async def show(request: Request) -> Response:
        caller = await request.app.state.authenticate(request)
        return render(
            request,
            "home.html",
            caller=caller,
            provinces=[],
            shared={},
            suggestions=[],
            invites_to_join=False,
        )

    @pages.post("/form")
    async def send(request: Request) -> Response:
        return see_other(request, "/form")

    return pages


def _token(page: httpx2.Response) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    return found.group(1)


async def test_a_form_of_ours_is_taken(visit: Visit, router: Pages) -> None:
    async with visit(platform(RESEARCHER, routers=(router,))) as browser:
        token = _token(await browser.get("/form"))
        sent = await browser.post("/form", data={"csrf_token": token}, headers={"origin": ORIGIN})
    assert sent.status_code == 303


async def test_the_token_may_come_as_a_header(visit: Visit, router: Pages) -> None:
    async with visit(platform(RESEARCHER, routers=(router,))) as browser:
        token = _token(await browser.get("/form"))
        sent = await browser.post("/form", headers={"x-csrf-token": token, "sec-fetch-site": "same-origin"})
    assert sent.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": ORIGIN},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1:8000.evil.example"},
        {"origin": "https://127.0.0.1:8000"},
        {"origin": "http://["},
        {"sec-fetch-site": "none", "origin": "https://evil.example"},
    ],
)
async def test_another_origin_is_refused_even_with_the_token(
    visit: Visit, router: Pages, headers: dict[str, str]
) -> None:
    async with visit(platform(RESEARCHER, routers=(router,))) as browser:
        token = _token(await browser.get("/form"))
        sent = await browser.post("/form", data={"csrf_token": token}, headers=headers)
    assert sent.status_code == 403
    assert "页面已过期，请刷新后重试" in sent.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": ORIGIN},
        {"origin": "https://delta.example"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin", "origin": "null"},
        {"sec-fetch-site": "none", "origin": ORIGIN},
    ],
)
async def test_our_own_origin_by_either_name_is_taken(
    visit: Visit, router: Pages, headers: dict[str, str]
) -> None:
    async with visit(platform(RESEARCHER, routers=(router,), base_url="https://delta.example")) as browser:
        browser.cookies.set("__Host-csrf", seed := csrf.new_seed())
        token = csrf.token(SECRET, seed, RESEARCHER.session_id)
        sent = await browser.post("/form", data={"csrf_token": token}, headers=headers)
    assert sent.status_code == 303


@pytest.mark.parametrize("referer", ["http://[", "http://[::1", "//", "https://evil.example/x"])
async def test_a_visitor_who_posts_from_nowhere_is_asked_to_sign_in(visit: Visit, referer: str) -> None:
    pages = Pages()

    @pages.get("/asks")
    @pages.post("/asks")
    async def ask() -> Response:
        raise Unauthorized

    async with visit(platform(routers=(pages,))) as browser:
        browser.cookies.set("csrf", seed := csrf.new_seed())
        form = {"csrf_token": csrf.token(SECRET, seed, None)}
        sent = await browser.post("/asks", data=form, headers={"referer": referer})
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2F")


async def test_no_token_or_no_seed_is_refused(visit: Visit, router: Pages) -> None:
    async with visit(platform(RESEARCHER, routers=(router,))) as browser:
        token = _token(await browser.get("/form"))
        without_token = await browser.post("/form", data={"other": "1"})
        as_json = await browser.post("/form", json={"csrf_token": token})
        as_file = await browser.post("/form", files={"csrf_token": ("t", token.encode())})
        browser.cookies.clear()
        without_seed = await browser.post("/form", data={"csrf_token": token})
    assert [r.status_code for r in (without_token, as_json, as_file, without_seed)] == [403] * 4


def test_a_token_belongs_to_its_browser_and_session() -> None:
    seed, session = csrf.new_seed(), uuid4()
    token = csrf.token(SECRET, seed, session)
    assert csrf.valid(SECRET, seed, session, token)
    assert not csrf.valid(SECRET, seed, None, token)
    assert not csrf.valid(SECRET, seed, uuid4(), token)
    assert not csrf.valid(SECRET, csrf.new_seed(), session, token)
    assert not csrf.valid("another secret", seed, session, token)
    for forged in ("", ".", "x.", ".y", f"{token}x", token.partition(".")[2]):
        assert not csrf.valid(SECRET, seed, session, forged)


def test_every_page_has_another_token() -> None:
    seed = csrf.new_seed()
    assert csrf.token(SECRET, seed, None) != csrf.token(SECRET, seed, None)


async def test_a_page_without_forms_sets_no_seed(visit: Visit) -> None:
    async with visit(platform()) as browser:
        page = await browser.get("/")
    assert "set-cookie" not in page.headers


async def test_the_seed_cookie_is_kept_from_scripts_and_locked_to_the_host_on_tls(
    visit: Visit, router: Pages
) -> None:
    app = platform(RESEARCHER, routers=(router,), environment="production", base_url="https://delta.example")
    async with visit(app) as browser:
        page = await browser.get("/form")
    assert page.headers["set-cookie"].startswith("__Host-csrf=")
    attributes = page.headers["set-cookie"].lower()
    assert "httponly" in attributes
    assert "secure" in attributes
    assert "samesite=lax" in attributes
    assert "path=/" in attributes
    assert "domain" not in attributes
