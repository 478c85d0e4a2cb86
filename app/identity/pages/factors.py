"""A person's second factors: what they have, adding an app or a passkey, recovery codes."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from cryptography.fernet import InvalidToken
from fastapi import Request, Response
from pydantic import Field

from app.access.guards import requires
from app.access.permissions import STRONG, Permission
from app.access.principal import Principal
from app.core.crypto import box
from app.core.db import Session
from app.core.errors import Conflict, Invalid, Unauthorized
from app.core.i18n import msg
from app.core.problems import locale_of
from app.core.schema import Input
from app.core.text import Line
from app.identity import cookies, labels
from app.identity.context import settings_of, sign_in_transaction
from app.identity.factors import own, passkeys, recovery_codes, totp
from app.identity.factors.step import Standing, standing_of
from app.identity.local_path import HOME, local_path
from app.identity.pages.sign_in import device_of
from app.identity.recognition import cookie_name
from app.identity.user_agents import device_name
from app.settings import Settings
from app.web.public import Form, Pages, render, see_other

HERE = "/account/factors"
pages = Pages(prefix=HERE)
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]
Name = Annotated[str, Line(50)]
ENROLMENT_SECONDS = 15 * 60
_ENROLMENT = "totp-enrolment"


class SecretExpired(Conflict):
    """The secret was shown too long ago, or to somebody else."""

    code = "identity.enrolment_expired"
    title = msg("此二维码已过期，请重新开始")


class TotpForm(Input):
    """A code of the new app; `secret` is what the page showed, sealed."""

    secret: Annotated[str, Field(max_length=500)]
    code: Annotated[str, Field(max_length=20)]
    name: Name


class PasskeyForm(Input):
    """What the browser made."""

    answer: Annotated[str, Field(max_length=passkeys.LONGEST_ANSWER)]
    name: Name


class NameForm(Input):
    """What an authenticator is called."""

    name: Name


@pages.get("")
async def show(request: Request, caller: Self) -> Response:
    """What I have, and what I can add."""
    async with sign_in_transaction(request, caller) as session:
        standing = await _standing_of(request, session)
    return render(
        request,
        "identity/factors.html",
        caller=caller,
        standing=standing,
        kinds=labels.FACTOR_KINDS,
        codes_made=recovery_codes.COUNT,
        required=bool((caller.roles | caller.withheld) & STRONG),
        passkeys_possible=passkeys.site_of(settings_of(request)) is not None,
        query=_query(request),
    )


@pages.get("/totp")
async def new_totp(request: Request, caller: Self) -> Response:
    """The secret of a new app, as a picture and as text."""
    await _may_change(request, caller)
    return _totp_page(request, caller, Form(), totp.new_secret())


@pages.post("/totp")
async def add_totp(request: Request, caller: Self) -> Response:
    """Take the first code of the new app.

    Raises:
        SecretExpired: the page is too old.
    """
    form = await Form.read(request, TotpForm)
    settings = settings_of(request)
    secret = _opened(settings, caller, form.typed("secret"))
    if form.valid:
        try:
            async with sign_in_transaction(request, caller) as session:
                added = await own.add_totp(
                    session,
                    settings,
                    caller=caller,
                    standing=await _standing_of(request, session),
                    secret=secret,
                    code=form.value.code,
                    name=form.value.name,
                )
            return _added(request, caller, added)
        except (Invalid, own.TooManyFactors) as problem:
            form.blame(problem)
    return _totp_page(request, caller, form, secret)


@pages.get("/passkey")
async def new_passkey(request: Request, caller: Self) -> Response:
    """Ask the browser for a passkey."""
    await _may_change(request, caller)
    return await _passkey_page(request, caller, Form())


@pages.post("/passkey")
async def add_passkey(request: Request, caller: Self) -> Response:
    """Take the passkey the browser has made."""
    form = await Form.read(request, PasskeyForm)
    if form.valid:
        try:
            async with sign_in_transaction(request, caller) as session:
                added = await own.add_passkey(
                    session,
                    settings_of(request),
                    caller=caller,
                    standing=await _standing_of(request, session),
                    answer=form.value.answer,
                    name=form.value.name,
                )
            return _added(request, caller, added)
        except (Invalid, own.TooManyFactors, own.PasskeyTaken) as problem:
            form.blame(problem)
    return await _passkey_page(request, caller, form)


@pages.get("/recovery-codes")
async def ask_codes(request: Request, caller: Self) -> Response:
    """Ask whether the old codes shall die."""
    await _may_change(request, caller)
    return render(request, "identity/factor_codes_new.html", caller=caller)


@pages.post("/recovery-codes")
async def new_codes(request: Request, caller: Self) -> Response:
    """Show ten new codes, once."""
    async with sign_in_transaction(request, caller) as session:
        codes = await own.new_recovery_codes(session, caller=caller)
    return _codes_page(request, caller, codes)


@pages.get("/{authenticator_id}")
async def one(request: Request, caller: Self, authenticator_id: UUID) -> Response:
    """Rename or remove one."""
    async with sign_in_transaction(request, caller) as session:
        found = await own.own_authenticator(session, caller=caller, authenticator_id=authenticator_id)
    form: Form[NameForm] = Form.filled({"name": found.name})
    return _one_page(request, caller, authenticator_id, found.name, form)


@pages.post("/{authenticator_id}/name")
async def rename(request: Request, caller: Self, authenticator_id: UUID) -> Response:
    """Call it something else."""
    form = await Form.read(request, NameForm)
    async with sign_in_transaction(request, caller) as session:
        found = await own.own_authenticator(session, caller=caller, authenticator_id=authenticator_id)
        if form.valid:
            name = form.value.name
            await own.rename(session, caller=caller, authenticator_id=authenticator_id, name=name)
    if not form.valid:
        return _one_page(request, caller, authenticator_id, found.name, form)
    return see_other(request, HERE, notice=msg("已重命名"))


@pages.post("/{authenticator_id}/remove")
async def remove(request: Request, caller: Self, authenticator_id: UUID) -> Response:
    """Remove it."""
    async with sign_in_transaction(request, caller) as session:
        await own.remove(session, caller=caller, authenticator_id=authenticator_id)
    return see_other(request, HERE, notice=msg("验证方式已删除"))


async def _standing_of(request: Request, session: Session) -> Standing:
    """The browser's session; an access token has none."""
    standing = await standing_of(session, request.cookies.get(cookie_name(settings_of(request))))
    if standing is None:
        raise Unauthorized
    return standing


