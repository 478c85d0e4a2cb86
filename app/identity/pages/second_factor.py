"""Showing a second factor: to finish a sign-in, to use an admin's rights, or before a sensitive act."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Request, Response
from pydantic import Field

from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.clock import now
from app.core.errors import Invalid, TooManyRequests
from app.core.i18n import msg
from app.core.schema import Input
from app.identity import cookies
from app.identity.context import settings_of, sign_in_transaction
from app.identity.factors import passkeys, totp
from app.identity.factors.recovery_codes import LONGEST
from app.identity.factors.step import Attempt, Standing, passkey_sign_in, standing_of
from app.identity.local_path import local_path
from app.identity.pages.sign_in import choices_page, device_of, signed_in
from app.identity.recognition import cookie_name
from app.settings import Settings
from app.web.public import SECOND_FACTOR, SIGN_IN, Form, Pages, render, see_other

pages = Pages(prefix=SIGN_IN)
Visitor = Annotated[Principal, requires(Permission.PUBLIC)]


class FactorRefused(Invalid):
    """The same words for a wrong code, a used one and a foreign passkey."""

    code = "identity.second_factor_refused"
    title = msg("验证未通过，请重试；验证码和恢复码只能使用一次")


class FactorForm(Input):
    """One of the three."""

    code: Annotated[str, Field(max_length=20)] | None = None
    recovery_code: Annotated[str, Field(max_length=LONGEST)] | None = None
    answer: Annotated[str, Field(max_length=passkeys.LONGEST_ANSWER)] | None = None


class PasskeyForm(Input):
    """What the browser's passkey says."""

    answer: Annotated[str, Field(max_length=passkeys.LONGEST_ANSWER)]


@pages.get("/second-factor")
async def show(request: Request, caller: Visitor) -> Response:
    """Ask for what the person can show."""
    return await _page(request, caller, Form())


@pages.post("/second-factor")
async def take(request: Request, caller: Visitor) -> Response:
    """Look at what was shown, and go on to the page asked for.

    Raises:
        Unauthorized: the browser is not signed in, not even halfway.
    """
    form = await Form.read(request, FactorForm)
    if not form.valid:
        return await _page(request, caller, form)
    attempt = Attempt(
        lambda: sign_in_transaction(request),
        settings_of(request),
        _token(request),
        device_of(request).address,
    )
    try:
        token = await _shown(attempt, form.value)
    except TooManyRequests as too_many:
        form.blame(too_many)
        response = await _page(request, caller, form)
        response.headers.update(too_many.headers)
        return response
    if token is None:
        form.blame(FactorRefused())
        return await _page(request, caller, form)
    response = see_other(request, _next(request))
    cookies.keep_session(response, settings_of(request), token)
    return response


@pages.post("/passkey")
async def by_passkey(request: Request, _caller: Visitor) -> Response:
    """Sign in with a passkey alone."""
    form = await Form.read(request, PasskeyForm)
    opened = None
    if form.valid:
        async with sign_in_transaction(request) as session:
            opened = await passkey_sign_in(
                session,
                settings_of(request),
                form.value.answer,
                device=device_of(request),
                replaces=_token(request),
            )
    if opened is None:
        refusal = FactorRefused(msg("此设备上的通行密钥未被接受。请重试，或选择省份登录。"))
        return await choices_page(request, _next(request), problem=refusal)
    return signed_in(request, opened, _next(request))


async def _shown(attempt: Attempt, typed: FactorForm) -> str | None:
    if typed.answer:
        return await attempt.passkey(typed.answer)
    if typed.recovery_code:
        return await attempt.recovery_code(typed.recovery_code)
    return await attempt.code(typed.code or "")


async def _page(request: Request, caller: Principal, form: Form[FactorForm]) -> Response:
    standing = await _standing(request)
    query = urlencode({"next": _next(request)})
    if standing is None or (standing.held.awaiting_factor and not standing.authenticators):
        return see_other(request, f"{SIGN_IN}?{query}")
    if not standing.authenticators:
        return see_other(request, f"/account/factors?{query}")
    settings = settings_of(request)
    site = passkeys.site_of(settings)
    options = None
    if site is not None and standing.passkeys:
        bound_to = standing.account.id
        options = passkeys.request_options(
            settings, site, "second_factor", bound_to=bound_to, known=standing.passkeys
        )
    return render(
        request,
        "identity/second_factor.html",
        status_code=form.status,
        caller=caller,
        form=form,
        standing=standing,
        passkey_options=options,
        hint=_hint(settings, standing),
        action=f"{SECOND_FACTOR}?{query}",
    )


def _hint(settings: Settings, standing: Standing) -> str | None:
    """The next code that counts, told in the demonstration alone, where nobody's telephone has the secret."""
    if not settings.demonstration or not standing.apps:
        return None
    app = standing.apps[0]
    secret = totp.opened(settings, app.key)
    return secret and totp.code_of(secret, max(totp.step_of(now()), app.counter + 1))


async def _standing(request: Request) -> Standing | None:
    async with sign_in_transaction(request) as session:
        return await standing_of(session, _token(request))


def _token(request: Request) -> str | None:
    return request.cookies.get(cookie_name(settings_of(request)))


def _next(request: Request) -> str:
    return local_path(request.query_params.get("next"))
