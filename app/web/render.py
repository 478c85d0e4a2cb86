"""From a template to a response: the whole page, or only its fragment when htmx asks."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import HTMLResponse

from app.access.principal import Principal
from app.core.i18n import LOCALES, Message
from app.core.problems import LANGUAGE
from app.web import csrf, flash
from app.web.cookies import cookie_of, keep_cookie
from app.web.environment import environment
from app.web.page import Page, current, page_of
from app.web.security import CSP, cache_control, content_security_policy

YEAR_SECONDS = 365 * 24 * 3600
_OF_ADDRESSES = "!#$%&'()*+,/:;=?@[]~"
"""Characters that mean something in an address (RFC 3986 §2.2), or are encoded already."""


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page it already shows; going back in the history asks for the whole."""
    sent = request.headers
    whole = sent.get("hx-request-type") == "full" or "true" in {
        sent.get("hx-boosted"),
        sent.get("hx-history-restore-request"),
    }
    return sent.get("hx-request") == "true" and not whole


def render(
    request: Request,
    template: str,
    *,
    status_code: int = 200,
    fragment: str | None = None,
    form_action: Iterable[str] = (),
    caller: Principal | None = None,
    **context: Any,
) -> Response:
    """The page `template` with `context`, in the reader's language.

    `fragment` is the template sent instead when htmx asks for a part; `form_action` names other origins at which a form
    of this page may end; `caller` defaults to whom a guard has recognised.
    """
    page = page_of(request)
    page.caller = caller or page.caller
    partial = fragment is not None and wants_fragment(request)
    said = None if partial else flash.take(request)
    name = fragment if partial and fragment else template
    response = HTMLResponse(_text(page, name, {"caller": page.caller, "flash": said, **context}), status_code)
    response.headers["content-language"] = "zh-CN" if page.locale == "zh" else "en"
    response.headers["cache-control"] = cache_control(page.caller)
    response.headers["vary"] = "HX-Request"
    if targets := tuple(form_action):
        response.headers[CSP] = content_security_policy(form_action=targets, https=page.settings.https)
    _set_cookies(response, page, said=said is not None)
    return response


def _text(page: Page, template: str, context: dict[str, Any]) -> str:
    reading = current.set(page)
    try:
        return environment().get_template(template).render(context)
    finally:
        current.reset(reading)


def _set_cookies(response: Response, page: Page, *, said: bool) -> None:
    settings = page.settings
    if page.csrf_seed:
        csrf.keep_seed(response, settings, page.csrf_seed)
    if said:
        flash.clear(response, settings)
    chosen = page.request.query_params.get("lang")
    if chosen in LOCALES and chosen != cookie_of(page.request, LANGUAGE):
        keep_cookie(response, settings, LANGUAGE, chosen, seconds=YEAR_SECONDS)


def see_other(
    request: Request, url: str, *, notice: Message | None = None, tone: flash.Tone = "success"
) -> Response:
    """After a form was carried out: go to `url`, where the next page says `notice`. Nobody keeps the way there."""
    status, name = (200, "HX-Redirect") if wants_fragment(request) else (303, "Location")
    # A header holds ASCII only, and an address may be a person's words.
    headers = {name: quote(url, safe=_OF_ADDRESSES), "Cache-Control": "no-store"}
    response = Response(status_code=status, headers=headers)
    if notice is not None:
        flash.leave(response, request.app.state.settings, notice, tone)
    return response