async def _may_change(request: Request, caller: Principal) -> None:
    async with sign_in_transaction(request, caller) as session:
        await own.may_change(session, caller=caller)


def _added(request: Request, caller: Principal, added: own.Added) -> Response:
    if added.recovery_codes:
        response = _codes_page(request, caller, added.recovery_codes)
    else:
        target = _next(request)
        response = see_other(request, HERE if target == HOME else target, notice=msg("验证方式已添加"))
    cookies.keep_session(response, settings_of(request), added.token)
    return response


def _codes_page(request: Request, caller: Principal, codes: tuple[str, ...]) -> Response:
    target = _next(request)
    return render(
        request,
        "identity/factor_codes.html",
        caller=caller,
        codes=codes,
        file="\r\n".join(codes),
        target=HERE if target == HOME else target,
    )


def _totp_page(request: Request, caller: Principal, form: Form[TotpForm], secret: str) -> Response:
    settings = settings_of(request)
    return render(
        request,
        "identity/factor_totp.html",
        status_code=form.status,
        caller=caller,
        form=form,
        picture=totp.qr_code(secret, caller.name),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        sealed=box(settings.secret, _ENROLMENT).encrypt(f"{caller.id} {secret}".encode()).decode(),
        action=f"{HERE}/totp{_query(request)}",
    )


def _opened(settings: Settings, caller: Principal, sealed: str) -> str:
    try:
        kept = box(settings.secret, _ENROLMENT).decrypt(sealed.encode(), ttl=ENROLMENT_SECONDS).decode()
    except InvalidToken as error:
        raise SecretExpired from error
    owner, _, secret = kept.partition(" ")
    if owner != str(caller.id):
        raise SecretExpired
    return secret


async def _passkey_page(request: Request, caller: Principal, form: Form[PasskeyForm]) -> Response:
    settings = settings_of(request)
    async with sign_in_transaction(request, caller) as session:
        standing = await _standing_of(request, session)
    site = passkeys.site_of(settings)
    options = None
    if site is not None:
        account = standing.account
        options = passkeys.creation_options(
            settings, site, account_id=account.id, name=account.display_name, known=standing.passkeys
        )
    return render(
        request,
        "identity/factor_passkey.html",
        status_code=form.status,
        caller=caller,
        form=form,
        options=options,
        name=device_name(device_of(request).user_agent).text(locale_of(request))[:50],
        action=f"{HERE}/passkey{_query(request)}",
    )


def _one_page(
    request: Request, caller: Principal, authenticator_id: UUID, name: str, form: Form[NameForm]
) -> Response:
    return render(
        request,
        "identity/factor.html",
        status_code=form.status,
        caller=caller,
        form=form,
        name=name,
        url=f"{HERE}/{authenticator_id}",
    )


def _next(request: Request) -> str:
    return local_path(request.query_params.get("next"))


def _query(request: Request) -> str:
    target = _next(request)
    return "" if target == HOME else f"?{urlencode({'next': target})}"
