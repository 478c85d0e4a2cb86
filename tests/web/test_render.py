import re
from urllib.parse import quote

import pytest
from fastapi import Request, Response

from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, TooManyRequests, Unauthorized
from app.core.i18n import msg
from app.web.public import Pages, render, see_other
from tests.web.conftest import Visit
from tests.web.preview import RESEARCHER, platform

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _visible(page: str) -> str:
    body = page[page.index("<body") :]
    return re.sub(r"<[^>]+>|\s+", " ", body)


async def test_the_language_is_asked_for_remembered_and_else_the_browsers(visit: Visit) -> None:
    async with visit(platform()) as browser:
        first = await browser.get("/")
        english = await browser.get("/?lang=en")
        kept = await browser.get("/")
        chinese = await browser.get("/?lang=zh")
        browser.cookies.clear()
        accepted = await browser.get("/", headers={"accept-language": "fr;q=0.9, en-US;q=0.8, zh;q=0.1"})
        unknown = await browser.get("/?lang=fr")
    assert '<html lang="zh-CN">' in first.text
    assert "lang=en" in english.headers["set-cookie"]
    assert '<html lang="en">' in english.text
    assert '<html lang="en">' in kept.text
    assert kept.headers["content-language"] == "en"
    assert '<html lang="zh-CN">' in chinese.text
    assert '<html lang="en">' in accepted.text
    assert '<html lang="zh-CN">' in unknown.text
    assert "set-cookie" not in unknown.headers


async def test_the_language_switch_keeps_the_page(visit: Visit) -> None:
    async with visit(platform()) as browser:
        page = (await browser.get("/?q=%E7%94%B5%E9%95%9C&lang=zh")).text
    assert 'href="/?q=%E7%94%B5%E9%95%9C&amp;lang=en"' in page


async def test_the_english_home_page_has_no_chinese_left(visit: Visit) -> None:
    async with visit(platform()) as browser:
        page = (await browser.get("/?lang=en")).text
    shown = _visible(page.replace("中文", ""))
    for glyph in "沪苏浙皖":
        shown = shown.replace(glyph, "")
    assert CHINESE.findall(shown.replace("仪器预约", "")) == []
    assert "<dt>instruments open to you</dt><dd>212</dd>" in page
    assert "1 organisation<" in page


async def test_home_shows_the_counts_it_is_given(visit: Visit) -> None:
    async with visit(platform()) as browser:
        page = (await browser.get("/")).text
    assert "<dt>台（套）仪器现在向您开放</dt><dd>212</dd>" in page
    assert "<dt>家单位拿出仪器共享</dt><dd>25</dd>" in page
    assert '<form class="hero__search" action="/instruments" method="get" role="search">' in page
    assert page.count('<a class="province-card__link" href="/instruments?province=') == 4
    assert "61 台仪器" in page


async def test_the_menu_offers_what_the_caller_may_do(visit: Visit) -> None:
    async with visit(platform()) as browser:
        visitor = (await browser.get("/")).text
    async with visit(platform(RESEARCHER)) as browser:
        admin = (await browser.get("/")).text
    assert "/manage/imports" not in visitor
    assert 'href="/sign-in?next=/' in visitor
    assert "/manage/imports" in admin
    assert "退出登录" in admin
    assert "林知远" in admin


async def test_pages_of_a_person_are_not_stored(visit: Visit) -> None:
    async with visit(platform(RESEARCHER)) as browser:
        assert (await browser.get("/")).headers["cache-control"] == "no-store"
    async with visit(platform()) as browser:
        assert (await browser.get("/")).headers["cache-control"] == "no-cache"


def _pages() -> Pages:
    pages = Pages()

    @pages.get("/problem/{kind}")
    async def problem(kind: str) -> Response:
        field = FieldError("during.start", "not_after_now", msg("开始时间须晚于现在"))
        raise {
            "401": Unauthorized(),
            "403": Forbidden(msg("此操作仅限{roles}", roles="<b>")),
            "404": NotFound(),
            "409": Conflict(),
            "422": Invalid(errors=[field]),
            "429": TooManyRequests(headers={"Retry-After": "7"}),
        }[kind]

    @pages.get("/part")
    async def part(request: Request) -> Response:
        return render(request, "error.html", fragment="_footer.html", problem=NotFound(), request_id=None)

    @pages.get("/done")
    async def done(request: Request) -> Response:
        return see_other(request, "/", notice=msg("已有 {count} 条", count="<3>"), tone="success")

    return pages


async def test_problems_are_pages(visit: Visit) -> None:
    async with visit(platform(routers=(_pages(),))) as browser:
        for status, sentence in {
            403: "无权进行此操作",
            404: "没有找到",
            409: "与现有数据冲突",
            422: "开始时间须晚于现在",
            429: "请求过于频繁",
        }.items():
            page = await browser.get(f"/problem/{status}")
            assert page.status_code == status
            assert sentence in page.text
        forbidden = await browser.get("/problem/403")
        assert "&lt;b&gt;" in forbidden.text
        assert (await browser.get("/problem/429")).headers["retry-after"] == "7"


async def test_an_unknown_caller_is_sent_to_sign_in_and_back(visit: Visit) -> None:
    async with visit(platform(routers=(_pages(),))) as browser:
        page = await browser.get("/problem/401?q=电镜")
    assert page.status_code == 303
    assert page.headers["location"] == f"/sign-in?next={quote('/problem/401?q=%E7%94%B5%E9%95%9C', safe='')}"


async def test_a_notice_is_said_once_on_the_next_page(visit: Visit) -> None:
    async with visit(platform(routers=(_pages(),))) as browser:
        sent = await browser.get("/done")
        first = await browser.get("/")
        second = await browser.get("/")
        browser.cookies.set("flash", "W10.forged")
        forged = await browser.get("/")
    assert sent.status_code == 303
    assert "已有 &lt;3&gt; 条" in first.text
    assert "已有 &lt;3&gt; 条" not in second.text
    assert forged.status_code == 200


async def test_htmx_gets_the_part_and_is_told_where_to_go(visit: Visit) -> None:
    async with visit(platform(routers=(_pages(),))) as browser:
        whole = await browser.get("/part")
        part = await browser.get("/part", headers={"hx-request": "true"})
        whole_again = [
            await browser.get("/part", headers={"hx-request": "true", name: value})
            for name, value in (
                ("hx-boosted", "true"),
                ("hx-request-type", "full"),
                ("hx-history-restore-request", "true"),
            )
        ]
        done = await browser.get("/done", headers={"hx-request": "true"})
    assert "<!doctype html>" in whole.text
    assert part.text.startswith('<footer class="site-footer">')
    assert "HX-Request" in part.headers["vary"]
    assert {page.text for page in whole_again} == {whole.text}
    assert (done.status_code, done.headers["hx-redirect"]) == (200, "/")


@pytest.mark.parametrize("headers", [{}, {"hx-request": "true"}])
async def test_any_words_may_stand_in_the_address_one_is_sent_to(
    visit: Visit, headers: dict[str, str]
) -> None:
    pages = Pages()

    @pages.get("/away")
    async def away(request: Request) -> Response:
        return see_other(request, "/仪器?q=电镜&r=%E7%94%B5#a\r\nSet-Cookie: a=b\0")

    async with visit(platform(routers=(pages,))) as browser:
        sent = await browser.get("/away", headers=headers)
    target = sent.headers["hx-redirect" if headers else "location"]
    assert target == "/%E4%BB%AA%E5%99%A8?q=%E7%94%B5%E9%95%9C&r=%E7%94%B5#a%0D%0ASet-Cookie:%20a=b%00"
    assert sent.headers["cache-control"] == "no-store"
    assert "set-cookie" not in sent.headers


async def test_the_style_guide_shows_every_component_and_only_in_development(visit: Visit) -> None:
    async with visit(platform()) as browser:
        chinese = await browser.get("/styleguide")
        english = await browser.get("/styleguide?lang=en")
    assert '<a href="#f-title">名称: Required</a>' in english.text
    async with visit(platform(environment="production", base_url="https://delta.example")) as browser:
        hidden = await browser.get("/styleguide")
    assert chinese.status_code == english.status_code == 200
    assert hidden.status_code == 404
    assert '<a href="#f-title">名称：必填</a>' in chinese.text
    assert 'aria-invalid="true" aria-describedby="f-title-hint f-title-error"' in chinese.text
    assert 'value="2026-11-20T09:00"' in chinese.text
